"""The snapshots that are kept of a repository, and pinning one so that it stays."""

from uuid import UUID

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone

from accounts import audit
from config.errors import NotFound
from repos.errors import NotIndexedYet, TooManyPinned
from repos.models import Repository, Snapshot
from repos.services.actors import Actor

MOST_PINNED = 20


def kept_snapshots(repository: Repository) -> QuerySet[Snapshot]:
    """All that are kept, newest first, each with `is_current`."""
    current = Case(When(pk=repository.snapshot_id, then=Value(True)), default=Value(False))
    kept = Snapshot.objects.for_team(repository.team_id).filter(repository=repository)
    return kept.defer("statistics").annotate(is_current=current).order_by("-pk")


def kept_snapshot(repository: Repository, public_id: UUID | None) -> Snapshot:
    """One of the kept snapshots; without an id the one that is served. Raises NotFound (404), NotIndexedYet (409)."""
    if public_id is None:
        if repository.snapshot is None:
            raise NotIndexedYet(repository)
        return repository.snapshot
    found = Snapshot.objects.filter(repository=repository, public_id=public_id).defer("statistics").first()
    if found is None:
        raise NotFound("This snapshot is not kept any more. The list of snapshots shows those that are.")
    return found


@transaction.atomic
def pin_snapshot(*, repository: Repository, public_id: UUID | None, pinned: bool, actor: Actor) -> Snapshot:
    """Pin a snapshot, so that index runs do not let it go, or take the pin off: then it goes with the next run.

    Twice is once. Raises NotFound (404), NotIndexedYet (409), TooManyPinned (409).
    """
    # The repository's row first, as publishing does: what is about to be let go is not pinned.
    if not Repository.objects.select_for_update(of=("self",)).filter(pk=repository.pk):
        raise NotFound
    snapshot = kept_snapshot(repository, public_id)
    snapshot.refresh_from_db(fields=["pinned_at"])
    if bool(snapshot.pinned_at) == pinned:
        return snapshot
    if pinned and Snapshot.objects.filter(repository=repository).exclude(pinned_at=None).count() >= MOST_PINNED:
        raise TooManyPinned(MOST_PINNED)
    snapshot.pinned_at = timezone.now() if pinned else None
    snapshot.save(update_fields=["pinned_at"])
    action = "repository.snapshot_pinned" if pinned else "repository.snapshot_unpinned"
    details = {"commit": snapshot.commit, "branch": snapshot.branch}
    audit.record(team=repository.team_id, actor=actor, action=action, target=repository.identity, details=details)
    return snapshot
