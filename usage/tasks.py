"""Background work of usage: rollups of changed days, the daily refresh of prices, and the upkeep of partitions."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import date, timedelta

from celery import shared_task
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.utils import timezone

from usage import partitions, pricebook, retention, rollups

log = logging.getLogger(__name__)

QUEUED_FOR = 60  # seconds after which a queued recompute is thought lost
BUSY_SHARE = 5  # a team's rollups may keep a worker busy for one part in so many


def request_recompute(team_id: int) -> None:
    """Have the team's changed days recomputed after this transaction; requests that wait together become one.

    Fails open: without a broker the notes stay, and the periodic sweep finds them.
    """
    transaction.on_commit(lambda: _enqueue(team_id), robust=True)


def _enqueue(team_id: int) -> None:
    if cache.add(_queued_key(team_id), 1, timeout=QUEUED_FOR):
        # At once for most teams; a day that takes long to sum is not summed again for every batch.
        countdown = min(QUEUED_FOR / 2, BUSY_SHARE * float(cache.get(_cost_key(team_id), 0.0)))
        recompute_team.apply_async((team_id,), countdown=countdown if countdown > 1 else 0, retry=False)


def _queued_key(team_id: int) -> str:
    return f"usage:rollups-queued:{team_id}"


def _cost_key(team_id: int) -> str:
    return f"usage:rollups-seconds:{team_id}"


@shared_task(ignore_result=True)
def recompute_team(team_id: int) -> None:
    """Recompute every changed day of a team."""
    # From here on a new request queues a new task: what this one may miss, that one finds.
    cache.delete(_queued_key(team_id))
    started = time.monotonic()
    _recompute_all(rollups.dirty_days(team_id))
    cache.set(_cost_key(team_id), time.monotonic() - started, timeout=600)


@shared_task(ignore_result=True)
def sweep_changed_days() -> None:
    """Recompute what changed and was missed: lost tasks, a broker that was away, a day that another worker had."""
    _recompute_all(rollups.dirty_days())


def _recompute_all(days: Iterable[tuple[int, date]]) -> None:
    """One day that cannot be summed keeps its notes, and does not keep the others waiting."""
    for team_id, day in days:
        try:
            rollups.recompute(team_id=team_id, day=day)
        except DatabaseError:
            log.exception("The usage of team %s on %s could not be summed.", team_id, day)


@shared_task(ignore_result=True)
def refresh_prices() -> None:
    """Bring the price book to the installed price data; a new version only when something changed."""
    number = pricebook.refresh()
    pricebook.forget()
    log.info("The price book is at version %s.", number)


@shared_task(ignore_result=True)
def keep_partitions() -> None:
    """Make the partitions of the coming months; drop what no plan reaches back to, and what closed teams left."""
    today = timezone.now().date()
    month = partitions.first_of(today)
    partitions.ensure((month, partitions.next_month(month), partitions.next_month(partitions.next_month(month))))
    for dropped in retention.drop_old(today - timedelta(days=retention.KEPT_DAYS)):
        log.info("Dropped the usage events of %s.", f"{dropped:%Y-%m}")
    if teams := retention.forget_closed_teams():
        log.info("Deleted the usage of %s closed team(s).", teams)
