"""The write path of usage events: every event counts once, however often and in whatever order its copies arrive.

One transaction: COPY into a temporary table, new keys with ON CONFLICT DO NOTHING, events of the new keys, and for
known keys the more complete copy over the lesser one. The days touched are noted for the rollups in the same
transaction, so they cannot miss anything that was taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from usage import partitions
from usage.pricing import PriceBook
from usage.sources import UsageRecord


class NewEvent(NamedTuple):
    """A record with what the team's own rows say about it."""

    record: UsageRecord
    member_id: int | None = None
    member_label: str = ""
    repository_id: int | None = None
    api_key_id: int | None = None


class Outcome(NamedTuple):
    """`accepted` were new, `updated` gave a known event something better, `duplicates` gave nothing."""

    accepted: int
    updated: int
    duplicates: int


# When, who and where: the first copy's stay, and gaps are filled.
PLACE = {
    "team_id": "int8",
    "source": "varchar",
    "client_id": "varchar",
    "month": "date",
    "occurred_at": "timestamptz",
    "member_id": "int8",
    "member_label": "varchar",
    "repository_id": "int8",
    "repository_label": "varchar",
    "session_id": "varchar",
    "api_key_id": "int8",
}
# The call itself: these go together, and are replaced by those of a more complete copy.
CONTENT = {
    "agent": "varchar",
    "model": "varchar",
    "provider": "varchar",
    "input_uncached": "int8",
    "cache_read": "int8",
    "cache_write_5m": "int8",
    "cache_write_1h": "int8",
    "cache_write_unsplit": "int8",
    "output": "int8",
    "reasoning": "int8",
    "reported_cost": "numeric",
    "reported_basis": "varchar",
    "computed_cost": "numeric",
    "cost_input": "numeric",
    "cost_cache_read": "numeric",
    "cost_cache_write": "numeric",
    "cost_output": "numeric",
    "unpriced_reason": "varchar",
    "price_version": "int4",
    "billing": "varchar",
    "speed": "varchar",
    "service_tier": "varchar",
    "batch": "bool",
    "completeness": "bytea",
}
TYPES = [*PLACE.values(), *CONTENT.values()]
NAMES = ", ".join((*PLACE, *CONTENT))

MAKE_INCOMING = (
    "CREATE TEMP TABLE IF NOT EXISTS usage_incoming ON COMMIT DELETE ROWS AS "
    f"SELECT {NAMES} FROM usage_usageevent WITH NO DATA"
)
# Keys are taken in one order by everyone, so that overlapping batches wait for each other and never in a ring.
INSERT_NEW = f"""
WITH fresh AS (
    INSERT INTO usage_eventkey (team_id, source, client_id, month)
    SELECT team_id, source, client_id, month FROM usage_incoming ORDER BY team_id, source, client_id
    ON CONFLICT DO NOTHING
    RETURNING team_id, source, client_id, id
)
INSERT INTO usage_usageevent (id, {NAMES})
SELECT fresh.id, {", ".join(f"i.{name}" for name in (*PLACE, *CONTENT))}
FROM fresh JOIN usage_incoming i USING (team_id, source, client_id)
RETURNING (occurred_at AT TIME ZONE 'UTC')::date
"""
LOCK_KNOWN = """
SELECT k.month FROM usage_eventkey k JOIN usage_incoming i USING (team_id, source, client_id)
ORDER BY k.team_id, k.source, k.client_id FOR UPDATE OF k
"""
KNOWN = """
FROM usage_incoming i JOIN usage_eventkey k USING (team_id, source, client_id)
WHERE e.id = k.id AND e.month = k.month AND e.month = ANY(%s)
"""
CHANGED = "RETURNING e.client_id, (e.occurred_at AT TIME ZONE 'UTC')::date"
REPLACE_LESSER = f"""
UPDATE usage_usageevent e SET {", ".join(f"{name} = i.{name}" for name in CONTENT)}
{KNOWN} AND i.completeness > e.completeness
{CHANGED}
"""
# Two copies that disagree about a label settle on the larger text: arbitrary, but the same in any order of arrival.
FILL_GAPS = f"""
UPDATE usage_usageevent e SET
    session_id = GREATEST(e.session_id, i.session_id),
    member_label = CASE WHEN COALESCE(e.member_id, i.member_id) IS NULL
        THEN GREATEST(e.member_label, i.member_label) ELSE '' END,
    member_id = COALESCE(e.member_id, i.member_id),
    repository_id = CASE WHEN i.repository_label > e.repository_label
        THEN i.repository_id ELSE COALESCE(e.repository_id, i.repository_id) END,
    repository_label = GREATEST(e.repository_label, i.repository_label)
{KNOWN} AND (
    i.session_id > e.session_id
    OR i.repository_label > e.repository_label
    OR (i.repository_label = e.repository_label AND e.repository_id IS NULL AND i.repository_id IS NOT NULL)
    OR (e.member_id IS NULL AND (i.member_id IS NOT NULL OR i.member_label > e.member_label))
)
{CHANGED}
"""
NOTE_DAYS = "INSERT INTO usage_dirtyday (team_id, day) SELECT %s, unnest(%s::date[])"


