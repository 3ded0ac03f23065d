"""Pinning a snapshot, and asking for a slice of one that is not the newest."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from config.errors import NotFound
from repos import indexing, services
from repos.errors import TooManyPinned
from repos.models import IndexRun, Repository, Snapshot, Trigger
from repos.services.snapshots import MOST_PINNED
from tests.conftest import Cast
from tests.engine.git_server import commit_files
from tests.factories import make_api_key


def push(repository: Repository, shop: Path, number: int) -> Repository:
    commit_files(shop, {f"new{number}.py": f"def brand_new_{number}():\n    return 1\n"})
    run, _ = IndexRun.objects.request(repository=repository, trigger=Trigger.MANUAL)
    indexing.index(run.pk)
    return Repository.objects.with_state().get(pk=repository.pk)


def ask(cast: Cast, repository: Repository, path: str, body: dict[str, Any]) -> Any:
    client = cast.client(cast.olga)
    address = f"/api/v1/repositories/{repository.public_id}/{path}"
    headers = {"Authorization": f"Bearer {make_api_key(cast.acme, member=cast.olga, scopes=None)[1]}"}
    client.logout()
    return client.post(address, json.dumps(body), content_type="application/json", headers=headers)


def test_a_slice_of_a_pinned_commit(cast: Cast, indexed: Repository, shop: Path) -> None:
    old = indexed.snapshot
    assert old is not None
    services.pin_snapshot(repository=indexed, public_id=None, pinned=True, actor=cast.olga)
    fresh = indexed
    for number in range(3):
        fresh = push(indexed, shop, number)
    found = {}
    for wanted in (None, old.public_id):
        served = services.serve_slice(
            repository=fresh, actor=cast.mei, task="brand_new_2", budget=1000, snapshot=wanted
        )
        found[wanted] = served.slice
    assert found[old.public_id].commit == old.commit != found[None].commit
    assert "def brand_new_2" in found[None].text and "def brand_new_2" not in found[old.public_id].text


def test_pinning_twice_is_once_and_noted_once(cast: Cast, indexed: Repository) -> None:
    for pinned in (True, True, False, False, True):
        one = services.pin_snapshot(repository=indexed, public_id=None, pinned=pinned, actor=cast.olga)
        assert bool(one.pinned_at) == pinned
    actions = AuditEntry.objects.filter(action__contains="snapshot").order_by("pk").values_list("action", flat=True)
    assert [action.rpartition("_")[2] for action in actions] == ["pinned", "unpinned", "pinned"]


def test_no_more_than_twenty(cast: Cast, indexed: Repository) -> None:
    current = indexed.snapshot
    assert current is not None
    for number in range(MOST_PINNED):
        Snapshot.objects.create(
            repository=indexed, branch="main", commit=f"{number:040}", committed_at=timezone.now(), digest="0" * 64,
            storage_name="x", size=1, symbols=1, edges=1, pinned_at=timezone.now(),
        )  # fmt: skip
    with pytest.raises(TooManyPinned):
        services.pin_snapshot(repository=indexed, public_id=current.public_id, pinned=True, actor=cast.olga)


def test_another_repositorys_snapshot_is_none(cast: Cast, indexed: Repository, shop: Path) -> None:
    assert indexed.snapshot is not None
    other = services.link_repository(team=cast.rival, url=str(shop), actor=cast.mallory)
    with pytest.raises(NotFound):
        services.pin_snapshot(
            repository=other, public_id=indexed.snapshot.public_id, pinned=True, actor=cast.mallory
        )
    with pytest.raises(NotFound):
        services.serve_slice(repository=indexed, actor=cast.mei, task="x", budget=100, snapshot=uuid.uuid4())


def test_the_page_pins(cast: Cast, indexed: Repository) -> None:
    client = cast.client(cast.olga)
    page = client.get(indexed.get_absolute_url()).content.decode()
    assert "Pin " in page and "Served" in page
    assert indexed.snapshot is not None
    address = f"{indexed.get_absolute_url()}pin/"
    client.post(address, {"snapshot": str(indexed.snapshot.public_id), "pinned": "true"})
    page = client.get(indexed.get_absolute_url()).content.decode()
    assert "Pinned" in page and "Unpin" in page
    client.post(address, {"snapshot": "no uuid", "pinned": "false"})
    assert "Choose a snapshot" in client.get(indexed.get_absolute_url()).content.decode()
    assert Snapshot.objects.get(pk=indexed.snapshot.pk).pinned_at


@pytest.mark.parametrize("body", [{"snapshot": "x"}, {"snapshot": "5x"}, {"pinned": "perhaps"}, {"snapshot": [1]}])
def test_odd_bodies_are_refused(cast: Cast, indexed: Repository, body: dict[str, Any]) -> None:
    assert ask(cast, indexed, "pins", body).status_code == 400


def test_the_api_pins_and_lists(cast: Cast, indexed: Repository) -> None:
    answer = ask(cast, indexed, "pins", {})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["pinned_at"] and told["is_current"]
    assert ask(cast, indexed, "pins", {"snapshot": str(uuid.uuid4())}).status_code == 404
    served = ask(cast, indexed, "slices", {"task": "tax", "snapshot": told["id"]})
    assert served.status_code == 200 and served.json()["commit"] == told["commit"]
    assert ask(cast, indexed, "slices", {"task": "tax", "snapshot": str(uuid.uuid4())}).status_code == 404
