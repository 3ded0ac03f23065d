"""Claiming, attempting and finishing changes: one at a time for each account, oldest first."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from billing import sync
from billing.changes.attempt import Outcome, attempt
from billing.gateway.errors import GatewayError
from billing.models import BillingAccount, ChangeKind, ChangeState, Checkout, CheckoutState, StripeChange

log = logging.getLogger(__name__)
# Longer than a worker may take (its task ends after less): then the change is another's to take over.
LEASE = timedelta(minutes=3)
# Kinds that Pare itself asks for, as often as its sweeps like: one open row for each thing wanted is enough.
OWN_KINDS = (ChangeKind.SEATS, ChangeKind.END_NOW, ChangeKind.EXPIRE_CHECKOUT)


def request_change(
    *, account: BillingAccount, kind: ChangeKind, wanted: dict[str, Any], actor: User | None
) -> StripeChange:
    """Notes what Stripe is to be asked for, in the caller's transaction, which has locked the account.

    Seats are counted only when they are sent, so those that wait stand for all that came after them.
    """
    if kind in OWN_KINDS:
        same = account.changes.open().filter(kind=kind, wanted=wanted)
        if kind == ChangeKind.SEATS:
            same = same.filter(request__isnull=True)
        if waiting := same.first():
            return waiting
    return StripeChange.objects.create(account=account, kind=kind, wanted=wanted, actor=actor)


def perform(change_id: int, *, at_once: bool = False) -> StripeChange:
    """Makes one attempt at a change, if it is due (or `at_once`) and its turn, and gives it as it is afterwards.

    Calls Stripe, so it must not run in a transaction. Another worker at it, or an older change ahead: nothing is done.
    """
    change = _claim(change_id, at_once=at_once)
    if change is not None:
        outcome = attempt(change)
        if _finish(change, outcome) and outcome.touched:
            bring_up_to_date(change.account)
    return StripeChange.objects.select_related("account").get(pk=change_id)


def work(account_id: int) -> datetime | None:
    """Makes all due changes of an account, oldest first, until one has to wait; gives when that one is due again."""
    while True:
        change = StripeChange.objects.open().filter(account=account_id).order_by("pk").first()
        if change is None:
            return None
        change = perform(change.pk)
        if change.state == ChangeState.WAITING:
            return change.next_attempt_at
        if change.is_open:
            return None


def due_accounts(now: datetime) -> list[int]:
    """Accounts with a change that can be attempted, or whose worker was lost."""
    due = StripeChange.objects.filter(_ready(now))
    return list(due.values_list("account_id", flat=True).distinct().order_by("account_id"))


def bring_up_to_date(account: BillingAccount) -> None:
    """Fetches the customer's state; when Stripe does not give it, notes that it is still to be fetched."""
    customer = BillingAccount.objects.values_list("stripe_customer_id", flat=True).get(pk=account.pk)
    if customer is None:
        return
    try:
        sync.sync_customer(customer)
    except GatewayError as error:
        log.warning("The state of %s after a change is not known yet: %s", customer, error)
        BillingAccount.objects.filter(pk=account.pk).update(synced_at=None)


def _ready(now: datetime, *, at_once: bool = False) -> Q:
    waiting = Q(state=ChangeState.WAITING)
    if not at_once:
        waiting &= Q(next_attempt_at__lte=now)
    return waiting | Q(state=ChangeState.DOING, claimed_at__lt=now - LEASE)


def _claim(change_id: int, *, at_once: bool) -> StripeChange | None:
    """One conditional UPDATE; None when another worker has it, or something of the account, or when it is not due."""
    now = timezone.now()
    ahead = StripeChange.objects.open().filter(account=OuterRef("account"), pk__lt=OuterRef("pk"))
    ready = StripeChange.objects.filter(_ready(now, at_once=at_once), ~Exists(ahead), pk=change_id)
    try:
        with transaction.atomic(durable=True):
            claimed = ready.update(state=ChangeState.DOING, claimed_at=now, attempts=F("attempts") + 1)
    except IntegrityError:
        return None
    return StripeChange.objects.select_related("account__team", "actor").get(pk=change_id) if claimed else None


@transaction.atomic
def _finish(change: StripeChange, outcome: Outcome) -> bool:
    """Writes the outcome; False when the lease ran out and somebody else has taken the change over."""
    now = timezone.now()
    mine = StripeChange.objects.filter(pk=change.pk, state=ChangeState.DOING, claimed_at=change.claimed_at)
    new_key = {"public_id": uuid4(), "request": None} if outcome.new_key else {}
    is_mine = mine.update(
        **new_key,
        state=outcome.state,
        error_code=outcome.code[:100],
        error_message=outcome.message,
        next_attempt_at=outcome.next_attempt_at or now,
        finished_at=None if outcome.state == ChangeState.WAITING else now,
    )
    if not is_mine:
        return False
    if change.kind == ChangeKind.CHECKOUT:
        _note_session(change, outcome)
    elif session := outcome.session:
        Checkout.objects.filter(stripe_id=session.id).update(state=session.state, url=session.url)
    return True


def _note_session(change: StripeChange, outcome: Outcome) -> None:
    """The session that was made; or none, and then the next one may begin."""
    starting = Checkout.objects.filter(pk=change.wanted["checkout"], state=CheckoutState.STARTING)
    if session := outcome.session:
        starting.update(stripe_id=session.id, url=session.url, state=session.state, expires_at=session.expires_at)
    elif outcome.state == ChangeState.REFUSED:
        starting.update(state=CheckoutState.EXPIRED)
