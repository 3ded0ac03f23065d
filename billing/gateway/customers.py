"""Customers: who pays, and everything we keep of them, fetched at one time."""

from itertools import islice
from typing import TYPE_CHECKING

from billing.gateway.client import RETRIES_UNDER_LOCK, asking
from billing.gateway.prices import price_by_id
from billing.gateway.reading import card_from, id_of, invoice_from, subscription_from, waits_for_holder
from billing.gateway.types import LiveCustomer, LiveInvoice, LiveSubscription, Price

if TYPE_CHECKING:
    import stripe

PAGE = 100
# Far above what a customer of ours can have; below what a sync has time for.
MOST_SUBSCRIPTIONS = 300
NEWEST_INVOICES = 24
MOST_OPEN_INVOICES = 100
ENDED = ("canceled", "incomplete_expired")


def create_customer(*, team_id: str, name: str, email: str, key: str) -> str:
    """A new customer for a team. Returns Stripe's id of it."""
    with asking() as client:
        customer = client.v1.customers.create(
            {"name": name, "email": email, "metadata": {"pare_team": team_id}}, {"idempotency_key": key}
        )
    return customer.id


def fetch_customer(customer_id: str) -> LiveCustomer:
    """The customer as it is now. Raises StripeMissing if Stripe never knew it (or knows it in the other mode only)."""
    with asking(RETRIES_UNDER_LOCK) as client:
        expand = ["invoice_settings.default_payment_method"]
        customer = client.v1.customers.retrieve(customer_id, {"expand": expand})
        if getattr(customer, "deleted", False):  # the key is there only when it is true
            return LiveCustomer(customer_id, True, "", "", "", "", (), ())
        found = _subscriptions(client, customer_id)
        invoices = _invoices(client, customer_id)
        subscriptions = _ours(client, found)
    brand, last4, expires = _card(customer, found)
    return LiveCustomer(
        id=customer_id,
        deleted=False,
        currency=customer.currency or "",
        card_brand=brand,
        card_last4=last4,
        card_expires=expires,
        subscriptions=tuple(subscriptions),
        invoices=tuple(invoices),
    )


def _subscriptions(client: "stripe.StripeClient", customer_id: str) -> "list[stripe.Subscription]":
    """All of them, newest first, also those that have ended."""
    listed = client.v1.subscriptions.list(
        {
            "customer": customer_id,
            "status": "all",
            "limit": PAGE,
            "expand": ["data.schedule", "data.default_payment_method"],
        }
    )
    return list(islice(listed.auto_paging_iter(), MOST_SUBSCRIPTIONS))


def _ours(client: "stripe.StripeClient", found: "list[stripe.Subscription]") -> list[LiveSubscription]:
    known: dict[str, Price | None] = {}

    def find(price_id: str) -> Price | None:
        if price_id not in known:
            known[price_id] = price_by_id(client, price_id)
        return known[price_id]

    read = (subscription_from(subscription, find) for subscription in found)
    return [subscription for subscription in read if subscription is not None]


def _invoices(client: "stripe.StripeClient", customer_id: str) -> list[LiveInvoice]:
    """The newest ones and all open ones, newest first."""
    newest = client.v1.invoices.list({"customer": customer_id, "limit": NEWEST_INVOICES})
    unpaid = client.v1.invoices.list({"customer": customer_id, "status": "open", "limit": PAGE})
    both = {invoice.id: invoice for invoice in (*newest.data, *islice(unpaid.auto_paging_iter(), MOST_OPEN_INVOICES))}
    ordered = sorted(both.values(), key=lambda invoice: invoice.created, reverse=True)
    return [invoice_from(invoice, _needs_confirmation(client, invoice)) for invoice in ordered]


def _needs_confirmation(client: "stripe.StripeClient", invoice: "stripe.Invoice") -> bool:
    if invoice.status != "open" or not invoice.attempted:
        return False
    listed = client.v1.invoice_payments.list({"invoice": invoice.id, "expand": ["data.payment.payment_intent"]})
    return waits_for_holder(listed.data)


def _card(customer: "stripe.Customer", found: "list[stripe.Subscription]") -> tuple[str, str, str]:
    """The card that will be charged: the subscription's own goes before the customer's, as at Stripe."""
    methods = [item.default_payment_method for item in found if item.status not in ENDED]
    if customer.invoice_settings:
        methods.append(customer.invoice_settings.default_payment_method)
    return card_from(next((method for method in methods if id_of(method)), None))
