"""What follows from a look: the audit trail, mails, duplicates to end, Checkout sessions that have ended."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from accounts import audit
from billing import gateway, notices
from billing.alerts import alert
from billing.gateway.types import LiveInvoice, LiveSubscription
from billing.models import BillingAccount, ChangeKind, Checkout, CheckoutState, StripeChange
from billing.sync.choice import duplicates, oldest_unpaid
from billing.sync.mirror import live_row
from billing.sync.story import story

# What could not be ended is tried again after this.
AGAIN_AFTER = timedelta(hours=1)


def tell(
    account: BillingAccount,
    before: LiveSubscription | None,
    after: LiveSubscription | None,
    invoices: Iterable[LiveInvoice],
) -> None:
    """Audits what happened to the team's subscription, and asks for the mail about a payment that failed."""
    unpaid = oldest_unpaid(after, invoices)
    for happening in story(before, after, unpaid):
        audit.record(
            team=account.team_id,
            actor=None,
            action=happening.action,
            target=happening.target,
            details=happening.details,
        )
    row = live_row(account)
    if unpaid and row and row.grace_ends_at:
        notices.payment_failed(account, unpaid, row.grace_ends_at)


def end_duplicates(account: BillingAccount, subscriptions: Sequence[LiveSubscription], now: datetime) -> None:
    """Two people who subscribe at the same time must not make the team pay twice."""
    for one in duplicates(subscriptions):
        if _ask_for(account, ChangeKind.END_NOW, {"subscription_id": one.id}, now):
            text = (
                f"The team {account.team.slug} has a second subscription, {one.id}, at Stripe. Pare ends it now. "
                "What was paid for it is to be given back at Stripe by hand."
            )
            transaction.on_commit(partial(alert, f"duplicate:{one.id}", text))


def settle_checkouts(account: BillingAccount, now: datetime) -> None:
    """Asks for the state of sessions that can still be paid; once the team has subscribed none may be."""
    for checkout in account.checkouts.unfinished().exclude(stripe_id=None):
        state = _state_now(checkout)
        if state != CheckoutState.OPEN:
            Checkout.objects.filter(pk=checkout.pk).update(state=state)
        elif live_row(account):
            _ask_for(account, ChangeKind.EXPIRE_CHECKOUT, {"session_id": checkout.stripe_id}, now)


def close_checkouts(account: BillingAccount) -> None:
    """Sessions of a customer that is gone cannot be paid."""
    account.checkouts.unfinished().update(state=CheckoutState.EXPIRED)


def _state_now(checkout: Checkout) -> str:
    try:
        return gateway.fetch_checkout(checkout.stripe_id or "").state
    except gateway.StripeMissing:
        return CheckoutState.EXPIRED


def _ask_for(account: BillingAccount, kind: ChangeKind, wanted: dict[str, Any], now: datetime) -> bool:
    """Puts a change in the outbox unless it is there, or was tried a short while ago."""
    before = account.changes.filter(kind=kind, wanted=wanted)
    if before.open().exists() or before.filter(created_at__gt=now - AGAIN_AFTER).exists():
        return False
    StripeChange.objects.create(account=account, kind=kind, wanted=wanted, actor=None)
    return True
