"""From Team to Starter and back: over the caps a team reads on, nothing is deleted, and all of it comes back."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Role, Scope
from accounts.services.errors import MemberCapReached, ServiceKeysNotInPlan
from billing.caps import RepositoryCapReached
from billing.services import change_plan
from repos import indexing, services, storage, tasks
from repos.models import IndexRun, Repository, SliceRecord, State
from tests.accounts.test_members import membership
from tests.conftest import Cast
from tests.engine.git_server import commit_files, make_repository
from tests.factories import make_user
from tests.repos.test_slices import Caller
from tests.usage.builders import make_record, send, yesterday

pytestmark = pytest.mark.django_db
OURS = ("accounts", "billing", "repos", "usage")
TASK = "the total of the cart"


def every_row() -> dict[type[Model], set[Any]]:
    """The keys of all rows of all our tables. What waits to be rolled up is done and gone by its nature."""
    models = [model for model in apps.get_models() if model._meta.app_label in OURS and model.__name__ != "DirtyDay"]
    return {model: set(model._default_manager.values_list("pk")) for model in models}


def put_on(cast: Cast, plan: str) -> None:
    """The plan changes, and the sweep sees it."""
    change_plan(team=cast.acme, plan=plan, seats=5, actor=None)
    tasks.settle_changed_plans()
    cast.acme.refresh_from_db()


@pytest.fixture
def second(indexed: Repository, link: Callable[..., Repository], tmp_path: Path) -> Repository:
    """Linked and indexed after the shop."""
    make_repository(tmp_path / "second", {"cart.py": "def total(prices):\n    return sum(prices)\n"})
    repository = link(tmp_path / "second")
    assert repository.latest_run is not None
    indexing.index(repository.latest_run.pk)
    return Repository.objects.with_state().get(pk=repository.pk)


def serve(team: Any, repository: Repository, slices: int) -> None:
    """So many slices were served this month; made by rows, for each takes its time."""
    now = timezone.now()
    facts: dict[str, Any] = {"commit": "a" * 40, "budget": 500, "tokens": 400, "milliseconds": 9.0, "at": now}
    SliceRecord.objects.bulk_create(SliceRecord(team=team, repository=repository, **facts) for _ in range(slices))


def test_nothing_is_deleted_and_all_comes_back(cast: Cast, indexed: Repository, second: Repository) -> None:
    serve(cast.acme, indexed, 600)
    send(cast.acme, make_record(occurred_at=yesterday() - timedelta(days=60)), member_id=cast.mei.pk)
    caller = Caller(cast.acme)
    before = every_row()
    files = {storage.file_of(one.snapshot) for one in (indexed, second) if one.snapshot}

    put_on(cast, "starter")
    assert (caller.post(indexed, task=TASK).status_code, caller.post(second, task=TASK).status_code) == (402, 402)
    tasks.clean_up()
    kept = every_row()
    assert {model.__name__: rows - kept[model] for model, rows in before.items() if rows - kept[model]} == {}
    assert all(file.exists() for file in files) and len(files) == 2

    put_on(cast, "team")
    assert not Repository.objects.exclude(paused_at=None).exists()
    for one in (indexed, second):
        assert caller.post(one, task=TASK, budget=500).status_code == 200
    assert SliceRecord.objects.for_team(cast.acme).count() == 602
    after = every_row()
    assert {model.__name__: rows - after[model] for model, rows in before.items() if rows - after[model]} == {}


def test_over_the_slices_of_the_month_they_are_refused(cast: Cast, indexed: Repository) -> None:
    serve(cast.acme, indexed, 499)
    put_on(cast, "starter")
    caller = Caller(cast.acme)
    assert caller.post(indexed, task=TASK, budget=500).status_code == 200
    refused = caller.post(indexed, task=TASK, budget=500)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "slice_cap_reached")
    # Searching it is no slice, and goes on.
    assert services.find_symbols(repository=indexed, query="total")


def test_a_paused_repository_stays_listed_and_gives_nothing(cast: Cast, second: Repository) -> None:
    put_on(cast, "starter")
    mei = cast.client(cast.mei)
    assert "acme" in mei.get("/t/acme/").content.decode().lower()
    assert second.name in mei.get("/t/acme/repositories/").content.decode()
    shown = mei.get(second.get_absolute_url()).content.decode()
    assert "This repository is paused" in shown and "Nothing is deleted" in shown
    listed = {one["id"]: one for one in mei.get("/api/v1/repositories").json()["results"]}
    told = listed[str(second.public_id)]
    assert told["status"] == "paused" and told["snapshot"]["symbols"] > 0
    caller = Caller(cast.acme)
    refused = caller.post(second, task=TASK)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "repository_paused")
    again = Client().post(f"/api/v1/repositories/{second.public_id}/reindex", headers=caller.headers)
    assert (again.status_code, again.json()["error"]["code"]) == (402, "repository_paused")
    with pytest.raises(RepositoryCapReached):
        services.link_repository(team=cast.acme, url="https://git.example.invalid/a/b", actor=cast.olga)


def test_a_run_that_waited_when_the_plan_fell_is_made_after_it_rose(
    cast: Cast, second: Repository, tmp_path: Path
) -> None:
    commit_files(tmp_path / "second", {"more.py": "def more():\n    return 1\n"})
    run = services.request_index(repository=second, actor=cast.olga)
    put_on(cast, "starter")
    indexing.index(run.pk)
    run.refresh_from_db()
    assert run.state == State.QUEUED
    put_on(cast, "team")
    indexing.index(run.pk)
    fresh = Repository.objects.with_state().get(pk=second.pk)
    assert services.find_symbols(repository=fresh, query="more")


def test_with_too_many_symbols_the_last_snapshot_serves_on(
    cast: Cast, link: Callable[..., Repository], tmp_path: Path
) -> None:
    many = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(2600))
    make_repository(tmp_path / "big", {f"m{number}.py": many for number in range(4)})
    repository = link(tmp_path / "big")
    assert repository.latest_run is not None
    indexing.index(repository.latest_run.pk)
    put_on(cast, "starter")
    commit_files(tmp_path / "big", {"new.py": "def brand_new():\n    return 1\n"})
    assert _index_again(cast, repository).error_code == "symbol_cap_reached"
    held = Repository.objects.with_state().get(pk=repository.pk)
    assert held.snapshot is not None and held.snapshot.symbols > 10_000 and held.paused_at is None
    assert Caller(cast.acme).post(held, task="what does f7 return", budget=500).status_code == 200
    assert "an older snapshot is served" in cast.client(cast.mei).get("/t/acme/repositories/").content.decode()
    put_on(cast, "team")
    assert _index_again(cast, repository).state == State.SUCCEEDED
    fresh = Repository.objects.with_state().get(pk=repository.pk)
    assert services.find_symbols(repository=fresh, query="brand_new")


def _index_again(cast: Cast, repository: Repository) -> IndexRun:
    run = services.request_index(repository=repository, actor=cast.olga)
    indexing.index(run.pk)
    run.refresh_from_db()
    return run


def test_members_over_the_cap_keep_their_access_and_nobody_joins(cast: Cast, indexed: Repository) -> None:
    nora = make_user("nora@acme.example")
    invitation = accounts.invite(team=cast.acme, email=nora.email, role=Role.MEMBER, actor=cast.olga)
    put_on(cast, "starter")
    assert Membership.objects.for_team(cast.acme).count() == 4
    for person in (cast.olga, cast.adam, cast.mei):
        client = cast.client(person)
        assert client.get(indexed.get_absolute_url()).status_code == 200
        assert client.get("/t/acme/team/").status_code == 200
    caps = {cap["name"]: cap for cap in cast.client(cast.mei).get("/api/v1/team").json()["caps"]}
    assert caps["members"] == {"name": "members", "used": 3, "cap": 1}
    assert caps["repositories"] == {"name": "repositories", "used": 1, "cap": 1}
    with pytest.raises(MemberCapReached):
        accounts.accept_invitation(invitation=invitation, user=nora)
    with pytest.raises(MemberCapReached):
        accounts.change_role(membership=membership(cast.acme, cast.vic), role=Role.MEMBER, actor=cast.olga)
    put_on(cast, "team")
    assert accounts.accept_invitation(invitation=invitation, user=nora).team == cast.acme


def test_service_keys_work_on_and_no_more_are_made(cast: Cast, indexed: Repository) -> None:
    new: dict[str, Any] = {"team": cast.acme, "scopes": [Scope.CONTEXT_READ], "service": True, "actor": cast.olga}
    caller = Caller(cast.acme)
    put_on(cast, "starter")
    assert caller.post(indexed, task=TASK, budget=500).status_code == 200
    with pytest.raises(ServiceKeysNotInPlan):
        accounts.create_key(name="another", **new)
    put_on(cast, "team")
    assert caller.post(indexed, task=TASK, budget=500).status_code == 200
    accounts.create_key(name="another", **new)


def test_old_usage_is_not_shown_and_shown_again(cast: Cast) -> None:
    day = yesterday() - timedelta(days=60)
    send(cast.acme, make_record(occurred_at=day), member_id=cast.mei.pk)
    around = {"from": str(day.date()), "to": str(yesterday().date())}
    client = cast.client(cast.olga)
    assert client.get("/api/v1/spend", around).json()["totals"]["events"] == 1
    put_on(cast, "starter")
    told = client.get("/api/v1/spend", around).json()
    assert (told["totals"]["events"], told["limited_by_plan"]) == (0, True)
    put_on(cast, "team")
    assert client.get("/api/v1/spend", around).json()["totals"]["events"] == 1


def test_the_audit_log_is_kept_and_read_again(cast: Cast) -> None:
    client = cast.client(cast.olga)
    put_on(cast, "starter")
    accounts.rename_team(team=cast.acme, name="Acme on a diet", actor=cast.olga)
    assert "Team renamed" not in client.get("/t/acme/audit/").content.decode()
    put_on(cast, "team")
    assert "Team renamed" in client.get("/t/acme/audit/").content.decode()
