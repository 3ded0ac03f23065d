"""Slices over the API: what comes back, what is refused, what counts."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.asserts import assertNumQueries

from accounts.models import Team
from accounts.roles import Scope
from billing.services import change_plan
from repos import indexing, services, storage
from repos.errors import NotIndexedYet
from repos.models import IndexRun, Repository, SliceRecord, State, Trigger
from tests.conftest import Cast
from tests.factories import make_api_key

pytestmark = pytest.mark.django_db
TASK = "The cart total forgets the tax"


class Caller:
    """An agent with a key of a team."""

    def __init__(self, team: Team, scopes: list[Scope] | None = None) -> None:
        self.key, text = make_api_key(team, scopes=scopes)
        self.headers = {"Authorization": f"Bearer {text}"}

    def post(self, repository: Repository, **body: Any) -> Any:
        path = f"/api/v1/repositories/{repository.public_id}/slices"
        return Client().post(path, json.dumps(body), content_type="application/json", headers=self.headers)


def test_it_serves_a_slice(cast: Cast, indexed: Repository) -> None:
    response = Caller(cast.acme).post(indexed, task=TASK, budget=2000, session_id="s-1")
    assert response.status_code == 200
    body = response.json()
    assert indexed.snapshot is not None
    assert body["commit"] == indexed.snapshot.commit and body["age_seconds"] > 0
    assert body["files"][0]["path"] in ("shop/cart.py", "shop/tax.py")
    assert {piece["path"] for piece in body["symbols"]} >= {"shop/cart.py"}
    assert "def total" in body["text"] and "tax_of" in body["text"]
    assert 0 < body["tokens"] <= body["budget"] == 2000
    assert body["coverage"]["parsed"] >= 2 and 0 < body["coverage"]["share"] <= 1
    assert body["confidence"] in ("high", "medium", "low")
    record = SliceRecord.objects.for_team(cast.acme).get()
    assert (record.session_id, record.budget, record.tokens, str(record.public_id)) == (
        "s-1", 2000, body["tokens"], body["id"],
    )  # fmt: skip


def test_only_the_best_files_are_listed(cast: Cast, indexed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Caller(cast.acme)
    every = caller.post(indexed, task=TASK, budget=500).json()["files"]
    assert len(every) > 1
    monkeypatch.setattr("repos.api.slices.MOST_FILES", 1)
    assert caller.post(indexed, task=TASK, budget=500).json()["files"] == every[:1]


def test_the_same_input_gives_the_same_slice(cast: Cast, indexed: Repository) -> None:
    caller = Caller(cast.acme)
    first, second = (caller.post(indexed, task=TASK, budget=500).json() for _ in range(2))
    assert (first["text"], first["symbols"], first["files"]) == (second["text"], second["symbols"], second["files"])


def test_it_costs_few_queries(cast: Cast, indexed: Repository) -> None:
    caller = Caller(cast.acme)
    caller.post(indexed, task=TASK)
    with assertNumQueries(3):  # the repository with its snapshot, the plan, the record
        assert caller.post(indexed, task=TASK).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "task"),
        ({"task": 1}, "task"),
        ({"task": "x" * 100_001}, "task"),
        ({"task": TASK, "budget": 0}, "budget"),
        ({"task": TASK, "budget": 1_000_001}, "budget"),
        ({"task": TASK, "budget": "many"}, "budget"),
        ({"task": TASK, "session_id": "x" * 201}, "session_id"),
        ({"task": TASK, "session_id": "a\0b"}, "session_id"),
        ({"task": TASK, "paths": ["x"] * 101}, "paths"),
    ],
)
def test_it_says_which_field_is_wrong(cast: Cast, indexed: Repository, body: dict[str, Any], field: str) -> None:
    response = Caller(cast.acme).post(indexed, **body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == "invalid" and (field in error["fields"] or field in str(error["fields"]))
    assert not SliceRecord.objects.exists()


def test_unknown_fields_are_refused(cast: Cast, indexed: Repository) -> None:
    assert Caller(cast.acme).post(indexed, task=TASK, bugdet=10).status_code == 400


@pytest.mark.parametrize(
    ("raw", "status"), [(b"{", 400), (b"\xff", 400), (b"[]", 400), (b'{"task":"' + b"a" * (1 << 20) + b'"}', 413)]
)
def test_hostile_bodies_are_refused(cast: Cast, indexed: Repository, raw: bytes, status: int) -> None:
    caller = Caller(cast.acme)
    path = f"/api/v1/repositories/{indexed.public_id}/slices"
    response = Client().post(path, raw, content_type="application/json", headers=caller.headers)
    assert response.status_code == status and set(response.json()["error"]) == {"code", "message", "fields"}


@pytest.mark.parametrize("task", ["", "\0", "…" * 500, "def total(", "ÄÖ\u202eÜ", "zzz unknownword"])
def test_any_task_gets_an_answer(cast: Cast, indexed: Repository, task: str) -> None:
    response = Caller(cast.acme).post(indexed, task=task, budget=300)
    assert response.status_code == 200 and response.json()["tokens"] <= 300


def test_another_teams_repository_is_not_there(cast: Cast, indexed: Repository) -> None:
    foreign = Caller(cast.rival).post(indexed, task=TASK)
    unknown = Client().post(
        "/api/v1/repositories/0b7a4b3e-cf8e-4c63-8a1d-5c9e0d2f7a61/slices",
        json.dumps({"task": TASK}), content_type="application/json", headers=Caller(cast.rival).headers,
    )  # fmt: skip
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


def test_the_key_needs_the_scope(cast: Cast, indexed: Repository) -> None:
    response = Caller(cast.acme, [Scope.USAGE_WRITE]).post(indexed, task=TASK)
    assert response.status_code == 403 and response.json()["error"]["code"] == "scope_missing"


def test_before_the_first_index_it_says_what_to_do(cast: Cast, link: Callable[..., Repository]) -> None:
    repository = link()
    response = Caller(cast.acme).post(repository, task=TASK)
    assert response.status_code == 409 and response.headers["Retry-After"] == "5"
    assert response.json()["error"]["code"] == "not_indexed_yet"
    IndexRun.objects.filter(repository=repository).update(state=State.FAILED, error="The host is gone.")
    response = Caller(cast.acme).post(repository, task=TASK)
    assert response.status_code == 409 and "The host is gone." in response.json()["error"]["message"]


def test_a_paused_repository_serves_nothing(cast: Cast, indexed: Repository) -> None:
    Repository.objects.filter(pk=indexed.pk).update(paused_at=indexed.created_at)
    response = Caller(cast.acme).post(indexed, task=TASK)
    assert response.status_code == 402 and response.json()["error"]["code"] == "repository_paused"


def test_a_lost_snapshot_is_made_again(cast: Cast, indexed: Repository) -> None:
    assert indexed.snapshot is not None
    storage.remove_snapshot(indexed.snapshot.storage_name)
    storage.mistrust(indexed.snapshot)  # as in another process, which has it not open
    with pytest.raises(NotIndexedYet):
        services.serve_slice(repository=indexed, actor=cast.mei, task=TASK, budget=1000)
    run = IndexRun.objects.get(repository=indexed, trigger=Trigger.REPAIR)
    indexing.index(run.pk)
    fresh = Repository.objects.with_state().get(pk=indexed.pk)
    assert services.serve_slice(repository=fresh, actor=cast.mei, task=TASK, budget=1000).slice.tokens > 0


def test_starter_stops_at_its_cap(cast: Cast, indexed: Repository) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    given = {"team": cast.acme, "repository": indexed, "commit": "c", "budget": 1, "tokens": 1, "milliseconds": 1}
    SliceRecord.objects.bulk_create(SliceRecord(**given) for _ in range(499))
    caller = Caller(cast.acme)
    assert caller.post(indexed, task=TASK).status_code == 200
    refused = caller.post(indexed, task=TASK)
    assert refused.status_code == 402 and refused.json()["error"]["code"] == "slice_cap_reached"
    assert services.slices_this_month(cast.acme) == 500


@pytest.mark.django_db(transaction=True)
def test_two_slices_at_once_take_one_place(cast: Cast, indexed: Repository) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    given = {"team": cast.acme, "repository": indexed, "commit": "c", "budget": 1, "tokens": 1, "milliseconds": 1}
    SliceRecord.objects.bulk_create(SliceRecord(**given) for _ in range(499))
    caller = Caller(cast.acme)

    def ask(_: int) -> int:
        try:
            return int(caller.post(indexed, task=TASK).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(ask, range(6)))
    assert statuses == [200] + [402] * 5
    assert services.slices_this_month(cast.acme) == 500
