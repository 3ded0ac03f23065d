"""How figures are written on pages: short, with the exact value on hover."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from usage.reports import Figures, Kind

register = template.Library()

CENT = Decimal("0.01")
STEPS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def usd_text(value: Decimal) -> str:
    """`$1,284.50`; amounts under a cent say so rather than show zero."""
    if 0 < value < CENT:
        return "under $0.01"
    return f"${value.quantize(CENT):,}"


def tokens_text(value: int) -> str:
    """`1.2M`: at most three digits and a letter."""
    for size, letter in STEPS:
        # What rounds up to the next step is written in it: 999,960 is 1M, not 1000k.
        if value >= size * 0.99995:
            short = value / size
            return f"{short:.0f}{letter}" if short >= 100 else f"{short:.1f}".removesuffix(".0") + letter
    return str(value)


@register.filter
def usd(value: Decimal) -> SafeString:
    exact = f"{value.normalize():f}" if value else "0"
    return format_html('<span data-exact title="${}">{}</span>', exact, usd_text(value))


@register.filter
def tokens(value: int) -> SafeString:
    return format_html('<span data-exact title="{} tokens">{}</span>', f"{value:,}", tokens_text(value))


@register.filter
def amount(figures: Figures, kind: Kind) -> Decimal:
    """The amount of one kind of money in some figures."""
    value: Decimal = getattr(figures, kind.name)
    return value


@register.filter
def measured(value: Decimal | int, unit: str) -> SafeString:
    """A value of a chart, written as its unit asks: `usd` or `tokens`."""
    return usd(Decimal(value)) if unit == "usd" else tokens(int(value))


@register.filter
def percent_of(part: Decimal | int, whole: Decimal | int) -> int:
    """A whole number of percent; 0 of nothing is 0."""
    return round(100 * part / whole) if whole else 0