def write(*, team_id: int, events: Sequence[NewEvent], book: PriceBook) -> Outcome:
    """Take the events, in one transaction. Prices are worked out here, from `book`."""
    if not events:
        return Outcome(0, 0, 0)
    folded = fold(events)
    rows = sorted((_row(team_id, event, book) for event in folded), key=itemgetter(slice(3)))
    partitions.ensure(partitions.first_of(event.record.occurred_at.date()) for event in folded)
    with transaction.atomic(), connection.cursor() as cursor:
        _copy(cursor, rows)
        cursor.execute(INSERT_NEW)
        days = {day for (day,) in cursor.fetchall()}
        accepted = cursor.rowcount
        improved: set[str] = set()
        if accepted < len(rows):
            improved = _improve(cursor, days)
        if days:
            cursor.execute(NOTE_DAYS, [team_id, sorted(days)])
    return Outcome(accepted, len(improved), len(events) - accepted - len(improved))


def _copy(cursor: CursorWrapper, rows: Iterable[tuple[Any, ...]]) -> None:
    cursor.execute(MAKE_INCOMING)
    # Empty already, unless an outer transaction has been here before.
    cursor.execute("DELETE FROM usage_incoming")
    with cursor.copy(f"COPY usage_incoming ({NAMES}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(TYPES)
        for row in rows:
            copy.write_row(row)


def _improve(cursor: CursorWrapper, days: set[date]) -> set[str]:
    """Better the known events; adds their days to `days` and gives their client ids."""
    cursor.execute(LOCK_KNOWN)
    months = sorted({month for (month,) in cursor.fetchall()})
    improved = set()
    for statement in (REPLACE_LESSER, FILL_GAPS):
        cursor.execute(statement, [months])
        for client_id, day in cursor.fetchall():
            improved.add(client_id)
            days.add(day)
    return improved


def fold(events: Iterable[NewEvent]) -> list[NewEvent]:
    """One event for each key: copies inside a batch are merged as the database would merge them one after another."""
    kept: dict[tuple[str, str], NewEvent] = {}
    for event in events:
        key = (event.record.source, event.record.client_id)
        first = kept.get(key)
        kept[key] = event if first is None else _merge(first, event)
    return list(kept.values())


def _merge(first: NewEvent, other: NewEvent) -> NewEvent:
    best = max(first.record, other.record, key=UsageRecord.completeness)
    labelled = max(first, other, key=lambda event: event.record.repository)
    member = first if first.member_id is not None or other.member_id is None else other
    record = msgspec.structs.replace(
        best,
        occurred_at=first.record.occurred_at,
        session_id=max(first.record.session_id, other.record.session_id),
        repository=labelled.record.repository,
    )
    unknown = max(first.member_label, other.member_label)
    return NewEvent(
        record=record,
        member_id=member.member_id,
        member_label=unknown if member.member_id is None else "",
        repository_id=labelled.repository_id,
        api_key_id=first.api_key_id,
    )


def _row(team_id: int, event: NewEvent, book: PriceBook) -> tuple[Any, ...]:
    record = event.record
    priced = book.price(record)
    cost = priced.cost
    return (
        team_id,
        record.source,
        record.client_id,
        partitions.first_of(record.occurred_at.date()),
        record.occurred_at,
        event.member_id,
        event.member_label,
        event.repository_id,
        record.repository,
        record.session_id,
        event.api_key_id,
        record.agent,
        record.model,
        priced.provider,
        *_tokens(record),
        record.reported_cost,
        record.reported_basis,
        *((None,) * 5 if cost is None else (cost.total, *cost)),
        priced.reason,
        book.version,
        record.billing,
        record.speed,
        record.service_tier,
        record.batch,
        record.completeness(),
    )


def _tokens(record: UsageRecord) -> tuple[int, ...]:
    tokens = record.tokens
    return (
        tokens.input_uncached,
        tokens.cache_read,
        tokens.cache_write_5m,
        tokens.cache_write_1h,
        tokens.cache_write_unsplit,
        tokens.output,
        tokens.reasoning,
    )
