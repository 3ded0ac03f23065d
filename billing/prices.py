"""The prices that pages show, copied from Stripe so that they show when Stripe does not answer."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from billing import gateway
from billing.gateway import Price, SetupReport
from billing.models import StripePrice


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
