"""Repositories over the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from accounts.roles import Scope
from billing.services import change_plan
from repos.models import IndexRun, Repository, State
from tests.conftest import Cast
from tests.factories import make_api_key
from tests.repos.conftest import give_snapshot

pytestmark = pytest.mark.django_db
BASE = "/api/v1/repositories"
PUBLIC = "https://git.example.invalid/acme/shop.git"


class Caller:
    def __init__(self, team: Team, *scopes: Scope) -> None:
        _, text = make_api_key(team, scopes=list(scopes) or None)
        self.client, self.headers = Client(), {"Authorization": f"Bearer {text}"}

    def call(self, method: str, path: str = "", body: Any = None) -> Any:
        data = "" if body is None else json.dumps(body)
        return self.client.generic(method, BASE + path, data, content_type="application/json", headers=self.headers)


def test_it_links_looks_and_unlinks(cast: Cast) -> None:
    caller = Caller(cast.acme)
    linked = caller.call("POST", body={"url": PUBLIC, "token": "tok-1"})
    assert linked.status_code == 201, linked.content
    body = linked.json()
    assert (body["name"], body["auth"], body["status"], body["snapshot"]) == ("acme/shop", "token", "queued", None)
    assert body["latest_run"]["trigger"] == "link" and "tok-1" not in linked.content.decode()
    one = f"/{body['id']}"
    assert caller.call("GET", one).json()["identity"] == "git.example.invalid/acme/shop"
    assert [row["id"] for row in caller.call("GET").json()["results"]] == [body["id"]]
    assert caller.call("DELETE", one).status_code == 204
    assert caller.call("GET", one).status_code == 404 and not Repository.objects.exists()


def test_it_is_found_by_any_form_of_its_address(cast: Cast) -> None:
    caller = Caller(cast.acme)
    caller.call("POST", body={"url": PUBLIC})
    for url in ("git@git.example.invalid:Acme/shop.git", PUBLIC, "ssh://git@git.example.invalid/acme/shop"):
        assert len(caller.call("GET", f"?url={url}").json()["results"]) == 1
    for url in ("git@git.example.invalid:acme/other", "nonsense", "%00"):
        assert caller.call("GET", f"?url={url}").json()["results"] == []


def test_an_indexed_one_says_what_is_in_it(cast: Cast, indexed: Repository) -> None:
    body = Caller(cast.acme).call("GET", f"/{indexed.public_id}").json()
    assert body["status"] == "ready" and body["snapshot"]["symbols"] >= 4
    assert body["snapshot"]["coverage"]["seen"] == 4 and body["snapshot"]["coverage"]["share"] == 1.0
    assert body["latest_run"]["state"] == "succeeded"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"url": ""}, 400, "invalid"),
        ({"url": 7, "auth": "magic"}, 400, "invalid"),
        ({"url": "https://10.0.0.1/a/b"}, 400, "host_not_allowed"),
        ({"url": "ext::sh -c x"}, 400, "address_invalid"),
        ({"url": "https://x:y@git.example/a"}, 400, "credentials_in_address"),
        ({"url": PUBLIC, "branch": "a..b"}, 400, "branch_invalid"),
        ({"url": "a\0b"}, 400, "invalid"),
        ([], 400, "invalid"),
    ],
)
def test_linking_refuses_with_a_code(cast: Cast, given: Any, status: int, code: str) -> None:
    answer = Caller(cast.acme).call("POST", body=given)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_linking_twice_and_over_the_cap(cast: Cast) -> None:
    caller = Caller(cast.acme)
    assert caller.call("POST", body={"url": PUBLIC}).status_code == 201
    twice = caller.call("POST", body={"url": PUBLIC})
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "already_linked")
    change_plan(team=cast.acme, plan="starter", actor=None)
    over = caller.call("POST", body={"url": PUBLIC + "2"})
    assert (over.status_code, over.json()["error"]["code"]) == (402, "repository_cap_reached")


def test_reindex_and_runs(cast: Cast, indexed: Repository) -> None:
    caller = Caller(cast.acme)
    first = caller.call("POST", f"/{indexed.public_id}/reindex")
    again = caller.call("POST", f"/{indexed.public_id}/reindex")
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"] and first.json()["state"] == "queued"
    runs = caller.call("GET", f"/{indexed.public_id}/runs").json()["results"]
    assert [run["trigger"] for run in runs] == ["manual", "link"]


def test_symbols(cast: Cast, indexed: Repository) -> None:
    caller = Caller(cast.acme)
    found = caller.call("GET", f"/{indexed.public_id}/symbols?q=total&limit=5").json()
    assert found["symbols"][0]["name"] == "total" and found["symbols"][0]["path"] == "shop/cart.py"
    assert len(found["commit"]) == 40
    for limit in ("0", "51", "x", "-1", "²", "99999999", "0001" + "0" * 5000):
        assert caller.call("GET", f"/{indexed.public_id}/symbols?q=a&limit={limit}").status_code == 400
    assert caller.call("GET", f"/{indexed.public_id}/symbols?q=%00%ff").status_code == 200


def test_symbols_before_the_first_index(cast: Cast, link: Callable[..., Repository]) -> None:
    answer = Caller(cast.acme).call("GET", f"/{link().public_id}/symbols?q=a")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_indexed_yet")


PATHS = [
    ("GET", ""), ("DELETE", ""), ("POST", "/reindex"), ("GET", "/runs"), ("GET", "/symbols?q=a"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_another_teams_repository_is_not_there(cast: Cast, indexed: Repository, method: str, path: str) -> None:
    caller = Caller(cast.rival)
    foreign = caller.call(method, f"/{indexed.public_id}{path}")
    unknown = caller.call(method, f"/0b7a4b3e-cf8e-4c63-8a1d-5c9e0d2f7a61{path}")
    assert foreign.status_code == unknown.status_code == 404 and foreign.json() == unknown.json()
    assert caller.call("GET").json()["results"] == []
    assert Repository.objects.filter(pk=indexed.pk).exists()


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("DELETE", "/{id}"), ("POST", "/{id}/reindex")])
def test_writing_needs_its_scope(cast: Cast, indexed: Repository, method: str, path: str) -> None:
    caller = Caller(cast.acme, Scope.CONTEXT_READ)
    answer = caller.call(method, path.replace("{id}", str(indexed.public_id)), {"url": PUBLIC} if not path else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")


def test_the_list_costs_the_same_for_many(cast: Cast) -> None:
    caller = Caller(cast.acme)
    counts = []
    for number in range(1, 9):
        linked = caller.call("POST", body={"url": f"{PUBLIC}{number}"}).json()
        give_snapshot(Repository.objects.get(public_id=linked["id"]))
        if number in (1, 8):
            caller.call("GET")
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert len(caller.call("GET").json()["results"]) == number
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 3


def test_pages_of_a_list_meet_without_gap(cast: Cast) -> None:
    caller = Caller(cast.acme)
    for number in range(5):
        caller.call("POST", body={"url": f"{PUBLIC}{number}"})
    first = caller.call("GET", "?page_size=3").json()
    second = caller.client.get(first["next"], headers=caller.headers).json()
    seen = [row["url"][-1] for row in first["results"] + second["results"]]
    assert sorted(seen) == ["0", "1", "2", "3", "4"] and second["next"] is None


def test_a_running_one_counts(cast: Cast, link: Callable[..., Repository]) -> None:
    repository = link()
    IndexRun.objects.update(state=State.RUNNING, phase="parse", done=3, total=9)
    body = Caller(cast.acme).call("GET", f"/{repository.public_id}").json()
    assert body["status"] == "running"
    assert {key: body["latest_run"][key] for key in ("phase", "done", "total")} == {
        "phase": "parse", "done": 3, "total": 9,
    }  # fmt: skip
