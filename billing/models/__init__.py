"""What we know of teams' subscriptions: the account, the mirror of Stripe's state, and the traffic with it."""

from billing.models.account import BillingAccount, Source
from billing.models.mirror import Interval, Invoice, StripePrice, Subscription
from billing.models.traffic import (
    ChangeKind,
    ChangeState,
    Checkout,
    CheckoutState,
    Notice,
    NoticeKind,
    StripeChange,
    StripeEvent,
)

__all__ = [
    "BillingAccount",
    "ChangeKind",
    "ChangeState",
    "Checkout",
    "CheckoutState",
    "Interval",
    "Invoice",
    "Notice",
    "NoticeKind",
    "Source",
    "StripeChange",
    "StripeEvent",
    "StripePrice",
    "Subscription",
]
