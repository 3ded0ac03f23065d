"""Month partitions of the event table: made ahead and on demand, dropped whole when no plan reaches back to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import connection, transaction

_LOCK = 7_202_601  # any number of our own: one maker at a time
_known: set[date] = set()


def first_of(day: date) -> date:
    return date(day.year, day.month, 1)


def next_month(month: date) -> date:
    return first_of(month + timedelta(days=32))


def name_of(month: date) -> str:
    return f"usage_usageevent_{month:%Y_%m}"


def ensure(months: Iterable[date]) -> None:
    """Make the partitions that are missing. Costs nothing for months this process has seen.

    They are attached rather than created in place: that does not stop other writers.
    """
    for month in sorted(set(months) - _known):
        with transaction.atomic():
            _make(month)
        if not connection.in_atomic_block:  # else somebody may still roll it back
            _known.add(month)


def _make(month: date) -> None:
    name = name_of(month)
    with connection.cursor() as cursor:
        if _exists(name):
            return
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if _exists(name):
            return
        cursor.execute(f"CREATE TABLE {name} (LIKE usage_usageevent INCLUDING ALL)")
        # Names are made of digits alone, and DDL takes no parameters.
        cursor.execute(
            f"ALTER TABLE usage_usageevent ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{month.isoformat()}') TO ('{next_month(month).isoformat()}')"
        )


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        # A scan, and not to_regclass: that one answers from a cache that may not know what another maker just did.
        cursor.execute(
            "SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'usage_usageevent'::regclass AND c.relname = %s",
            [name],
        )
        return cursor.fetchone() is not None


def existing() -> list[date]:
    """The months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'usage_usageevent'::regclass"
        )
        names = [row[0] for row in cursor.fetchall()]
    return sorted(date(int(name[-7:-3]), int(name[-2:]), 1) for name in names)


def drop_before(oldest: date) -> list[date]:
    """Drop every partition that lies wholly before `oldest`; gives the months dropped."""
    gone = [month for month in existing() if next_month(month) <= oldest]
    for month in gone:
        _known.discard(month)
        with transaction.atomic(), connection.cursor() as cursor:
            # The drop needs the whole table for a moment; better to fail and try again later than to stop all senders.
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            cursor.execute(f"DROP TABLE {name_of(month)}")
    return gone
