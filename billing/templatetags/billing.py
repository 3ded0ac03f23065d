"""Amounts and days as billing pages say them."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing import words

register = template.Library()

INVOICE_BADGES = {"paid": "ok", "open": "warning", "uncollectible": "failed", "draft": "queued", "void": "paused"}


register.filter(words.money)


@register.filter
def credit(cents: int) -> int:
    """A negative amount as what is given back."""
    return -cents


@register.filter
def day(moment: datetime) -> SafeString:
    """The day in words, with the exact time on hover."""
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M"),
        words.day_of(moment),
    )


@register.filter
def card_month(expires: str) -> str:
    """The end of a card, kept as `2030-04`, as cards have it: `04/2030`."""
    return "/".join(reversed(expires.split("-")))


@register.filter
def invoice_badge(status: str) -> str:
    return INVOICE_BADGES.get(status, "queued")
