"""Which subscription counts, and since when it is unpaid. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from billing.entitlement import LIVE_STATUSES
from billing.gateway.types import LiveInvoice, LiveSubscription

# A payment is due and was not made.
OVERDUE = frozenset({"past_due", "unpaid"})


def choose(subscriptions: Iterable[LiveSubscription]) -> LiveSubscription | None:
    """The one that counts for the team: the oldest that Stripe goes on charging for."""
    return min(_live(subscriptions), key=lambda one: (one.created_at, one.id), default=None)


def duplicates(subscriptions: Sequence[LiveSubscription]) -> list[LiveSubscription]:
    """Live ones beside the one that counts. They are to be ended, and give nothing until then."""
    chosen = choose(subscriptions)
    return [one for one in _live(subscriptions) if one is not chosen]


def _live(subscriptions: Iterable[LiveSubscription]) -> list[LiveSubscription]:
    return [one for one in subscriptions if one.status in LIVE_STATUSES]


def oldest_unpaid(subscription: LiveSubscription | None, invoices: Iterable[LiveInvoice]) -> LiveInvoice | None:
    """The invoice that made an overdue subscription overdue; None for one in good order."""
    if subscription is None or subscription.status not in OVERDUE:
        return None
    unpaid = [one for one in invoices if one.subscription_id == subscription.id and is_unpaid(one)]
    return min(unpaid, key=lambda one: (one.created_at, one.id), default=None)


def is_unpaid(invoice: LiveInvoice) -> bool:
    return invoice.status == "open" and invoice.amount_due_cents > 0


def past_due_since(
    subscription: LiveSubscription, invoices: Iterable[LiveInvoice], known: datetime | None, now: datetime
) -> datetime | None:
    """When the oldest unpaid invoice was made; None for a subscription in good order.

    Without such an invoice (it was written off, say) the moment that is `known` stays: else each look would begin the
    days of grace anew.
    """
    if subscription.status not in OVERDUE:
        return None
    invoice = oldest_unpaid(subscription, invoices)
    return invoice.created_at if invoice else known or now
