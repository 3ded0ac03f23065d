"""What is kept of usage, and letting the rest go: events by dropping whole months, small rows a few at a time."""

from __future__ import annotations

from datetime import date

from django.db import connection

from accounts.models import Team
from billing.plans import PLANS
from usage import partitions
from usage.models import DailyRollup, DailySessions, DirtyDay, EventKey, HourlyRollup, UsageEvent

# The longest history of any plan: partitions are shared by all teams, so none goes before that. A team on a smaller
# plan is shown less, and sees the rest when it changes its plan.
KEPT_DAYS = max(plan.history_days for plan in PLANS) + 31
CHUNK = 5000

OLD_KEYS = """
DELETE FROM usage_eventkey WHERE ctid IN (SELECT ctid FROM usage_eventkey WHERE month < %s LIMIT %s)
"""


def drop_old(oldest: date) -> list[date]:
    """Let everything from before `oldest` go; gives the months of events dropped."""
    dropped = partitions.drop_before(oldest)
    keep_from = partitions.first_of(oldest)
    _delete_keys(keep_from)
    for day in DailyRollup.objects.filter(day__lt=keep_from).values_list("day", flat=True).distinct()[:400]:
        DailyRollup.objects.filter(day=day).delete()
        DailySessions.objects.filter(day=day).delete()
        HourlyRollup.objects.filter(hour__date=day).delete()
    return dropped


def _delete_keys(keep_from: date) -> None:
    with connection.cursor() as cursor:
        while True:
            cursor.execute(OLD_KEYS, [keep_from, CHUNK])
            if cursor.rowcount < CHUNK:
                return


def forget_closed_teams() -> int:
    """Delete all usage of teams that were closed; gives how many teams had any. Months bound each statement."""
    closed = Team.objects.filter(closed_at__isnull=False)
    teams = [team for team in closed if _has_usage(team)]
    for team in teams:
        for month in partitions.existing():
            UsageEvent.objects.for_team(team).filter(month=month).delete()
            EventKey.objects.for_team(team).filter(month=month).delete()
        # What is left of the keys is of months that were dropped.
        for rows in (EventKey, DirtyDay, HourlyRollup, DailyRollup, DailySessions):
            rows.objects.for_team(team).delete()
    return len(teams)


def _has_usage(team: Team) -> bool:
    return any(rows.objects.for_team(team).exists() for rows in (EventKey, DirtyDay, HourlyRollup, DailyRollup))
