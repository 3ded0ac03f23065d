"""What Stripe could answer, as the gateway's dataclasses: a Team subscription in good order unless told otherwise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.gateway.types import LiveCustomer, LiveInvoice, LiveSubscription

START = datetime(2026, 11, 1, 10, tzinfo=UTC)
MONTH = timedelta(days=30)

SUBSCRIPTION = LiveSubscription(
    id="sub_1",
    item_id="si_1",
    status="active",
    plan="team",
    interval="month",
    quantity=3,
    unit_amount_cents=2900,
    currency="usd",
    period_start=START,
    period_end=START + MONTH,
    created_at=START,
    ended_at=None,
    cancel_at=None,
    schedule_id="",
    next_plan="",
    next_interval="",
    next_at=None,
    pending_plan="",
    pending_quantity=None,
    pending_until=None,
)
INVOICE = LiveInvoice(
    id="in_1",
    subscription_id="sub_1",
    number="ACME-0001",
    status="paid",
    currency="usd",
    total_cents=8700,
    amount_due_cents=8700,
    created_at=START,
    period_start=START,
    period_end=START + MONTH,
    attempts=1,
    next_attempt_at=None,
    needs_confirmation=False,
    page_url="https://invoice.stripe.example/in_1",
    pdf_url="https://invoice.stripe.example/in_1/pdf",
)


def subscription(id: str = "sub_1", **fields: Any) -> LiveSubscription:
    return replace(SUBSCRIPTION, id=id, item_id=f"si_{id}", **fields)


def invoice(id: str = "in_1", **fields: Any) -> LiveInvoice:
    return replace(INVOICE, id=id, **fields)


def customer(*subscriptions: LiveSubscription, invoices: tuple[LiveInvoice, ...] = (), **fields: Any) -> LiveCustomer:
    plain = LiveCustomer("cus_1", False, "usd", "visa", "4242", "2034-12", subscriptions, invoices)
    return replace(plain, **fields)
