"""Repositories over a plan's cap are paused, and resumed when there is room again. Chosen ones stay, then the oldest.

A plan changes in `billing`, which knows nothing of repositories: `settle_changed` looks every few seconds for plans
that were written or ran out since its last look, and `settle_all` makes up for whatever that may have missed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Team
from billing.grants import effective_plan
from billing.models import BillingAccount
from billing.services import plan_of
from repos.models import Repository, RepositoryQuerySet

TEAMS_AT_ONCE = 500
LOOKED_AT = "repos-pauses-looked-at"
# A plan is written with the time at which its transaction began: it may show only when that is over.
OVERLAP = timedelta(minutes=2)
FIRST_LOOK = timedelta(hours=1)  # back, when nobody knows of a last one: a full pass comes once an hour


@transaction.atomic
def settle(team: Team) -> int:
    """Make what is paused agree with the team's plan; gives how many repositories changed. Nothing is deleted."""
    # Not FOR UPDATE: who holds a repository's row and writes an audit entry must not wait for us, who want that row.
    team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    cap = plan_of(team).repositories
    changed = 0
    for place, repository in enumerate(Repository.objects.for_team(team).in_order_of_places()):
        should_pause = cap is not None and place >= cap
        if should_pause == bool(repository.paused_at):
            continue
        now = timezone.now()
        Repository.objects.filter(pk=repository.pk).update(paused_at=now if should_pause else None, next_poll_at=now)
        action = "repository.paused" if should_pause else "repository.resumed"
        audit.record(team=team, actor=None, action=action, target=repository.identity)
        changed += 1
    return changed


def settle_changed(now: datetime) -> int:
    """Settle the teams whose plan changed since the last look; gives how many of them needed it."""
    looked_at: datetime = cache.get(LOOKED_AT) or now - FIRST_LOOK
    accounts = BillingAccount.objects.with_another_plan_since(looked_at - OVERLAP, now)
    settled = _settle_each(Repository.objects.filter(team__in=accounts.values("team")), now)
    cache.set(LOOKED_AT, now, FIRST_LOOK.total_seconds())
    return settled


def settle_all(now: datetime) -> int:
    """Settle every team; gives how many needed it."""
    return _settle_each(Repository.objects.all(), now)


def _settle_each(repositories: RepositoryQuerySet, now: datetime) -> int:
    settled = 0
    for team_id in _to_settle(repositories, now):
        settle(Team(pk=team_id))
        settled += 1
    return settled


def _to_settle(repositories: RepositoryQuerySet, now: datetime) -> Iterator[int]:
    """The teams of these repositories that have more or fewer paused than their plan asks for, some hundreds at once.

    Counting is enough: which ones have the places is settled whenever somebody chooses, links or unlinks.
    """
    last = 0
    while counts := repositories.counts_by_team(after=last, most=TEAMS_AT_ONCE):
        last = counts[-1][0]
        accounts = BillingAccount.objects.in_bulk([team for team, _, _ in counts], field_name="team_id")
        for team, linked, paused in counts:
            cap = effective_plan(accounts.get(team), now).repositories
            if paused != (0 if cap is None else max(0, linked - cap)):
                yield team
