"""Prices: our copy for pages, so that they show when Stripe does not answer, and the one that is charged."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from billing import errors, gateway
from billing.gateway import Price, SetupReport, StripeMissing
from billing.models import StripePrice

# By plan and interval.
Prices = Mapping[tuple[str, str], StripePrice]


def shown_prices() -> Prices:
    """Our copy; empty until `stripe_setup` has run."""
    return {(price.plan, price.interval): price for price in StripePrice.objects.all()}


def price_to_charge(plan: str, interval: str) -> Price:
    """What Stripe sells the plan for now. Raises PriceMissing, GatewayErrors."""
    try:
        return gateway.find_price(plan, interval)
    except StripeMissing as error:
        raise errors.PriceMissing from error


def set_up(*, webhook_url: str, yearly: Mapping[str, int], replace: bool) -> SetupReport:
    """`gateway.set_up`, and its prices kept."""
    report = gateway.set_up(webhook_url=webhook_url, yearly=yearly, replace=replace)
    keep(report.prices)
    return report


def refresh_prices() -> bool:
    """Fetch the prices and keep them. Returns whether anything differed. Raises GatewayErrors."""
    return keep(gateway.list_prices())


@transaction.atomic
def keep(prices: Iterable[Price]) -> bool:
    """Make our rows these prices and no others. Returns whether anything differed."""
    before = {row.lookup_key: _facts(row) for row in StripePrice.objects.select_for_update()}
    after = {price.lookup_key: _facts(price) for price in prices}
    for key, facts in after.items():
        if before.get(key) != facts:
            StripePrice.objects.update_or_create(lookup_key=key, defaults=facts)
    StripePrice.objects.exclude(lookup_key__in=after).delete()
    return before != after


def _facts(price: Price | StripePrice) -> dict[str, str | int]:
    return {
        "stripe_id": price.id if isinstance(price, Price) else price.stripe_id,
        "plan": price.plan,
        "interval": price.interval,
        "unit_amount_cents": price.unit_amount_cents,
        "currency": price.currency,
    }
