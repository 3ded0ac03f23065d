"""Which snapshots are kept: the one in use, the newest of each branch, the one before it, and those a person pinned."""

from django.db import transaction

from repos import storage
from repos.models import Repository, Snapshot

# Branches a repository has followed, last indexed first: a change back finds its snapshot again.
KEPT_BRANCHES = 5
# Of the branch that is followed: slices of the newest but one go on while web processes change over.
KEPT_OF_BRANCH = 2


def kept(snapshots: list[Snapshot], current: int | None, branch: str) -> set[int]:
    """The keys of those to keep, out of all of a repository, newest first. `current` is the one in use, `branch` the
    branch that is followed.
    """
    found = {one.pk for one in snapshots if one.pinned_at or one.pk == current}
    newest: dict[str, int] = {}
    for one in snapshots:
        newest.setdefault(one.branch, one.pk)
    found.update([*newest.values()][:KEPT_BRANCHES])
    found.update([one.pk for one in snapshots if one.branch == branch][:KEPT_OF_BRANCH])
    return found


def let_old_ones_go(repository: Repository) -> None:
    """Delete the rows that the rule does not keep, and their files once that is committed."""
    snapshots = list(Snapshot.objects.filter(repository=repository).order_by("-pk").defer("statistics", "coverage"))
    repository.refresh_from_db(fields=["snapshot"])
    branch = snapshots[0].branch if snapshots else ""
    keep = kept(snapshots, repository.snapshot_id, branch)
    gone = [one for one in snapshots if one.pk not in keep]
    Snapshot.objects.filter(pk__in=[one.pk for one in gone]).delete()
    names = {one.storage_name for one in gone}
    transaction.on_commit(lambda: remove_unnamed(names))


def remove_unnamed(names: set[str]) -> int:
    """Delete those of the stored files that no row names; how many those were. Equal content has one file, which may
    have several rows.
    """
    named = set(Snapshot.objects.filter(storage_name__in=names).values_list("storage_name", flat=True))
    for name in names - named:
        storage.remove_snapshot(name)
    return len(names - named)
