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
MILLION = Decimal(1_000_000)
COST_PLACES = Decimal("1e-10")
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
    "request": ("request",),
}
REQUEST = "request"


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


Tiers = tuple[tuple[int, Decimal], ...]
Rates = Mapping[str, Tiers]


class PriceBook:
    """All prices of one version, ready for look-ups. Immutable but for its memory of resolved rates."""

    def __init__(self, version: int, lines: Iterable[PriceLine]) -> None:
        self.version = version
        self._lines: dict[tuple[str, str], list[PriceLine]] = defaultdict(list)
        self._off_peak: set[tuple[str, str]] = set()
        for line in lines:
            self._lines[line.provider, line.model].append(line)
            if line.daily_from:
                self._off_peak.add((line.provider, line.model))
        self._resolved = lru_cache(maxsize=4096)(self._resolve)

    def price(self, record: UsageRecord) -> Priced:
        """The list price of the call, exact to ten places."""
        ref = identify(record.model, record.provider)
        if ref is None:
            return Priced(record.provider, None, "unknown model")
        context, reason = _context(record)
        if reason:
            return Priced(ref.provider, None, reason)
        at = record.occurred_at.astimezone(UTC)
        moment = at.time() if (ref.owner, ref.model) in self._off_peak else None
        rates = self._resolved(ref, context, at.date(), moment)
        if rates is None:
            return Priced(ref.provider, None, "no price for this kind of request")
        cost = _cost(rates, record.tokens)
        return Priced(ref.provider, cost, "" if cost else "no price for these tokens")

    def _resolve(self, ref: ModelRef, context: str, day: date, moment: time | None) -> Rates | None:
        lines = self._lines.get((ref.owner, ref.model), [])
        active = [line for line in lines if _holds(line, day, moment)]
        chosen = _standard(active)
        if not chosen:
            return None
        override = [line for line in active if line.context == context and context != STANDARD]
        if context != STANDARD and (not override or ref.owner != ref.provider):
            return None
        for component in {line.component for line in override}:
            first = min(line.position for line in override if line.component == component)
            chosen[component] = [o for o in override if o.component == component and o.position == first]
        return {name: tuple(sorted((o.tier_start, o.usd) for o in found)) for name, found in chosen.items()}


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


def _context(record: UsageRecord) -> tuple[str, str]:
    """The one context that changes the price, or a reason why the price cannot be known."""
    found = []
    if record.speed not in NEUTRAL_SPEED:
        found.append(f"speed={record.speed}")
    if record.service_tier not in NEUTRAL_TIER:
        found.append(f"service_tier={record.service_tier}")
    if record.batch:
        found.append("processing=batch")
    if len(found) > 1:
        return STANDARD, "no price for this mix of speed, tier and batch"
    return (found[0] if found else STANDARD), ""


def _cost(rates: Rates, tokens: TokenCounts) -> Cost | None:
    reasoning = tokens.reasoning if "reasoning" in rates else 0
    size = tokens.input
    try:
        return Cost(
            _dollars(_part(rates, "input", tokens.input_uncached, size) + _part(rates, REQUEST, 1, size)),
            _dollars(_part(rates, "cache_read", tokens.cache_read, size)),
            _dollars(
                # A write of unsaid lifetime is priced as the shorter and cheaper one, which most clients use.
                _part(rates, "cache_write_5m", tokens.cache_write_5m + tokens.cache_write_unsplit, size)
                + _part(rates, "cache_write_1h", tokens.cache_write_1h, size)
            ),
            _dollars(
                _part(rates, "output", tokens.output - reasoning, size) + _part(rates, "reasoning", reasoning, size)
            ),
        )
    except LookupError:
        return None


def _part(rates: Rates, part: str, count: int, request_input: int) -> Decimal:
    """Dollars times a million; raises LookupError for tokens that have no price."""
    if not count or (part == REQUEST and REQUEST not in rates):
        return ZERO
    for component in CHAINS[part]:
        if component in rates:
            return _rate(rates[component], request_input) * count
    raise LookupError(part)


def _dollars(millionths: Decimal) -> Decimal:
    return (millionths / MILLION).quantize(COST_PLACES) if millionths else ZERO


def _rate(tiers: Tiers, request_input: int) -> Decimal:
    usd = tiers[0][1]
    for start, price in tiers[1:]:
        if request_input > start:
            usd = price
    return usd


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
