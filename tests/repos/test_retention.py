"""Which snapshots are kept."""

import os
from pathlib import Path

import pytest
from django.utils import timezone

from repos import cleaning, indexing, retention, storage
from repos.models import IndexRun, Repository, Snapshot, Trigger
from repos.storage.snapshots import DRAFT
from tests.engine.git_server import commit_files


def rows(*branches: str, pinned: tuple[int, ...] = ()) -> list[Snapshot]:
    """Newest first; their keys count from the number of rows down to 1."""
    keys = range(len(branches), 0, -1)
    now = timezone.now()
    return [
        Snapshot(pk=key, branch=branch, pinned_at=now if key in pinned else None)
        for key, branch in zip(keys, branches, strict=True)
    ]


@pytest.mark.parametrize(
    ("branches", "pinned", "current", "kept"),
    [
        ([], (), None, set()),
        (["main"], (), 1, {1}),
        (["main"] * 5, (), 5, {5, 4}),
        (["main"] * 5, (1, 2), 5, {5, 4, 1, 2}),
        (["main", "next", "next", "main"], (), 4, {4, 3, 1}),
        (["a", "b", "c", "d", "e", "f", "g"], (), 7, {7, 6, 5, 4, 3}),
        (["a", "b", "c", "d", "e", "f", "g"], (), 1, {7, 6, 5, 4, 3, 1}),
    ],
)
def test_the_rule(branches: list[str], pinned: tuple[int, ...], current: int | None, kept: set[int]) -> None:
    found = rows(*branches, pinned=pinned)
    assert retention.kept(found, current, branches[0] if branches else "") == kept


def push(repository: Repository, shop: Path, number: int) -> None:
    commit_files(shop, {f"new{number}.py": f"def new{number}():\n    return 1\n"})
    run, _ = IndexRun.objects.request(repository=repository, trigger=Trigger.MANUAL)
    indexing.index(run.pk)


@pytest.mark.django_db(transaction=True)  # files go on commit
def test_a_pinned_one_outlives_pushes(indexed: Repository, shop: Path) -> None:
    assert indexed.snapshot is not None
    Snapshot.objects.filter(pk=indexed.snapshot.pk).update(pinned_at=timezone.now())
    for number in range(3):
        push(indexed, shop, number)
    assert storage.open_snapshot(indexed.snapshot).commit == indexed.snapshot.commit
    assert len(storage.stored_snapshots(indexed.public_id)) == retention.KEPT_OF_BRANCH + 1


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_with_its_last_row(indexed: Repository, shop: Path) -> None:
    run, _ = IndexRun.objects.request(repository=indexed, trigger=Trigger.MANUAL)
    indexing.index(run.pk)  # the same content: a second row for the same file
    assert indexed.snapshot is not None
    name = indexed.snapshot.storage_name
    push(indexed, shop, 1)
    assert name in storage.stored_snapshots(indexed.public_id)
    push(indexed, shop, 2)
    assert name not in storage.stored_snapshots(indexed.public_id)


def test_files_without_a_row_and_old_drafts_are_swept(indexed: Repository) -> None:
    assert indexed.snapshot is not None
    folder = storage.file_of(indexed.snapshot).parent
    (folder / f"{'0' * 64}.pare").write_bytes(b"nobody's")
    for name, age in (("old", 2 * 86400), ("new", 60)):
        (folder / f"{DRAFT}{name}").mkdir()
        moment = timezone.now().timestamp() - age
        os.utime(folder / f"{DRAFT}{name}", (moment, moment))
    assert cleaning.remove_orphans() >= 1  # other tests leave files, too
    assert {path.name for path in folder.iterdir()} == {f"{indexed.snapshot.digest}.pare", f"{DRAFT}new"}
