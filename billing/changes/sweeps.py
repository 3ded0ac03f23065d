"""What has to be asked of Stripe though nobody clicked: seats that differ, teams that were closed, lost workers."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.models import Membership
from billing import errors
from billing.alerts import alert
from billing.changes.freezing import ENDING
from billing.changes.outbox import due_accounts, request_change
from billing.entitlement import FULL
from billing.grants import lock_account
from billing.locks import waiting_at_most
from billing.models import (
    BillingAccount,
    ChangeKind,
    ChangeState,
    Checkout,
    CheckoutState,
    Invoice,
    StripeChange,
    Subscription,
)
from billing.plans import TEAM

log = logging.getLogger(__name__)
# Not asked again for so long when Stripe said no: every sweep would ask the same.
AFTER_REFUSAL = timedelta(minutes=15)
# Stripe makes 20 invoices a day for a subscription and no more. So many are for seats at once; later ones go together,
# and some are left for changes of plan. Seats never wait for the next renewal: they would be free until then.
INVOICES_AT_ONCE, THEN_EVERY = 10, timedelta(hours=3)
# An account that is locked meanwhile is the next sweep's.
LOCK_WAIT = "1s"


def find_work() -> list[int]:
    """Puts what is due into the outbox, and gives the accounts whose changes can be attempted now."""
    _each("seats", seats_that_differ(), _request_seats)
    _each("closing", closed_with_something_left(), _close)
    return due_accounts(timezone.now())


def accounts_to_sync() -> list[str]:
    """Customers whose state after a change could not be fetched."""
    unknown = BillingAccount.objects.filter(synced_at=None).exclude(stripe_customer_id=None)
    return [customer for customer in unknown.values_list("stripe_customer_id", flat=True) if customer]


def seats_that_differ() -> QuerySet[BillingAccount]:
    """Accounts whose subscription is not for as many seats as there are billable members.

    While a payment fails only seats that became free are sent: members cannot grow then. A change that waits for its
    payment is left alone, for it would be lost. Seats that became free wait while their bill is a draft, for an hour
    after a renewal: Stripe credits them at once, and whether they are ever paid for is not known yet.
    """
    now = timezone.now()
    members = Membership.objects.billable().filter(team=OuterRef("account__team"))
    counted = members.order_by().values("team").annotate(n=Count("pk")).values("n")
    today = (now - timedelta(days=1), now + timedelta(hours=1))
    invoices = Invoice.objects.filter(subscription_id=OuterRef("stripe_id"), created_at__range=today)
    many = invoices.order_by().values("subscription_id").annotate(n=Count("pk")).values("n")
    drafts = Invoice.objects.filter(status="draft", subscription_id=OuterRef("stripe_id"), total_cents__gt=0)
    differing = (
        Subscription.objects.live()
        .filter(plan=TEAM.key, account__team__closed_at=None)
        .exclude(pending_until__gt=now)
        .annotate(needed=Greatest(Case(When(Exists(members), then=counted), default=Value(1)), Value(1)))
        .exclude(quantity=F("needed"))
        .exclude(Exists(drafts), quantity__gt=F("needed"))
        .annotate(many=Coalesce(Subquery(many), Value(0)))
        .exclude(
            Exists(invoices.filter(created_at__gt=now - THEN_EVERY)),
            quantity__lt=F("needed"),
            many__gte=INVOICES_AT_ONCE,
        )
        .filter(Q(status__in=FULL) | Q(status="past_due", quantity__gt=F("needed")))
    )
    changes = StripeChange.objects.filter(account=OuterRef("pk"))
    free = BillingAccount.objects.exclude(Exists(changes.open()) | Exists(_refused(changes, ChangeKind.SEATS, now)))
    return free.filter(pk__in=differing.values("account")).select_related("team")


def closed_with_something_left() -> QuerySet[BillingAccount]:
    """Accounts of closed teams that could still be charged, or have changes that make no sense any more."""
    now = timezone.now()
    mine = {"account": OuterRef("pk")}
    changes = StripeChange.objects.filter(account=OuterRef("account"))
    live = Subscription.objects.live().exclude(Exists(_refused(changes, ChangeKind.END_NOW, now))).filter(**mine)
    unended = Exists(_refused(changes, ChangeKind.EXPIRE_CHECKOUT, now))
    payable = Checkout.objects.unfinished().exclude(unended).filter(**mine)
    moot = StripeChange.objects.filter(state=ChangeState.WAITING, **mine).exclude(kind__in=ENDING)
    closed = BillingAccount.objects.filter(team__closed_at__isnull=False).select_related("team")
    return closed.filter(Exists(live) | Exists(payable) | Exists(moot))


def _each(what: str, accounts: Iterable[BillingAccount], act: Callable[[BillingAccount], None]) -> None:
    """One account that fails does not keep the others waiting."""
    for account in accounts:
        try:
            with transaction.atomic(), waiting_at_most(LOCK_WAIT):
                act(account)
        except DatabaseError:
            log.exception("The sweep of %s failed for the account %s.", what, account.pk)


def _refused(changes: QuerySet[StripeChange], kind: ChangeKind, now: datetime) -> QuerySet[StripeChange]:
    return changes.filter(kind=kind, state=ChangeState.REFUSED, finished_at__gt=now - AFTER_REFUSAL)


def _request_seats(account: BillingAccount) -> None:
    locked = lock_account(account.team)
    if not locked.changes.open().exists():
        request_change(account=locked, kind=ChangeKind.SEATS, wanted={}, actor=None)


def _close(account: BillingAccount) -> None:
    """A closed team pays for nothing any more, also for what turns up later."""
    locked = lock_account(account.team)
    now = timezone.now()
    moot = locked.changes.filter(state=ChangeState.WAITING).exclude(kind__in=ENDING)
    moot.update(
        state=ChangeState.REFUSED,
        finished_at=now,
        error_code=errors.Superseded.code,
        error_message="The team was deleted.",
    )
    starting = locked.checkouts.filter(state=CheckoutState.STARTING)
    if not locked.changes.open().filter(kind=ChangeKind.CHECKOUT).exists():
        starting.update(state=CheckoutState.EXPIRED)
    for checkout in locked.checkouts.filter(state=CheckoutState.OPEN):
        wanted = {"session_id": checkout.stripe_id}
        request_change(account=locked, kind=ChangeKind.EXPIRE_CHECKOUT, wanted=wanted, actor=None)
    for subscription in locked.subscriptions.live():
        wanted = {"subscription_id": subscription.stripe_id}
        request_change(account=locked, kind=ChangeKind.END_NOW, wanted=wanted, actor=None)
        if locked.team.closed_at and subscription.created_at > locked.team.closed_at:
            text = (
                f"The team {locked.team.slug} was deleted, and the subscription {subscription.stripe_id} was paid for "
                "after that. Pare ends it now. What was paid is to be given back at Stripe by hand."
            )
            transaction.on_commit(partial(alert, f"deleted:{subscription.stripe_id}", text))
