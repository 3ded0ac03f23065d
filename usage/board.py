"""The spend board: what its charts and tables show, as plain data. Charts get the JSON that `charts.js` reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from usage import reports
from usage.reports import Figures, Group, GroupBy, Range, Sight, TokenClass

SERIES = 7  # entities with a colour of their own; the rest is "Other", in the eighth
OTHER = "Other"
DAYS_BY_DAY = 92  # longer ranges are drawn by month
ROWS = 100  # of a table; the export has all


class Measure(StrEnum):
    """What the charts draw. One at a time: the amounts cannot be added to each other."""

    LIST_PRICE = "list_price"
    BILLED = "billed"
    TOKENS = "tokens"

    @property
    def words(self) -> str:
        return {"list_price": "Use at list prices", "billed": "Billed", "tokens": "Tokens"}[self.value]

    @property
    def unit(self) -> str:
        return "tokens" if self is Measure.TOKENS else "usd"

    def of(self, figures: Figures) -> Decimal | int:
        values: dict[Measure, Decimal | int] = {
            Measure.LIST_PRICE: figures.list_price,
            Measure.BILLED: figures.billed,
            Measure.TOKENS: figures.tokens,
        }
        return values[self]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table with the colour its entity has in the chart; 0 for none."""

    group: Group
    color: int


@dataclass(frozen=True, slots=True)
class Section:
    """One dimension: a bar chart and the table of the same numbers. `more` rows are only in the export."""

    id: str
    title: str
    name: str
    chart: dict[str, Any]
    rows: Sequence[Row]
    more: int


@dataclass(frozen=True, slots=True)
class TimeTable:
    """Days (or months) by model: a chart, and the same numbers as rows of one value for each series and a total."""

    chart: dict[str, Any]
    series: Sequence[tuple[str, int]]
    rows: Sequence[tuple[str, Sequence[Decimal | int], Decimal | int]]
    by_month: bool


@dataclass(frozen=True, slots=True)
class Board:
    span: Range
    sight: Sight
    measure: Measure
    totals: Figures
    by_time: TimeTable
    sections: Sequence[Section]
    token_classes: Sequence[TokenClass]
    token_chart: dict[str, Any]
    bases: Sequence[Group]
    sessions: int


def build(sight: Sight, span: Range, measure: Measure | None, *, today: date) -> Board:
    """Everything the page shows, in a fixed number of queries; without a measure, one that has something to show."""
    totals = reports.totals(sight, span)
    measure = measure or (Measure.LIST_PRICE if totals.list_price else Measure.TOKENS)
    models = reports.grouped(sight, span, GroupBy.MODEL)
    colors = colors_of(models, measure)
    dimensions = [GroupBy.MEMBER, GroupBy.REPOSITORY, GroupBy.AGENT]
    if sight.member_id is not None:
        dimensions.remove(GroupBy.MEMBER)
    sections = [_section(by, reports.grouped(sight, span, by), measure) for by in dimensions]
    sections.append(_section(GroupBy.MODEL, models, measure, colors))
    classes = reports.token_classes(totals)
    return Board(
        span=span,
        sight=sight,
        measure=measure,
        totals=totals,
        by_time=time_table(reports.by_day_and_model(sight, span, colors), span, measure, colors, today=today),
        sections=sections,
        token_classes=classes,
        token_chart=_token_chart(classes, measure),
        bases=reports.grouped(sight, span, GroupBy.BASIS),
        sessions=reports.sessions(sight, span),
    )


def colors_of(groups: Iterable[Group], measure: Measure) -> dict[str, int]:
    """A colour for each of the largest: the same on every chart of the page."""
    ranked = sorted(groups, key=lambda group: (-measure.of(group.figures), group.label))
    return {group.key: place for place, group in enumerate(ranked[:SERIES], start=1)}


def _section(by: GroupBy, groups: Sequence[Group], measure: Measure, colors: dict[str, int] | None = None) -> Section:
    colors = colors_of(groups, measure) if colors is None else colors
    ranked = sorted(groups, key=lambda group: -measure.of(group.figures))
    rows = [Row(group, colors.get(group.key, 8)) for group in ranked]
    return Section(
        by.value, f"By {by.value}", by.value.capitalize(), _bars(rows, measure), rows[:ROWS], max(0, len(rows) - ROWS)
    )


def _bars(rows: Sequence[Row], measure: Measure) -> dict[str, Any]:
    """One horizontal bar for each coloured entity, and one for all the others."""
    bars = [(row.group.label, row.color, measure.of(row.group.figures)) for row in rows if row.color != 8]
    rest = sum(measure.of(row.group.figures) for row in rows if row.color == 8)
    if rest:
        bars.append((OTHER, 8, rest))
    return _chart(
        measure,
        [label for label, _, _ in bars],
        # A series for each bar gives each its own colour; stacked, they share one line of the axis.
        [
            {"name": label, "color": color, "values": [float(value) if n == place else None for n in range(len(bars))]}
            for place, (label, color, value) in enumerate(bars)
        ],
        horizontal=True,
        legend=False,
    )


def _token_chart(classes: Sequence[TokenClass], measure: Measure) -> dict[str, Any]:
    unit = Measure.TOKENS if measure is Measure.TOKENS else Measure.LIST_PRICE
    value: Callable[[TokenClass], float] = lambda part: float(  # noqa: E731
        part.tokens if unit is Measure.TOKENS else part.list_price
    )
    series = [
        {
            "name": part.label,
            "color": place + 1,
            "values": [value(part) if n == place else None for n in range(len(classes))],
        }
        for place, part in enumerate(classes)
    ]
    return _chart(unit, [part.label for part in classes], series, horizontal=True, legend=False)


def time_table(
    cells: dict[tuple[date, str], Figures], span: Range, measure: Measure, colors: dict[str, int], *, today: date
) -> TimeTable:
    by_month = len(span.days) > DAYS_BY_DAY
    label: Callable[[date], str] = _month if by_month else _day
    labels = list(dict.fromkeys(label(day) for day in span.days))
    sums: dict[str, dict[str, Decimal | int]] = defaultdict(lambda: dict.fromkeys(labels, 0))
    for (day, model), figures in cells.items():
        sums[model if model in colors else OTHER][label(day)] += measure.of(figures)
    names = sorted(sums, key=lambda name: colors.get(name, 8))
    series = [(name, colors.get(name, 8)) for name in names]
    rows = [(at, [sums[name][at] for name in names], sum(sums[name][at] for name in names)) for at in labels]
    drawn = [
        {"name": name, "color": color, "values": [float(sums[name][at]) for at in labels]} for name, color in series
    ]
    chart = _chart(measure, labels, drawn, partial=label(today) if today <= span.end else None)
    return TimeTable(chart, series, rows, by_month)


def _chart(measure: Measure, labels: list[str], series: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "bar", "unit": measure.unit, "labels": labels, "series": series, **more}


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _month(day: date) -> str:
    return f"{day:%b %Y}"
