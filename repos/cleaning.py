"""What is left over goes: repositories of closed teams, files without a row."""

import uuid
from datetime import timedelta

from django.utils import timezone

from repos import retention, storage
from repos.models import LIVE_STATES, IndexRun, Repository

RUNS_KEPT = timedelta(days=90)
FACTS_KEPT = timedelta(days=90)
DRAFTS_KEPT = timedelta(days=1)  # those of a run that was killed; no run takes this long


def unlink_of_closed_teams() -> int:
    """A closed team's code goes from our disks; its rows went out of everyone's reach when it was closed."""
    closed = Repository.objects.filter(team__closed_at__isnull=False)
    count = closed.count()
    closed.update(snapshot=None, latest_run=None)
    closed.delete()
    return count


def forget_the_old() -> None:
    """Runs that nobody looks up any more, and facts of blobs that are read from somewhere again at need."""
    old = IndexRun.objects.exclude(state__in=LIVE_STATES).filter(created_at__lt=timezone.now() - RUNS_KEPT)
    old.exclude(pk__in=Repository.objects.exclude(latest_run=None).values("latest_run")).delete()
    storage.facts_cache().sweep(older_than=FACTS_KEPT.total_seconds())


def remove_orphans() -> int:
    """Delete the files of repositories that are not linked any more, and snapshot files that no row names."""
    stored = storage.stored_repositories()
    linked = set(Repository.objects.filter(public_id__in=stored).values_list("public_id", flat=True))
    gone = stored - linked
    for public_id in gone:
        storage.remove_repository(public_id)
    storage.remove_old_drafts(DRAFTS_KEPT.total_seconds())
    return len(gone) + sum(_remove_unnamed(public_id) for public_id in linked)


def _remove_unnamed(public_id: uuid.UUID) -> int:
    # Names first, rows second: a snapshot published in between is not on the list of files to judge. One that a run is
    # about to publish is left alone.
    names = storage.stored_snapshots(public_id)
    if Repository.objects.filter(public_id=public_id, runs__state="running").exists():
        return 0
    return retention.remove_unnamed(names)
