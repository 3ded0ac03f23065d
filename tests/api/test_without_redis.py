"""Redis is gone: agents still get slices and their usage is still taken; only limits and swift rollups are lost."""

from typing import Any

import pytest
import redis
from django.test import Client

from accounts import api_keys, rate_limit
from tests.access_world import World
from tests.conftest import Cast
from tests.factories import make_api_key
from tests.usage.builders import body_of, make_event
from usage.models import DirtyDay, UsageEvent

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def no_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    monkeypatch.setattr(rate_limit, "counters", lambda: redis.Redis.from_url(NOWHERE, socket_connect_timeout=0.2))
    api_keys.known.clear()


def post(path: str, body: bytes, key: str) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return Client().post(path, body, content_type="application/json", headers=headers)


def test_a_slice_is_served(cast: Cast, tmp_path: Any, settings: Any, request: pytest.FixtureRequest) -> None:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True
    repository = World(cast, tmp_path).thing("repository", cast.acme)
    _, key = make_api_key(cast.acme)
    request.getfixturevalue("no_redis")
    answer = post(f"/api/v1/repositories/{repository}/slices", b'{"task": "total", "budget": 500}', key)
    assert answer.status_code == 200, answer.content
    assert "def total" in answer.json()["text"]


def test_usage_is_taken_and_waits_for_its_rollup(cast: Cast, no_redis: None) -> None:
    _, key = make_api_key(cast.acme)
    answer = post("/api/v1/usage/events", body_of([make_event()]), key)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    assert UsageEvent.objects.for_team(cast.acme).count() == 1
    assert DirtyDay.objects.for_team(cast.acme).exists()


def test_what_is_read_is_answered(cast: Cast, no_redis: None) -> None:
    _, key = make_api_key(cast.acme)
    for path in ("/api/v1/team", "/api/v1/repositories", "/api/v1/spend"):
        assert Client().get(path, headers={"Authorization": f"Bearer {key}"}).status_code == 200


@pytest.mark.parametrize("page", ["", "spend/", "team/", "repositories/", "billing/", "billing/seat/"])
def test_pages_open_for_who_is_logged_in(cast: Cast, page: str, request: pytest.FixtureRequest) -> None:
    client = cast.client(cast.olga)
    request.getfixturevalue("no_redis")
    assert client.get(f"/t/acme/{page}").status_code == 200


def test_home_leads_to_the_first_team(cast: Cast, request: pytest.FixtureRequest) -> None:
    client = cast.client(cast.olga)
    request.getfixturevalue("no_redis")
    assert client.get("/home").headers["Location"] == "/t/acme/"
