"""What a model call costs at list prices, worked out from one version of the price book.

The book holds what vendors publish: a price per million tokens for each component, by date, by request context (batch,
fast, priority) and by tier. A tier is chosen by the input of one request, cached tokens included, and then applies to
all of it; that is why calls are priced one by one and never as sums. A model, context or component without a price
makes the call unpriced: never zero, never a guess.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, time
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from genai_prices import data_snapshot
from genai_prices.types import ModelInfo, Provider

from usage.sources import TokenCounts, UsageRecord

BEDROCK = re.compile(r"(?:[a-z]{2,8}\.)?anthropic\.")
ZERO = Decimal(0)
UNITS = 10**10  # prices and costs are kept to ten places
STANDARD = ""  # the context of an ordinary request
NEUTRAL_SPEED = frozenset(("", "normal", "standard"))
NEUTRAL_TIER = frozenset(("", "auto", "default", "standard"))

# Where the price of a component is looked for: its own first, then that of the wider one it is part of.
CHAINS: dict[str, tuple[str, ...]] = {
    "input": ("input",),
    "cache_read": ("cache_read", "input"),
    "cache_write_5m": ("cache_write_5m", "cache_write", "input"),
    "cache_write_1h": ("cache_write_1h", "cache_write", "input"),
    "output": ("output",),
    "reasoning": ("reasoning", "output"),
}


class PriceLine(NamedTuple):
    """One published price, valid from `valid_from` (UTC, inclusive) to `valid_to` (exclusive); None is open.

    `usd` is per million tokens, or per million requests for the component `request`. `position` keeps the publisher's
    order, which decides between lines that hold at once; `daily_*` bound a window of the day (off-peak prices).
    """

    provider: str
    model: str
    component: str
    context: str
    position: int
    tier_start: int
    usd: Decimal
    valid_from: date | None
    valid_to: date | None
    daily_from: time | None
    daily_to: time | None


class ModelRef(NamedTuple):
    """A model as the price list knows it: `provider` serves it, `owner` publishes its price."""

    provider: str
    owner: str
    model: str


class Cost(NamedTuple):
    """Dollars of one call by class of token, each exact to ten places; a charge per request is part of `input`."""

    input: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal

    @property
    def total(self) -> Decimal:
        return self.input + self.cache_read + self.cache_write + self.output


class Priced(NamedTuple):
    """The outcome for one call: `cost` is None when it is unpriced, and `reason` then says why."""

    provider: str
    cost: Cost | None
    reason: str


class Rates(NamedTuple):
    """What each part of a call costs, in units of 1e-10 dollars per million; None where there is no price."""

    input: int | None
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None
    output: int | None
    reasoning: int | None
    request: int


# (input tokens above which they hold, rates), lowest first.
Tariff = tuple[tuple[int, Rates], ...]


class Found(NamedTuple):
    """A tariff, or the reason why there is none; `by_hour` when it must be looked up for the time of day as well."""

    provider: str
    tariff: Tariff
    reason: str
    by_hour: ModelRef | None = None


class PriceBook:
    """All prices of one version, ready for look-ups. Immutable but for its memory of tariffs."""

    def __init__(self, version: int, lines: Iterable[PriceLine]) -> None:
        self.version = version
        self._lines: dict[tuple[str, str], list[PriceLine]] = defaultdict(list)
        for line in lines:
            self._lines[line.provider, line.model].append(line)
        self._find_cached = lru_cache(maxsize=4096)(self._find)

    def price(self, record: UsageRecord) -> Priced:
        """The list price of the call, exact to ten places."""
        at = record.occurred_at if record.occurred_at.tzinfo is UTC else record.occurred_at.astimezone(UTC)
        kind = (record.speed, record.service_tier, record.batch)
        found = self._find_cached(record.model, record.provider, *kind, at.date())
        tariff = found.tariff
        if found.by_hour:
            tariff = self._tariff(found.by_hour, _context(*kind)[0], at.date(), at.time())
        if not tariff:
            return Priced(found.provider, None, found.reason)
        cost = _cost(tariff, record.tokens)
        return Priced(found.provider, cost, "" if cost else "no price for these tokens")

    def _find(self, model: str, provider: str, speed: str, service_tier: str, batch: bool, day: date) -> Found:
        ref = identify(model, provider)
        if ref is None:
            return Found(provider, (), "unknown model")
        context, reason = _context(speed, service_tier, batch)
        if reason:
            return Found(ref.provider, (), reason)
        by_hour = any(line.daily_from for line in self._lines.get((ref.owner, ref.model), ()))
        tariff = self._tariff(ref, context, day, None)
        return Found(ref.provider, tariff, "no price for this kind of request", ref if by_hour else None)

    def _tariff(self, ref: ModelRef, context: str, day: date, moment: time | None) -> Tariff:
        """The rates that hold for a kind of request at a moment; empty when it has no price."""
        active = [line for line in self._lines.get((ref.owner, ref.model), ()) if _holds(line, day, moment)]
        chosen = _standard(active)
        override = [line for line in active if line.context == context and context != STANDARD]
        if context != STANDARD and (not override or ref.owner != ref.provider):
            return ()
        for component in {line.component for line in override}:
            first = min(line.position for line in override if line.component == component)
            chosen[component] = [line for line in override if line.component == component and line.position == first]
        starts = sorted({line.tier_start for lines in chosen.values() for line in lines})
        return tuple((start, _rates(chosen, start)) for start in starts)


def _holds(line: PriceLine, day: date, moment: time | None) -> bool:
    if line.valid_from and day < line.valid_from:
        return False
    if line.valid_to and day >= line.valid_to:
        return False
    if line.daily_from is None or line.daily_to is None or moment is None:
        return line.daily_from is None
    if line.daily_to < line.daily_from:
        return moment >= line.daily_from or moment < line.daily_to
    return line.daily_from <= moment < line.daily_to


def _standard(active: list[PriceLine]) -> dict[str, list[PriceLine]]:
    """The last price set that holds replaces earlier ones whole: a component it lacks has no price of its own."""
    standard = [line for line in active if line.context == STANDARD]
    last = max((line.position for line in standard), default=0)
    chosen: dict[str, list[PriceLine]] = defaultdict(list)
    for line in standard:
        if line.position == last:
            chosen[line.component].append(line)
    return chosen


def _context(speed: str, service_tier: str, batch: bool) -> tuple[str, str]:
    """The one context that changes the price, or a reason why the price cannot be known."""
    found = []
    if speed not in NEUTRAL_SPEED:
        found.append(f"speed={speed}")
    if service_tier not in NEUTRAL_TIER:
        found.append(f"service_tier={service_tier}")
    if batch:
        found.append("processing=batch")
    if len(found) > 1:
        return STANDARD, "no price for this mix of speed, tier and batch"
    return (found[0] if found else STANDARD), ""


def _rates(chosen: Mapping[str, list[PriceLine]], start: int) -> Rates:
    """The rates above `start` input tokens: of each component the highest tier that begins there or below."""
    units: dict[str, int] = {}
    for component, lines in chosen.items():
        reached = [line for line in lines if line.tier_start <= start]
        if reached:
            units[component] = int(max(reached, key=lambda line: line.tier_start).usd * UNITS)
    found = {part: next((units[name] for name in chain if name in units), None) for part, chain in CHAINS.items()}
    return Rates(**found, request=units.get("request", 0))


def _cost(tariff: Tariff, tokens: TokenCounts) -> Cost | None:
    """None when some of the tokens have no price."""
    size = tokens.input
    rates = tariff[0][1]
    for start, higher in tariff[1:]:
        if size > start:
            rates = higher
    # A write of unsaid lifetime is priced as the shorter and cheaper one, which most clients use.
    short = tokens.cache_write_5m + tokens.cache_write_unsplit
    try:
        return Cost(
            _dollars(_part(rates.input, tokens.input_uncached) + rates.request),
            _dollars(_part(rates.cache_read, tokens.cache_read)),
            _dollars(_part(rates.cache_write_5m, short) + _part(rates.cache_write_1h, tokens.cache_write_1h)),
            _dollars(_part(rates.output, tokens.output - tokens.reasoning) + _part(rates.reasoning, tokens.reasoning)),
        )
    except LookupError:
        return None


def _part(rate: int | None, count: int) -> int:
    """In units of 1e-16 dollars; raises LookupError for tokens without a price."""
    if not count:
        return 0
    if rate is None:
        raise LookupError
    return rate * count


def _dollars(amount: int) -> Decimal:
    """Rounded to ten places, halves up."""
    return Decimal((amount + 500_000) // 1_000_000).scaleb(-10) if amount else ZERO


@lru_cache(maxsize=8192)
def identify(model: str, provider: str) -> ModelRef | None:
    """Which published model a name means; None when nobody publishes it.

    `provider` may be empty, then the name decides. The library's own look-up is passed by: it keeps every name it was
    ever asked for, and names come from strangers.
    """
    providers = data_snapshot.get_snapshot().providers
    name = model.lower().removeprefix("models/")
    if not provider and BEDROCK.match(name):
        provider = "aws"
    elif not provider and "/" in name:
        # Routers put the provider in front: openai/gpt-5.5.
        provider, _, name = name.partition("/")
    served_by = _provider(providers, name, provider)
    if served_by is None:
        return None
    info = served_by.find_model(name, all_providers=providers)
    if info is None:
        return None
    return ModelRef(served_by.id, _owner(providers, served_by, info).id, info.id)


def _provider(providers: list[Provider], model: str, provider: str) -> Provider | None:
    if provider:
        return data_snapshot.find_provider_by_id(providers, provider)
    return next((p for p in providers if p.model_match is not None and p.model_match.is_match(model)), None)


def _owner(providers: list[Provider], served_by: Provider, info: ModelInfo) -> Provider:
    lenders = (p for p in providers if p.id in (served_by.fallback_model_providers or ()))
    return next((p for p in (served_by, *lenders) if any(info is own for own in p.models)), served_by)
