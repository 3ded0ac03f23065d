"""Asking for index runs."""

from django.db import transaction

from accounts import audit
from repos import tasks
from repos.errors import RepositoryPaused
from repos.models import IndexRun, Repository, Trigger
from repos.services.actors import Actor, user_of


@transaction.atomic
def request_index(*, repository: Repository, actor: Actor, trigger: str = Trigger.MANUAL) -> IndexRun:
    """Queue an index run of what the host has now, or give the one that waits. Raises RepositoryPaused (402)."""
    if repository.paused_at:
        raise RepositoryPaused
    run, is_new = IndexRun.objects.request(repository=repository, trigger=trigger, by=user_of(actor))
    if is_new:
        tasks.enqueue(run)
        if trigger == Trigger.MANUAL:
            audit.record(
                team=repository.team_id, actor=actor, action="repository.reindexed", target=repository.identity
            )
    return run
