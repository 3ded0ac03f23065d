"""`POST /api/v1/usage/events`: it works, then every refusal, then hostile bytes."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Scope
from repos.models import Repository
from tests.conftest import Cast
from tests.factories import make_api_key
from tests.usage.builders import body_of, make_event
from usage.models import DirtyDay, UsageEvent
from usage.sources.events import MAX_BODY_BYTES

URL = "/api/v1/usage/events"


def post(key: str, body: bytes, **headers: str) -> Any:
    return Client().post(
        URL, body, content_type="application/json", headers={"Authorization": f"Bearer {key}", **headers}
    )


@pytest.fixture
def key(cast: Cast) -> str:
    return make_api_key(cast.acme, member=cast.mei)[1]


@pytest.fixture
def service_key(cast: Cast) -> str:
    return make_api_key(cast.acme)[1]


def test_it_takes_events(cast: Cast, key: str) -> None:
    answer = post(key, body_of([make_event(), make_event()]))
    assert answer.status_code == 200
    assert answer.json() == {"accepted": 2, "updated": 0, "duplicates": 0, "errors": []}
    event = UsageEvent.objects.for_team(cast.acme).first()
    assert event is not None
    assert (event.member_id, event.source, event.agent) == (cast.mei.pk, "events", "claude-code")
    assert DirtyDay.objects.for_team(cast.acme).exists()


def test_it_takes_them_once(key: str) -> None:
    body = body_of([make_event(), make_event()])
    post(key, body)
    assert post(key, body).json() == {"accepted": 0, "updated": 0, "duplicates": 2, "errors": []}
    assert UsageEvent.objects.count() == 2


def test_bad_events_are_named_and_the_others_taken(key: str) -> None:
    ahead, old = datetime.now(UTC) + timedelta(days=2), datetime.now(UTC) - timedelta(days=401)
    sent = [
        make_event(),
        make_event(tokens={"input": 5}),
        make_event(tokens={"output": -1}),
        make_event(tokens={"output": 10**30}),
        make_event(occurred_at=ahead.isoformat()),
        make_event(occurred_at=old.isoformat()),
        make_event(occurred_at="2026-11-01T00:00:00"),
        make_event(id=""),
        make_event(id="a\0b"),
        make_event(model=" "),
        make_event(cost={"usd": "NaN"}),
        make_event(cost={"usd": "1e999999"}),
        make_event(cost={"usd": -1}),
        make_event(cost={"usd": 1, "basis": "guessed"}),
        make_event(session_id="x" * 201),
        make_event(tokens={"output": 1, "reasoning": 2}),
        make_event(context={"speed": "warp"}),
        make_event(occurred_at="0001-01-01T00:00:00+14:00"),
        "not an event",
        {},
        make_event(),
    ]
    answer = post(key, body_of(sent)).json()
    assert answer["accepted"] == 2
    assert [(error["index"], error["code"], error["field"]) for error in answer["errors"]] == [
        (1, "unknown_field", "tokens.input"),
        (2, "invalid_field", "tokens.output"),
        (3, "invalid_field", "tokens.output"),
        (4, "in_the_future", "occurred_at"),
        (5, "too_old", "occurred_at"),
        (6, "invalid_field", "occurred_at"),
        (7, "invalid_field", "id"),
        (8, "invalid_field", "id"),
        (9, "invalid_field", "model"),
        (10, "invalid_field", "cost.usd"),
        (11, "invalid_field", "cost.usd"),
        (12, "invalid_field", "cost.usd"),
        (13, "invalid_field", "cost.basis"),
        (14, "invalid_field", "session_id"),
        (15, "invalid_field", "tokens.reasoning"),
        (16, "invalid_field", "context.speed"),
        (17, "too_old", "occurred_at"),
        (18, "invalid_field", ""),
        (19, "missing_field", "id"),
    ]
    assert all(error["message"] for error in answer["errors"])


def test_prompts_are_not_kept(key: str) -> None:
    secret = "the launch code is 1234"
    assert post(key, body_of([make_event(prompt=secret, messages=[secret])])).json()["accepted"] == 1
    assert secret not in str(UsageEvent.objects.values().get())


def test_repositories_are_matched_by_any_usual_name(cast: Cast, key: str) -> None:
    repository = Repository.objects.create(
        team=cast.acme, name="acme/shop", url="https://git.example/acme/shop.git", identity="git.example/acme/shop"
    )
    names = ["acme/shop", "ACME/Shop", "git@git.example:acme/shop.git", "https://git.example/acme/shop", "unknown"]
    post(key, body_of(make_event(id=f"n{n}", repository=name) for n, name in enumerate(names)))
    found = UsageEvent.objects.order_by("client_id").values_list("repository_id", "repository_label")
    assert list(found) == [*((repository.pk, name) for name in names[:4]), (None, "unknown")]


def test_the_repositories_of_another_team_are_not_matched(cast: Cast, key: str) -> None:
    Repository.objects.create(team=cast.rival, name="acme/shop", url="https://x.example/a", identity="x.example/a")
    post(key, body_of([make_event(repository="acme/shop")]))
    assert UsageEvent.objects.get().repository_id is None


def test_a_service_key_names_members_by_address(cast: Cast, service_key: str) -> None:
    sent = [
        make_event(id="a", member="Mei@acme.example"),
        make_event(id="b", member="stranger@acme.example"),
        make_event(id="c", member="mallory@rival.example"),
        make_event(id="d"),
    ]
    assert post(service_key, body_of(sent)).json()["accepted"] == 4
    found = UsageEvent.objects.order_by("client_id").values_list("member_id", "member_label")
    assert list(found) == [
        (cast.mei.pk, ""),
        (None, "stranger@acme.example"),
        (None, "mallory@rival.example"),
        (None, ""),
    ]


def test_a_personal_key_speaks_for_its_member_only(cast: Cast, key: str) -> None:
    sent = [make_event(member="mei@acme.example"), make_event(member="olga@acme.example")]
    answer = post(key, body_of(sent)).json()
    assert answer["accepted"] == 1
    assert (answer["errors"][0]["index"], answer["errors"][0]["code"]) == (1, "member_not_allowed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b" ", 400, "bad_body"),
        (b"{", 400, "bad_body"),
        (b'{"events": [\xff]}', 400, "bad_body"),
        (b"[" * 100_000, 400, "invalid"),
        (b'{"events": ' + b"[" * 100_000, 400, "bad_body"),
        (b"[]", 400, "invalid"),
        (b'{"events": 5}', 400, "invalid"),
        (b"{}", 400, "invalid"),
        (b'{"events": []}', 400, "no_events"),
        (body_of([{}] * 1001), 400, "too_many_events"),
        (b'{"events": [' + b"1," * 1_000_000 + b"1]}", 400, "too_many_events"),
        (b" " * (MAX_BODY_BYTES + 1), 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(key: str, body: bytes, status: int, code: str) -> None:
    answer = post(key, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not UsageEvent.objects.exists()


def test_a_thousand_events_fit(key: str) -> None:
    assert post(key, body_of(make_event() for _ in range(1000))).json()["accepted"] == 1000


def test_other_media_types_are_refused(key: str) -> None:
    answer = Client().post(
        URL, body_of([make_event()]), content_type="text/plain", headers={"Authorization": f"Bearer {key}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_a_key_needs_the_scope(cast: Cast) -> None:
    key = make_api_key(cast.acme, member=cast.mei, scopes=[Scope.SPEND_READ])[1]
    answer = post(key, body_of([make_event()]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")


def test_a_wrong_key_is_refused(cast: Cast) -> None:
    assert post("pare_nonsense", body_of([make_event()])).status_code == 401


def test_it_takes_events_while_the_broker_is_away(
    key: str, settings: Any, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(key, body_of([make_event()]))  # the key is known from here on
    DirtyDay.objects.all().delete()

    def away(*args: object, **kwargs: object) -> None:
        raise ConnectionError("broker away")

    monkeypatch.setattr(cache, "add", away)
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(key, body_of([make_event()]))
    assert answer.json()["accepted"] == 1
    assert DirtyDay.objects.exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
odd_events = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.just(good)
        for name, good in make_event(
            provider="anthropic",
            session_id="s",
            member="mei@acme.example",
            repository="web",
            cost={"usd": "1.5"},
            billing="api",
            context={"batch": True},
        ).items()
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sent=st.lists(odd_events | json_values, min_size=1, max_size=5), junk=st.binary(max_size=200), tear=st.booleans()
)
def test_whatever_is_sent_every_event_is_answered_for(key: str, sent: list[Any], junk: bytes, tear: bool) -> None:
    cache.clear()  # the limit of requests a minute is not what this is about
    body = body_of(sent)
    if tear:
        answer = post(key, body[: len(body) // 2] + junk)
        assert answer.status_code in (200, 400)
        return
    answer = post(key, body)
    assert answer.status_code == 200
    told = answer.json()
    assert told["accepted"] + told["updated"] + told["duplicates"] + len(told["errors"]) == len(sent)


def test_the_rollups_follow_within_seconds(celery_worker: Any) -> None:
    from tests.conftest import make_cast
    from usage.models import DailyRollup

    cast = make_cast()
    key = make_api_key(cast.acme, member=cast.mei)[1]
    for _ in range(3):
        post(key, body_of([make_event(), make_event()]))
    deadline = time.monotonic() + 30
    while sum(DailyRollup.objects.values_list("events", flat=True)) < 6 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sum(DailyRollup.objects.values_list("events", flat=True)) == 6
    celery_worker.drain()
    assert not DirtyDay.objects.exists()


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "\\ud83d\\ud83d", "\\ude00\\ud83d", "\\\\\\ud83d"])
def test_half_a_character_takes_no_event_down(cast: Cast, key: str, half: str) -> None:
    """JavaScript writes halves where it cuts a text in the middle of an emoji."""
    events = [make_event(id="a", prompt="TEXT"), make_event(id="b", session_id="sTEXT"), make_event(id="c")]
    answer = post(key, body_of(events).replace(b"TEXT", half.encode()))
    assert answer.json() == {"accepted": 3, "updated": 0, "duplicates": 0, "errors": []}
    assert "\ufffd" in UsageEvent.objects.for_team(cast.acme).get(client_id="b").session_id


def test_whole_characters_and_backslashes_stay_as_they_are(cast: Cast, key: str) -> None:
    """Also in a batch that a half character elsewhere sends the slow way."""
    texts = "\\ud83d\\ude00 \\\\ud83d"
    events = [make_event(id="a", session_id="TEXT"), make_event(id="b", prompt="HALF")]
    body = body_of(events).replace(b"TEXT", texts.encode()).replace(b"HALF", b"\\ud83d")
    assert post(key, body).json()["accepted"] == 2
    assert UsageEvent.objects.for_team(cast.acme).get(client_id="a").session_id == "\U0001f600 \\ud83d"
