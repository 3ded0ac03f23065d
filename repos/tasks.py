"""What the workers do for repositories. Ids in, None out; each may arrive twice."""

import uuid
from contextlib import suppress

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from config.errors import NotFound
from repos import cleaning, indexing, pauses, polling, proof, storage
from repos.models import IndexRun, Repository, RepositoryProof, Trigger

LOW = 9  # of Celery's priorities on Redis: such a task is taken only when none of the others waits


@shared_task(soft_time_limit=settings.PARE_INDEX_TIME_LIMIT, time_limit=settings.PARE_INDEX_TIME_LIMIT + 120)
def index_repository(run_id: int) -> None:
    """Work on an index run; then see to its next attempt, or to the run that waits behind it."""
    outcome = indexing.index(run_id)
    if outcome.retry_in is not None:
        index_repository.apply_async((run_id,), countdown=outcome.retry_in)
    elif outcome.next_run is not None:
        index_repository.delay(outcome.next_run)
    if outcome.prove is not None:
        prove_repository.apply_async((outcome.prove,), priority=LOW)


@shared_task(soft_time_limit=settings.PARE_INDEX_TIME_LIMIT, time_limit=settings.PARE_INDEX_TIME_LIMIT + 120)
def prove_repository(repository_id: int) -> None:
    """Replay some of a repository's past commits; the rest when nothing else waits."""
    if (wait := proof.work(repository_id)) is not None:
        prove_repository.apply_async((repository_id,), priority=LOW, countdown=wait)


def enqueue(run: IndexRun) -> None:
    """Hand the run to the workers when this transaction is committed. A broker that is down is no error: see sweep."""
    transaction.on_commit(lambda: index_repository.delay(run.pk), robust=True)


@shared_task(time_limit=60)
def sweep_runs() -> None:
    """Bring back runs and proofs whose worker or message was lost."""
    for run_id in indexing.sweep_runs():
        index_repository.delay(run_id)
    for repository_id in RepositoryProof.objects.to_resume(timezone.now()):
        prove_repository.apply_async((repository_id,), priority=LOW)


@shared_task(time_limit=60)
def poll_repositories() -> None:
    """Start the regular checks that are due."""
    for repository_id in polling.take_due(timezone.now()):
        poll_repository.delay(repository_id)


@shared_task(time_limit=120)
def poll_repository(repository_id: int) -> None:
    """Check one repository and index it when its host has something new."""
    repository = Repository.objects.with_state().filter(pk=repository_id, paused_at=None).first()
    if repository is None or repository.is_live or not polling.has_news(repository):
        return
    with suppress(NotFound):  # unlinked while the host was asked
        run, is_new = IndexRun.objects.request(repository=repository, trigger=Trigger.POLL)
        if is_new:
            index_repository.delay(run.pk)


@shared_task(time_limit=60)
def settle_changed_plans() -> None:
    """Pause and resume repositories of teams whose plan changed just now."""
    pauses.settle_changed(timezone.now())


@shared_task(time_limit=600)
def settle_pauses() -> None:
    """Make what is paused agree with the plans of all teams that have repositories."""
    pauses.settle_all(timezone.now())


@shared_task(time_limit=600)
def remove_repository_files(public_id: str) -> None:
    storage.remove_repository(uuid.UUID(public_id))


@shared_task(time_limit=3600)
def clean_up() -> None:
    """Once a day: closed teams' repositories, what is old, and files that nobody owns."""
    cleaning.unlink_of_closed_teams()
    cleaning.forget_the_old()
    cleaning.remove_orphans()
