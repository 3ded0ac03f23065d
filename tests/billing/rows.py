"""Rows as a sync with Stripe leaves them, for tests of what pages and the API make of them."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEntry, Team
from billing.entitlement import grant_for
from billing.grants import apply_grant, lock_account
from billing.models import (
    BillingAccount,
    ChangeKind,
    ChangeState,
    Checkout,
    CheckoutState,
    Invoice,
    Source,
    StripeChange,
    StripeEvent,
    StripePrice,
    Subscription,
)

_numbers = count(1)
CENTS = {("pro", "month"): 1900, ("team", "month"): 2900, ("pro", "year"): 19000, ("team", "year"): 29000}


def make_prices(*intervals: str) -> None:
    for (plan, interval), cents in CENTS.items():
        if interval in (intervals or ("month",)):
            key = f"pare_{plan}_{interval}ly"
            facts = {"stripe_id": f"price_{plan}_{interval}", "unit_amount_cents": cents, "currency": "usd"}
            StripePrice.objects.create(lookup_key=key, plan=plan, interval=interval, **facts)


@transaction.atomic
def make_account(team: Team, **fields: Any) -> BillingAccount:
    """The team's account, as one that has paid by card."""
    account = lock_account(team)
    card = {"card_brand": "visa", "card_last4": "4242", "card_expires": "2030-04"}
    facts = {"stripe_customer_id": f"cus_{team.slug}", "currency": "usd", "synced_at": timezone.now(), **card, **fields}
    for name, value in facts.items():
        setattr(account, name, value)
    account.save()
    return account


@transaction.atomic
def subscribe(team: Team, plan: str = "team", *, quantity: int = 3, **fields: Any) -> Subscription:
    """A subscription with the plan that follows from it granted to the team."""
    account, now = make_account(team), timezone.now()
    interval = fields.setdefault("interval", "month")
    facts = {
        "stripe_id": f"sub_{next(_numbers)}",
        "item_id": f"si_{next(_numbers)}",
        "status": "active",
        "quantity": quantity,
        "unit_amount_cents": CENTS[plan, interval],
        "currency": "usd",
        "period_start": now - timedelta(days=10),
        "period_end": now + timedelta(days=20),
        "created_at": now - timedelta(days=70),
        **fields,
    }
    subscription = Subscription.objects.create(account=account, plan=plan, **facts)
    live = subscription if subscription.is_live else None
    apply_grant(account=account, grant=grant_for(live, now), source=Source.STRIPE, actor=None)
    team.refresh_from_db()
    return subscription


def make_invoice(team: Team, subscription: Subscription | None = None, **fields: Any) -> Invoice:
    number = next(_numbers)
    now = timezone.now()
    facts = {
        "stripe_id": f"in_{number}",
        "subscription_id": subscription.stripe_id if subscription else "",
        "number": f"PARE-{number:04}",
        "status": "paid",
        "currency": "usd",
        "total_cents": 8700,
        "amount_due_cents": 8700,
        "created_at": now - timedelta(days=number % 300),
        "period_start": now - timedelta(days=40),
        "period_end": now - timedelta(days=10),
        "page_url": f"https://invoice.stripe.example/{number}",
        "pdf_url": f"https://invoice.stripe.example/{number}.pdf",
        **fields,
    }
    return Invoice.objects.create(account=BillingAccount.objects.get(team=team), **facts)


def fail_payment(team: Team, *, days_ago: int = 2, **invoice: Any) -> Subscription:
    """A Team subscription whose last invoice was not paid, since so many days."""
    since = timezone.now() - timedelta(days=days_ago)
    subscription = subscribe(team, status="past_due", past_due_since=since)
    make_invoice(team, subscription, status="open", created_at=since, attempts=1, **invoice)
    return subscription


def make_change(team: Team, kind: ChangeKind = ChangeKind.UPGRADE, **fields: Any) -> StripeChange:
    return StripeChange.objects.create(account=BillingAccount.objects.get(team=team), kind=kind, **fields)


def refuse(team: Team, message: str, *, at: datetime | None = None) -> StripeChange:
    ended: dict[str, Any] = {"finished_at": at or timezone.now(), "error_code": "card_declined"}
    return make_change(team, state=ChangeState.REFUSED, error_message=message, **ended)


@transaction.atomic
def make_checkout(team: Team, **fields: Any) -> Checkout:
    facts = {
        "stripe_id": f"cs_{next(_numbers)}",
        "plan": "pro",
        "interval": "month",
        "url": "https://checkout.stripe.example/pay",
        "state": CheckoutState.OPEN,
        "expires_at": timezone.now() + timedelta(hours=1),
        **fields,
    }
    return Checkout.objects.create(account=lock_account(team), **facts)


def ring(customer_id: str, id: str = "evt_1") -> StripeEvent:
    """An event that nobody has seen to yet."""
    return StripeEvent.objects.create(
        id=id, type="customer.subscription.updated", customer_id=customer_id, created_at=timezone.now()
    )


def actions(team: Team) -> list[str]:
    """What the trail says of payments, oldest first, after the plan that the cast begins with."""
    entries = AuditEntry.objects.for_team(team).exclude(action__startswith="member").order_by("pk")
    return list(entries.values_list("action", flat=True))[1:]
