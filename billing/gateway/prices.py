"""The prices of our plans, found by their lookup keys."""

from typing import TYPE_CHECKING

from billing.gateway.client import asking
from billing.gateway.errors import StripeMissing
from billing.gateway.reading import INTERVALS, PAID_PLANS, lookup_key, price_from
from billing.gateway.types import Price

if TYPE_CHECKING:
    import stripe


def find_price(plan: str, interval: str) -> Price:
    """The price that new subscriptions to this plan get; `interval` is "month" or "year".

    Raises StripeMissing when `manage.py stripe_setup` has not made one.
    """
    key = lookup_key(plan, interval)
    for price in _active([key]):
        return price
    raise StripeMissing("price_missing", f"Stripe has no price {key}: `manage.py stripe_setup` makes it.")


def list_prices() -> list[Price]:
    """All prices that new subscriptions can get, plan by plan, the monthly one first."""
    keys = [lookup_key(plan, interval) for plan in PAID_PLANS for interval in INTERVALS]
    return sorted(_active(keys), key=lambda price: keys.index(price.lookup_key))


def price_by_id(client: "stripe.StripeClient", price_id: str) -> Price | None:
    """Any price of ours, also one that is no longer sold."""
    return price_from(client.v1.prices.retrieve(price_id))


def _active(keys: list[str]) -> list[Price]:
    with asking(retries=1) as client:
        found = client.v1.prices.list({"lookup_keys": keys, "active": True, "limit": len(keys)})
        prices = [price_from(price) for price in found.data]
    return [price for price in prices if price is not None]
