"""Spend as CSV: every row of the daily rollups in a range, one after another, so that any size can be sent."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal

from accounts.models import User
from repos.models import Repository
from usage.models import DailyRollup
from usage.reports import Range, Sight
from usage.sources.records import TOKEN_PARTS

# A spreadsheet takes a cell that begins so for a formula, and labels come from whoever sends events.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COUNTS = ("events", "unpriced_events", *TOKEN_PARTS)
HEADER = (
    "day",
    "member",
    "repository",
    "agent",
    "provider",
    "model",
    "billing",
    "basis",
    *COUNTS,
    "reported_usd",
    "list_price_usd",
)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(sight: Sight, span: Range) -> Iterator[str]:
    """The export line by line, with a header. Amounts are exact, `reported_usd` and `list_price_usd` never add up."""
    writer = csv.writer(_Echo())
    yield writer.writerow(HEADER)
    rows = sight.rows().filter(day__gte=span.start, day__lte=span.end).order_by("day", "pk")
    members = _members(rows.exclude(member_id=None).values_list("member_id", flat=True).distinct())
    repositories = dict(Repository.objects.for_team(sight.team).values_list("pk", "name"))
    for row in rows.iterator(chunk_size=2000):
        yield writer.writerow(_cells(row, members, repositories))


def _members(ids: Iterable[int | None]) -> dict[int, str]:
    return dict(User.objects.filter(pk__in=[pk for pk in ids if pk]).values_list("pk", "email"))


def _cells(row: DailyRollup, members: dict[int, str], repositories: dict[int, str]) -> list[str]:
    texts = (
        row.day.isoformat(),
        members.get(row.member_id, "former member") if row.member_id else row.member_label,
        repositories.get(row.repository_id, row.repository_label) if row.repository_id else row.repository_label,
        row.agent,
        row.provider,
        row.model,
        row.billing,
        row.basis,
    )
    counts = [str(getattr(row, name)) for name in COUNTS]
    return [*map(safe, texts), *counts, _plain(row.reported_cost), _plain(row.computed_cost)]


def safe(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet would run it."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"
