"""What a report says of some calls: counts, tokens, and amounts of money that are never added to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import DecimalField, Q, Sum, Value
from django.db.models.functions import Coalesce

from usage.models import Basis, Billing

ZERO = Decimal(0)


class Kind(NamedTuple):
    """A kind of money: the attribute of Figures, what a column of it is called, and how the figure came about."""

    name: str
    heading: str
    basis: str


KINDS = (
    Kind("billed", "Billed", "billed"),
    Kind("api", "API use", "computed from list prices"),
    Kind("subscription", "Subscription use", "list-price equivalent, which nobody paid"),
    Kind("unknown", "Use, API or subscription not said", "list-price equivalent"),
    Kind("estimated", "Use without a list price", "estimated by the provider or the client"),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over some calls. Tokens are exclusive parts, `reasoning` is inside `output`; money as the module says."""

    events: int = 0
    unpriced_events: int = 0
    input_uncached: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_write_unsplit: int = 0
    output: int = 0
    reasoning: int = 0
    billed: Decimal = ZERO
    api: Decimal = ZERO
    subscription: Decimal = ZERO
    unknown: Decimal = ZERO
    estimated: Decimal = ZERO
    list_price: Decimal = ZERO
    cost_input: Decimal = ZERO
    cost_cache_read: Decimal = ZERO
    cost_cache_write: Decimal = ZERO
    cost_output: Decimal = ZERO

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def __sub__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, field.name) - getattr(other, field.name) for field in fields(self)))

    @property
    def cache_write(self) -> int:
        return self.cache_write_5m + self.cache_write_1h + self.cache_write_unsplit

    @property
    def input(self) -> int:
        return self.input_uncached + self.cache_read + self.cache_write

    @property
    def tokens(self) -> int:
        return self.input + self.output


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a report; `key` is stable and for programs, `label` for people."""

    key: str
    label: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class TokenClass:
    """A class of token with its part of the list price."""

    key: str
    label: str
    tokens: int
    list_price: Decimal


def kinds_in(figures: Figures) -> list[Kind]:
    """The kinds of money that occur in a sum, the most certain first."""
    return [kind for kind in KINDS if getattr(figures, kind.name)]


def _money(column: str, **only: Any) -> Coalesce:
    total = Sum(column, filter=Q(**only)) if only else Sum(column)
    return Coalesce(total, Value(ZERO), output_field=DecimalField(max_digits=24, decimal_places=10))


_COUNTS = tuple(field.name for field in fields(Figures))[:9]
_PARTS = tuple(field.name for field in fields(Figures))[-4:]
AGGREGATES: dict[str, Any] = {
    **{f"sum_{name}": Coalesce(Sum(name), Value(0)) for name in _COUNTS},
    **{f"sum_{name}": _money(name) for name in _PARTS},
    "sum_billed": _money("reported_cost", basis=Basis.BILLED),
    "sum_api": _money("computed_cost", basis=Basis.COMPUTED, billing=Billing.API),
    "sum_subscription": _money("computed_cost", basis=Basis.COMPUTED, billing=Billing.SUBSCRIPTION),
    "sum_unknown": _money("computed_cost", basis=Basis.COMPUTED, billing=Billing.UNKNOWN),
    "sum_estimated": _money("reported_cost", basis__in=(Basis.PROVIDER_ESTIMATED, Basis.CLIENT_ESTIMATED)),
    "sum_list_price": _money("computed_cost"),
}


def figures_of(row: Mapping[str, Any]) -> Figures:
    return Figures(**{field.name: row[f"sum_{field.name}"] for field in fields(Figures)})
