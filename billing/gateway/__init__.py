"""The one door to Stripe: our own dataclasses come out, our own errors are raised, and no row is touched.

Every function but `is_configured`, `expects_live` and `read_event` asks Stripe over the network: 3 seconds to connect,
10 to answer, two more tries for writes, fewer for reads. `key` is an idempotency key: the same call with the same key
is done once, however often it is made.
"""

from billing.gateway.checkout import expire_checkout, fetch_checkout, open_portal, start_checkout
from billing.gateway.client import API_VERSION, expects_live, is_configured
from billing.gateway.customers import create_customer, fetch_customer
from billing.gateway.errors import (
    BadSignature,
    CardDeclined,
    GatewayError,
    NoStripeKey,
    StripeMissing,
    StripeRefused,
    StripeUnavailable,
)
from billing.gateway.events import EVENT_TYPES, events_since, read_event
from billing.gateway.invoices import pay_invoice, preview_change, preview_new
from billing.gateway.prices import find_price, list_prices
from billing.gateway.setup import set_up
from billing.gateway.subscriptions import (
    cancel_at_period_end,
    change_at_period_end,
    change_now,
    end_now,
    resume,
    set_quantity,
)
from billing.gateway.types import (
    EventHead,
    LiveCheckout,
    LiveCustomer,
    LiveInvoice,
    LiveSubscription,
    Preview,
    Price,
    SetupReport,
)

__all__ = [
    "API_VERSION",
    "EVENT_TYPES",
    "BadSignature",
    "CardDeclined",
    "EventHead",
    "GatewayError",
    "LiveCheckout",
    "LiveCustomer",
    "LiveInvoice",
    "LiveSubscription",
    "NoStripeKey",
    "Preview",
    "Price",
    "SetupReport",
    "StripeMissing",
    "StripeRefused",
    "StripeUnavailable",
    "cancel_at_period_end",
    "change_at_period_end",
    "change_now",
    "create_customer",
    "end_now",
    "events_since",
    "expects_live",
    "expire_checkout",
    "fetch_checkout",
    "fetch_customer",
    "find_price",
    "is_configured",
    "list_prices",
    "open_portal",
    "pay_invoice",
    "preview_change",
    "preview_new",
    "read_event",
    "resume",
    "set_quantity",
    "set_up",
    "start_checkout",
]
