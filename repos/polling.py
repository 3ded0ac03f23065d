"""Regular checks: has the host a commit that we have not indexed?"""

import random
from datetime import datetime, timedelta

from django.utils import timezone

from billing.caps import SymbolCapReached
from billing.services import plan_of
from repos import remotes
from repos.engine import git
from repos.engine.errors import GitError
from repos.models import IndexRun, Repository, State
from repos.secrets import SecretUnreadable

# Seconds between two checks by plan; a push webhook makes them nearly superfluous.
POLL_SECONDS = {"starter": 3600, "pro": 900, "team": 300}
AT_ONCE = 100
PATIENCE = 60.0


def take_due(now: datetime) -> list[int]:
    """The repositories to check now, each taken by moving its next check on, so that nobody else takes it."""
    taken = []
    for repository in Repository.objects.due_for_poll(now).select_related("team")[:AT_ONCE]:
        due = Repository.objects.filter(pk=repository.pk, next_poll_at=repository.next_poll_at)
        if due.update(next_poll_at=now + _interval(repository)):
            taken.append(repository.pk)
    return taken


def _interval(repository: Repository) -> timedelta:
    # Spread by a tenth to each side, so that repositories linked together are not checked together for ever.
    seconds = POLL_SECONDS[plan_of(repository.team).key]
    return timedelta(seconds=seconds * random.uniform(0.9, 1.1))


def has_news(repository: Repository) -> bool:
    """Ask the host for the tip of the branch; notes the answer or why there is none, and tells if a run is due."""
    try:
        head = git.remote_head(remotes.remote_of(repository, seconds=PATIENCE), branch=repository.branch)
    except (GitError, SecretUnreadable) as error:
        _note(repository, str(error))
        return False
    _note(repository, "")
    run, snapshot = repository.latest_run, repository.snapshot
    if run and run.state == State.FAILED:
        # The same commit fails the same way, but for a cap that is gone; a run that never saw one failed at the host,
        # which answers again.
        return run.commit != head.commit or _cap_is_gone(run, repository)
    return snapshot is None or (snapshot.commit, snapshot.branch) != (head.commit, head.branch)


def _cap_is_gone(run: IndexRun, repository: Repository) -> bool:
    return run.error_code == SymbolCapReached.code and plan_of(repository.team).symbols_per_repository is None


def _note(repository: Repository, error: str) -> None:
    Repository.objects.filter(pk=repository.pk).update(polled_at=timezone.now(), poll_error=error[:600])
