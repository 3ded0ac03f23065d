"""Amounts and days as billing pages say them."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

INVOICE_BADGES = {"paid": "ok", "open": "warning", "uncollectible": "failed", "draft": "queued", "void": "paused"}


@register.filter
def money(cents: int, currency: str = "usd") -> str:
    """Cents as `$1,284.50`, and as `1,284.50 EUR` in another currency than US dollars."""
    amount = Decimal(cents) / 100
    sign = "-" if amount < 0 else ""
    if currency.lower() == "usd":
        return f"{sign}${abs(amount):,.2f}"
    return f"{sign}{abs(amount):,.2f} {currency.upper()}"


@register.filter
def credit(cents: int) -> int:
    """A negative amount as what is given back."""
    return -cents


@register.filter
def day(moment: datetime) -> SafeString:
    """The day in words, with the exact time on hover."""
    return format_html(
        '<time datetime="{}" title="{} UTC">{} {}</time>',
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M"),
        moment.day,
        moment.strftime("%b %Y"),
    )


@register.filter
def card_month(expires: str) -> str:
    """The end of a card, kept as `2030-04`, as cards have it: `04/2030`."""
    return "/".join(reversed(expires.split("-")))


@register.filter
def invoice_badge(status: str) -> str:
    return INVOICE_BADGES.get(status, "queued")
