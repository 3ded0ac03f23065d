"""Requests a minute for one key: let through up to the limit, then 429 with Retry-After; bursts cannot slip past."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.test import Client

from accounts import rate_limit
from accounts.roles import Scope
from tests.api.test_errors import HOT, SLOW, refusal
from tests.conftest import Cast
from tests.factories import make_api_key

pytestmark = pytest.mark.urls("tests.api.sample_urls")


@pytest.fixture(autouse=True)
def low_limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PARE_RATE_PER_MINUTE = 3
    settings.PARE_HOT_RATE_PER_MINUTE = 3
    # All in one minute, however slow the machine.
    monkeypatch.setattr(rate_limit, "clock", lambda: 1_800_000_030.0)


def ask(url: str, key: str) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return Client().post(url, b'{"task": "a"}', content_type="application/json", headers=headers)


@pytest.mark.parametrize("url", [HOT, SLOW])
def test_over_the_limit_it_says_when_to_come_back(cast: Cast, url: str) -> None:
    _, key = make_api_key(cast.acme)
    assert [ask(url, key).status_code for _ in range(3)] == [200, 200, 200]
    refused = ask(url, key)
    refusal(refused, 429, "rate_limited")
    assert refused["Retry-After"] == "31"


def test_the_next_minute_begins_anew(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = make_api_key(cast.acme)
    assert [ask(HOT, key).status_code for _ in range(4)][-1] == 429
    monkeypatch.setattr(rate_limit, "clock", lambda: 1_800_000_061.0)
    assert ask(HOT, key).status_code == 200


def test_each_key_has_its_own_limit_and_the_hot_routes_theirs(cast: Cast) -> None:
    _, first = make_api_key(cast.acme)
    _, second = make_api_key(cast.acme)
    assert [ask(HOT, first).status_code for _ in range(4)][-1] == 429
    assert ask(SLOW, first).status_code == 200
    assert ask(HOT, second).status_code == 200


def test_a_session_is_limited_too(cast: Cast) -> None:
    client = cast.client(cast.mei)
    answers = [client.post(HOT, b'{"task": "a"}', content_type="application/json").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_a_refused_request_does_no_work(cast: Cast, django_assert_num_queries: Any) -> None:
    _, key = make_api_key(cast.acme, scopes=[Scope.CONTEXT_READ])
    for _ in range(3):
        ask(HOT, key)
    with django_assert_num_queries(0):
        assert ask(HOT, key).status_code == 429


def test_a_burst_from_many_threads_gets_the_limit_and_no_more() -> None:
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: rate_limit.seconds_to_wait("burst", 20), range(64)))
    assert waits.count(0) == 20


def test_counters_go_away_by_themselves() -> None:
    rate_limit.seconds_to_wait("short-lived", 20)
    name = "pare:rate:short-lived:30000000"
    assert 0 < rate_limit.counters().ttl(name) <= 120


def test_without_redis_requests_go_through(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    monkeypatch.setattr(rate_limit, "counters", lambda: nowhere)
    assert rate_limit.seconds_to_wait("any", 0) == 0
