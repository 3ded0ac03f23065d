"""What follows from a look: the audit trail, mails, duplicates to end, Checkout sessions that have ended."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from accounts import audit
from billing import gateway, notices
from billing.alerts import alert
from billing.entitlement import grant_for
from billing.gateway.types import LiveInvoice, LiveSubscription
from billing.models import BillingAccount, ChangeKind, CheckoutState, StripeChange
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
    now: datetime,
) -> None:
    """Audits what happened to the team's subscription, and asks for the mail about a payment that failed.

    The mail is about the days of grace; where there are none, another one tells that the plan has changed.
    """
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
    until = grant_for(row, now).until
    if unpaid and until and now < until:
        notices.payment_failed(account, unpaid, until)


def end_duplicates(account: BillingAccount, subscriptions: Sequence[LiveSubscription], now: datetime) -> None:
    """Two people who subscribe at the same time must not make the team pay twice."""
    for one in duplicates(subscriptions):
        if _ask_for(account, ChangeKind.END_NOW, {"subscription_id": one.id}, now):
            text = (
                f"The team {account.team.slug} has a second subscription, {one.id}, at Stripe. Pare ends it now. "
                "What was paid for it is to be given back at Stripe by hand."
            )
            transaction.on_commit(partial(alert, f"duplicate:{one.id}", text))


def fetch_checkouts(account: BillingAccount) -> dict[str, str]:
    """The states now, by Stripe's id, of the sessions that can still be paid as far as we know."""
    return {id: _state_now(id) for id in account.checkouts.unfinished().values_list("stripe_id", flat=True) if id}


def settle_checkouts(account: BillingAccount, states: Mapping[str, str], now: datetime) -> None:
    """Notes which sessions have ended; once the team has subscribed none may be paid any more."""
    is_subscribed = live_row(account) is not None
    for id, state in states.items():
        if state != CheckoutState.OPEN:
            account.checkouts.unfinished().filter(stripe_id=id).update(state=state, url="")
        elif is_subscribed:
            _ask_for(account, ChangeKind.EXPIRE_CHECKOUT, {"session_id": id}, now)


def close_checkouts(account: BillingAccount) -> None:
    """Sessions of a customer that is gone cannot be paid."""
    account.checkouts.unfinished().update(state=CheckoutState.EXPIRED, url="")


def _state_now(id: str) -> str:
    try:
        return gateway.fetch_checkout(id).state
    except gateway.StripeMissing:
        return CheckoutState.EXPIRED


def _ask_for(account: BillingAccount, kind: ChangeKind, wanted: dict[str, Any], now: datetime) -> bool:
    """Puts a change in the outbox unless it is there, or was tried a short while ago."""
    before = account.changes.filter(kind=kind, wanted=wanted)
    if before.open().exists() or before.filter(created_at__gt=now - AGAIN_AFTER).exists():
        return False
    StripeChange.objects.create(account=account, kind=kind, wanted=wanted, actor=None)
    return True
