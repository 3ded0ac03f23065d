"""What Stripe answers, in our own words. Times are aware UTC datetimes, amounts integer cents of `currency`."""

from dataclasses import dataclass
from datetime import datetime

from billing.plans import PlanKey


@dataclass(frozen=True, slots=True)
class Price:
    """A price of one of our plans. `interval` is "month" or "year"; `unit_amount_cents` is for one seat."""

    id: str
    lookup_key: str
    plan: PlanKey
    interval: str
    unit_amount_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class LiveSubscription:
    """A subscription as it is now. Fields mean what they mean on `billing.models.Subscription`."""

    id: str
    item_id: str
    status: str
    plan: PlanKey
    interval: str
    quantity: int
    unit_amount_cents: int
    currency: str
    period_start: datetime
    period_end: datetime
    created_at: datetime
    ended_at: datetime | None
    cancel_at: datetime | None
    schedule_id: str
    next_plan: str
    next_interval: str
    next_at: datetime | None
    pending_plan: str
    pending_quantity: int | None
    pending_until: datetime | None


@dataclass(frozen=True, slots=True)
class LiveInvoice:
    """An invoice as it is now."""

    id: str
    subscription_id: str
    number: str
    status: str
    currency: str
    total_cents: int
    amount_due_cents: int
    created_at: datetime
    period_start: datetime
    period_end: datetime
    attempts: int
    next_attempt_at: datetime | None
    needs_confirmation: bool
    page_url: str
    pdf_url: str


@dataclass(frozen=True, slots=True)
class LiveCustomer:
    """All we keep of a customer, fetched at one time. Deleted: no subscriptions, no card.

    Subscriptions of other products than ours are left out; invoices are the newest 24 and all unpaid ones.
    """

    id: str
    deleted: bool
    currency: str
    card_brand: str
    card_last4: str
    card_expires: str
    subscriptions: tuple[LiveSubscription, ...]
    invoices: tuple[LiveInvoice, ...]


@dataclass(frozen=True, slots=True)
class LiveCheckout:
    """A Checkout session; `state` is "open", "complete" or "expired", `url` is empty unless it is open."""

    id: str
    state: str
    url: str
    customer_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would cost, by Stripe's own reckoning.

    `due_now_cents` is charged at once (negative: a credit); `next_cents` is the invoice at `next_at`.
    """

    currency: str
    due_now_cents: int
    next_cents: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventHead:
    """Who rang: an event without what it carried."""

    id: str
    type: str
    api_version: str
    livemode: bool
    created_at: datetime
    customer_id: str


@dataclass(frozen=True, slots=True)
class SetupReport:
    """What `set_up` found and did, one sentence each; `webhook_secret` is empty unless an endpoint was made."""

    lines: tuple[str, ...]
    prices: tuple[Price, ...]
    webhook_secret: str
