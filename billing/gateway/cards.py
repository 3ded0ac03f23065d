"""One card for each customer.

Checkout keeps the card on the subscription, the portal on the customer, and Stripe charges the subscription's first:
a card mended in the portal would never be charged. So the card moves to the customer before anyone goes to the portal.
"""

from itertools import islice
from typing import TYPE_CHECKING

from billing.gateway.reading import price_from

if TYPE_CHECKING:
    import stripe

PAGE = 100
MOST_SUBSCRIPTIONS = 300


def keep_one_card(client: "stripe.StripeClient", customer_id: str, key: str) -> None:
    """Make the newest of the customer's and its subscriptions' own cards the customer's, and the subscriptions use it.

    Does nothing when no subscription has one of its own. Raises StripeMissing for a customer that was deleted.
    """
    listed = client.v1.subscriptions.list(
        {"customer": customer_id, "limit": PAGE, "expand": ["data.default_payment_method"]}
    )
    running = filter(_may_change, islice(listed.auto_paging_iter(), MOST_SUBSCRIPTIONS))
    own = {item.id: method for item in running if (method := _method(item.default_payment_method)) is not None}
    if not own:
        return
    customer = client.v1.customers.retrieve(customer_id, {"expand": ["invoice_settings.default_payment_method"]})
    has = _method(customer.invoice_settings.default_payment_method) if customer.invoice_settings else None
    newest = max([*own.values(), *([has] if has else [])], key=lambda method: method.created)
    if has is None or has.id != newest.id:
        client.v1.customers.update(
            customer_id,
            {"invoice_settings": {"default_payment_method": newest.id}},
            {"idempotency_key": f"{key}-card-{newest.id}"},
        )
    for subscription_id in own:
        client.v1.subscriptions.update(
            subscription_id, {"default_payment_method": ""}, {"idempotency_key": f"{key}-card-{subscription_id}"}
        )


def _may_change(subscription: "stripe.Subscription") -> bool:
    """One of ours; and one whose first payment is still open cannot be changed."""
    return subscription.status != "incomplete" and any(price_from(item.price) for item in subscription.items.data)


def _method(value: "str | stripe.PaymentMethod | None") -> "stripe.PaymentMethod | None":
    return None if value is None or isinstance(value, str) else value
