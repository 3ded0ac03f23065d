"""The price book in the database: filled and refreshed from the installed `genai-prices`, kept by version.

A refresh that finds other prices closes the old lines and opens new ones under the next version number. Events keep the
number they were priced with, so nothing is re-priced behind anyone's back.
"""

from __future__ import annotations

import hashlib
import time as clock
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version as installed_version

from django.db import connection, transaction
from genai_prices import data_snapshot
from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, StartDateConstraint, TieredPrices
from genai_prices.types import TimeOfDateConstraint as DailyWindow

from usage.models import PriceRow, PriceVersion
from usage.pricing import STANDARD, PriceBook, PriceLine

_LOCK = 7_202_602
CHECK_EVERY = 60.0  # seconds between looks for a newer version
PLACES = Decimal("1e-10")
# What the publisher's price keys are called here, and what brings them to a price per million.
COMPONENTS: dict[str, tuple[str, int]] = {
    "input_mtok": ("input", 1),
    "cache_read_mtok": ("cache_read", 1),
    "cache_write_mtok": ("cache_write", 1),
    "cache_write_5m_mtok": ("cache_write_5m", 1),
    "cache_write_1h_mtok": ("cache_write_1h", 1),
    "output_mtok": ("output", 1),
    "output_reasoning_mtok": ("reasoning", 1),
    "requests_kcount": ("request", 1000),
}
FIELDS = PriceLine._fields[:6] + ("usd_per_mtok",) + PriceLine._fields[7:]


def installed_source() -> str:
    return f"genai-prices {installed_version('genai-prices')}"


def installed_lines() -> list[PriceLine]:
    """Every text-token price of the installed package, flattened to dated lines."""
    providers = data_snapshot.get_snapshot().providers
    return [line for provider in providers for model in provider.models for line in _lines(provider.id, model)]


def _lines(provider: str, model: ModelInfo) -> Iterator[PriceLine]:
    prices = model.prices if isinstance(model.prices, list) else [ConditionalPrice(prices=model.prices)]
    starts = [p.constraint.start_date if isinstance(p.constraint, StartDateConstraint) else None for p in prices]
    for position, conditional in enumerate(prices):
        # The first set also prices what came before any date: that is the publisher's rule.
        valid_from = starts[position] if position else None
        later = [start for start in starts[position + 1 :] if start is not None]
        window = conditional.constraint if isinstance(conditional.constraint, DailyWindow) else None
        base = PriceLine(provider, model.id, "", STANDARD, position, 0, PLACES, valid_from, None, None, None)
        if window is None:
            base = base._replace(valid_to=min(later, default=None))
        else:
            base = base._replace(daily_from=_utc(window.start_time), daily_to=_utc(window.end_time))
        yield from _components(base, conditional.prices)
    for position, variant in enumerate(model.price_variants or ()):
        if len(variant.when) != 1 or isinstance(variant.constraint, DailyWindow):
            continue  # none is published so; left out, such a request is unpriced rather than wrong
        [(key, value)] = variant.when.items()
        start = variant.constraint.start_date if variant.constraint else None
        base = PriceLine(provider, model.id, "", f"{key}={value}", position, 0, PLACES, start, None, None, None)
        yield from _components(base, variant.prices)


def _utc(moment: time) -> time:
    """The time of day in UTC, without its zone: how the column keeps it."""
    return datetime.combine(date(1970, 1, 1), moment).astimezone(UTC).time() if moment.tzinfo else moment


def _components(base: PriceLine, prices: ModelPrice) -> Iterator[PriceLine]:
    for key, price in vars(prices).items():
        if price is None or key not in COMPONENTS:
            continue
        component, factor = COMPONENTS[key]
        tiers = [(0, price)]
        if isinstance(price, TieredPrices):
            tiers = [(0, price.base), *((tier.start, tier.price) for tier in price.tiers)]
        for start, usd in tiers:
            yield base._replace(component=component, tier_start=start, usd=(usd * factor).quantize(PLACES))


@transaction.atomic
def refresh(lines: Iterable[PriceLine] | None = None, source: str = "") -> int:
    """Bring the book to these lines (by default the installed package's) and give its version number.

    Without a difference the current version stays. Callers queue, so two refreshes at once make one version.
    """
    wanted = set(installed_lines() if lines is None else lines)
    source = source or installed_source()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    latest = PriceVersion.objects.order_by("-number").first()
    current = {_line(row): row.pk for row in PriceRow.objects.filter(retired_in=None)}
    if latest and wanted == current.keys():
        return latest.number
    number = latest.number + 1 if latest else 1
    gone = [pk for line, pk in current.items() if line not in wanted]
    PriceRow.objects.filter(pk__in=gone).update(retired_in=number)
    new = sorted(wanted - current.keys(), key=repr)
    PriceRow.objects.bulk_create((_row(line, number, source) for line in new), batch_size=2000)
    PriceVersion.objects.create(number=number, source=source, digest=digest_of(wanted))
    return number


def _row(line: PriceLine, number: int, source: str) -> PriceRow:
    return PriceRow(**dict(zip(FIELDS, line, strict=True)), version=number, source=source)


def _line(row: PriceRow) -> PriceLine:
    return PriceLine(*(getattr(row, field) for field in FIELDS))


def digest_of(lines: Iterable[PriceLine]) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, lines))).encode()).hexdigest()


def load(number: int) -> PriceBook:
    rows = PriceRow.objects.of_version(number).values_list(*FIELDS)
    return PriceBook(number, (PriceLine(*row) for row in rows.iterator(chunk_size=5000)))


class _Current:
    """The newest book, kept in this process and checked against the database once in a while."""

    def __init__(self) -> None:
        self._book: tuple[str, PriceBook] | None = None
        self._checked = 0.0

    def get(self) -> PriceBook:
        if self._book and clock.monotonic() - self._checked < CHECK_EVERY:
            return self._book[1]
        latest = PriceVersion.objects.order_by("-number").first()
        if latest is None:
            refresh()
            latest = PriceVersion.objects.latest("number")
        key = f"{latest.number}:{latest.digest}"
        if self._book is None or self._book[0] != key:
            self._book = (key, load(latest.number))
        self._checked = clock.monotonic()
        return self._book[1]

    def forget(self) -> None:
        self._book = None


_current = _Current()


def current() -> PriceBook:
    """The book to price with now; fills an empty one first."""
    return _current.get()


def forget() -> None:
    """Makes the next `current()` look again; for the process that has just refreshed the book."""
    _current.forget()
