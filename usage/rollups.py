"""Hourly and daily sums of a team's day, worked out again from its events whenever some of them changed.

Never increments: a replay, a late event or a new label leads to the same rows. The transaction that takes the notes of
a day away recomputes it, so an event committed later has a note of its own for a later worker.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from usage.models import GROUP_FIELDS, DirtyDay
from usage.partitions import first_of
from usage.sources.records import TOKEN_PARTS

SUMS = (
    *TOKEN_PARTS,
    "events",
    "unpriced_events",
    "reported_cost",
    "computed_cost",
    "cost_input",
    "cost_cache_read",
    "cost_cache_write",
    "cost_output",
)
GROUP = ", ".join(GROUP_FIELDS)
DIGEST = f"sha256(convert_to(ROW({GROUP})::text, 'UTF8'))"
# The figure that stands for a call: an invoice beats our list price, which beats somebody's estimate.
BASIS = """CASE WHEN reported_basis = 'billed' THEN 'billed' WHEN computed_cost IS NOT NULL THEN 'computed'
    WHEN reported_basis IS NOT NULL THEN reported_basis ELSE 'unpriced' END"""

HOURLY = f"""
INSERT INTO usage_hourlyrollup (team_id, hour, group_digest, {GROUP}, {", ".join(SUMS)})
SELECT team_id, hour, {DIGEST}, {GROUP}, {", ".join(f"sum({name})" for name in SUMS)}
FROM (
    SELECT team_id, date_trunc('hour', occurred_at, 'UTC') AS hour, member_id, member_label, repository_id,
        repository_label, agent, provider, model, billing, {BASIS} AS basis, {", ".join(TOKEN_PARTS)},
        1 AS events, (computed_cost IS NULL)::int AS unpriced_events, COALESCE(reported_cost, 0) AS reported_cost,
        COALESCE(computed_cost, 0) AS computed_cost, COALESCE(cost_input, 0) AS cost_input,
        COALESCE(cost_cache_read, 0) AS cost_cache_read, COALESCE(cost_cache_write, 0) AS cost_cache_write,
        COALESCE(cost_output, 0) AS cost_output
    FROM usage_usageevent
    WHERE team_id = %(team)s AND occurred_at >= %(start)s AND occurred_at < %(end)s AND month = %(month)s
) event
GROUP BY team_id, hour, {GROUP}
"""
DAILY = f"""
INSERT INTO usage_dailyrollup (team_id, day, group_digest, {GROUP}, {", ".join(SUMS)})
SELECT team_id, %(day)s, group_digest, {GROUP}, {", ".join(f"sum({name})" for name in SUMS)}
FROM usage_hourlyrollup
WHERE team_id = %(team)s AND hour >= %(start)s AND hour < %(end)s
GROUP BY team_id, group_digest, {GROUP}
"""
SESSIONS = """
INSERT INTO usage_dailysessions (team_id, day, member_id, member_label, agent, sessions)
SELECT team_id, %(day)s, member_id, member_label, agent, count(DISTINCT session_id)
FROM usage_usageevent
WHERE team_id = %(team)s AND occurred_at >= %(start)s AND occurred_at < %(end)s AND month = %(month)s
    AND session_id <> ''
GROUP BY team_id, member_id, member_label, agent
"""
CLEAR = (
    "DELETE FROM usage_hourlyrollup WHERE team_id = %(team)s AND hour >= %(start)s AND hour < %(end)s",
    "DELETE FROM usage_dailyrollup WHERE team_id = %(team)s AND day = %(day)s",
    "DELETE FROM usage_dailysessions WHERE team_id = %(team)s AND day = %(day)s",
)


def dirty_days(team_id: int | None = None, *, limit: int = 1000) -> list[tuple[int, date]]:
    """(team id, day) pairs with notes, of one team or of all; the newest days first, as people look at those."""
    notes = DirtyDay.objects.all() if team_id is None else DirtyDay.objects.for_team(team_id)
    return list(notes.order_by("-day", "team_id").values_list("team_id", "day").distinct()[:limit])


@transaction.atomic
def recompute(*, team_id: int, day: date) -> bool:
    """Work the rollups of a team's day out again. False when another worker has the day: its notes stay for later."""
    with connection.cursor() as cursor:
        # Two numbers of 32 bits: team and day. Held to the end of the transaction.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [team_id % 2**31, day.toordinal()])
        row = cursor.fetchone()
        if not row or not row[0]:
            return False
        # Notes go first: what is committed after this statement has a note that stays.
        cursor.execute("DELETE FROM usage_dirtyday WHERE team_id = %s AND day = %s", [team_id, day])
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        window: dict[str, int | date | datetime] = {
            "team": team_id,
            "day": day,
            "start": start,
            "end": start + timedelta(days=1),
            "month": first_of(day),
        }
        for statement in (*CLEAR, HOURLY, DAILY, SESSIONS):
            cursor.execute(statement, window)
    return True
