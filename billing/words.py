"""Amounts and days as pages and mails say them."""

from datetime import datetime
from decimal import Decimal


def money(cents: int, currency: str = "usd") -> str:
    """Cents as `$1,284.50`, and as `1,284.50 EUR` in another currency than US dollars."""
    amount = Decimal(cents) / 100
    sign = "-" if amount < 0 else ""
    if currency.lower() == "usd":
        return f"{sign}${abs(amount):,.2f}"
    return f"{sign}{abs(amount):,.2f} {currency.upper()}"


def day_of(moment: datetime) -> str:
    """`3 Dec 2026`."""
    return f"{moment.day} {moment:%b %Y}"
