"""What a change sends: worked out once, from the state and the members now, and kept for every further attempt."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Team
from accounts.services import members_in_use
from billing import errors, sync
from billing.entitlement import FULL
from billing.gateway import Price
from billing.grants import lock_account
from billing.models import BillingAccount, ChangeKind, ChangeState, CheckoutState, StripeChange, Subscription
from billing.plans import BY_KEY, STARTER
from billing.prices import price_to_charge

Request = dict[str, Any]
# How long a Checkout session can be paid; Stripe takes 30 minutes to 24 hours.
SESSION_LIFETIME = timedelta(hours=2)
ORDER = list(BY_KEY)
ON_A_SUBSCRIPTION = (
    ChangeKind.UPGRADE,
    ChangeKind.DOWNGRADE,
    ChangeKind.CANCEL,
    ChangeKind.RESUME,
    ChangeKind.SEATS,
)
# What is done for a deleted team too.
ENDING = (ChangeKind.END_NOW, ChangeKind.EXPIRE_CHECKOUT)


class NothingToDo(Exception):
    """What is wanted is so already."""


class TakenOver(Exception):
    """The lease ran out, and another worker has the change."""


def direction(subscription: Subscription, plan: str, interval: str) -> ChangeKind | None:
    """What moving to this plan is: UPGRADE, done now, to a larger plan or to paying by year; DOWNGRADE or, for Starter,
    CANCEL, done at the end of the period; None when the subscription is to it.
    """
    if plan == STARTER.key:
        return ChangeKind.CANCEL
    # "month" is less than "year" by the alphabet, too.
    now, then = (ORDER.index(subscription.plan), subscription.interval), (ORDER.index(plan), interval)
    if then == now:
        return None
    return ChangeKind.UPGRADE if then > now else ChangeKind.DOWNGRADE


def freeze(change: StripeChange) -> None:
    """Works out `change.request` and saves it. Fetches state and price first, then decides under the locks.

    Raises NothingToDo, TakenOver, Superseded and other DomainErrors, GatewayErrors.
    """
    if change.account.stripe_customer_id:
        sync.sync_customer(change.account.stripe_customer_id)
    price = price_to_charge(change.wanted["plan"], change.wanted["interval"]) if "plan" in change.wanted else None
    with transaction.atomic():
        account = lock_account(change.account.team)
        # Locked too, for members are counted.
        account.team = Team.objects.select_for_update(no_key=True).get(pk=account.team_id)
        if account.team.closed_at and change.kind not in ENDING:
            raise errors.Superseded
        request = BUILDERS[ChangeKind(change.kind)](change, account, price)
        request["frozen_at"] = timezone.now().isoformat()
        mine = StripeChange.objects.filter(pk=change.pk, state=ChangeState.DOING, claimed_at=change.claimed_at)
        if not mine.update(request=request):
            raise TakenOver
    change.account, change.request = account, request


def check_still_wanted(change: StripeChange) -> None:
    """Raises Superseded when the team of a frozen request was deleted, or its subscription has ended, meanwhile."""
    if change.kind not in ENDING and Team.objects.filter(pk=change.account.team_id, closed_at__isnull=False).exists():
        raise errors.Superseded
    if change.kind in ON_A_SUBSCRIPTION and change.request is not None:
        subscription = Subscription.objects.live().filter(account=change.account_id)
        if not subscription.filter(stripe_id=change.request["subscription"]).exists():
            raise errors.Superseded


def seats_for(team: Team, plan: str, *, more: int = 0) -> int:
    """The quantity that a subscription to this plan needs now, or with so many more members (-1: one less)."""
    return max(1, members_in_use(team) + more) if BY_KEY[plan].per_member else 1


def lacks_seats(team: Team, subscription: Subscription) -> bool:
    """Whether there are members whom nobody pays for yet."""
    return seats_for(team, subscription.plan) > subscription.quantity


def _live(account: BillingAccount) -> Subscription:
    subscription = account.subscriptions.live().first()
    if subscription is None:
        raise errors.Superseded
    return subscription


def _checkout(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    assert price is not None
    if account.subscriptions.live().exists():
        raise errors.AlreadySubscribed
    if not account.checkouts.filter(pk=change.wanted["checkout"], state=CheckoutState.STARTING).exists():
        # The look at Stripe just now found the customer deleted.
        raise errors.CustomerGone
    if account.stripe_customer_id and account.currency not in ("", price.currency):
        raise errors.CurrencyClash
    return {
        "customer": account.stripe_customer_id,
        "new_customer": None if account.stripe_customer_id else _new_customer(change, account),
        "price": price.id,
        "quantity": seats_for(account.team, price.plan),
        "success_url": change.wanted["success_url"],
        "cancel_url": change.wanted["cancel_url"],
        "expires_at": int((timezone.now() + SESSION_LIFETIME).timestamp()),
        "client_reference": str(account.team.public_id),
    }


def _new_customer(change: StripeChange, account: BillingAccount) -> Request:
    # The number goes up with each session that ended, so that a customer who was deleted is not answered again.
    ended = account.checkouts.filter(state__in=(CheckoutState.COMPLETE, CheckoutState.EXPIRED)).count()
    return {
        "name": account.team.name,
        "email": change.actor.email if change.actor else "",
        "key": f"pare-customer-{account.team.public_id}-{ended}",
    }


def _expire_checkout(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    session = change.wanted["session_id"]
    if not account.checkouts.filter(stripe_id=session, state=CheckoutState.OPEN).exists():
        raise NothingToDo
    return {"session": session}


def _plan_change(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    """Members are counted here too, or a change of plan would bill for those of a minute ago."""
    assert price is not None
    subscription = _live(account)
    if _is_made(subscription, price, now=change.kind == ChangeKind.UPGRADE):
        raise NothingToDo
    if subscription.status not in FULL:
        raise errors.PaymentOverdue
    if subscription.pending_until and subscription.pending_until > timezone.now():
        raise errors.PaymentPending
    if direction(subscription, price.plan, price.interval) != change.kind:
        raise errors.Superseded
    is_upgrade = change.kind == ChangeKind.UPGRADE
    if is_upgrade and lacks_seats(account.team, subscription):
        raise errors.Superseded  # somebody joined this very moment, and is paid for first
    return {
        "subscription": subscription.stripe_id,
        "item": subscription.item_id,
        "price": price.id,
        "interval": price.interval,
        "quantity": seats_for(account.team, price.plan),
        # What was planned for the end of the period is off. A planned change is replaced by the next one in its place.
        "undo": subscription.cancel_at is not None or (is_upgrade and bool(subscription.schedule_id)),
        "schedule": subscription.schedule_id if is_upgrade or subscription.cancel_at else "",
    }


def _is_made(subscription: Subscription, price: Price, *, now: bool) -> bool:
    """Whether an earlier attempt, whose answer was lost, has brought the change about."""
    if subscription.cancel_at is not None:
        return False
    if not now:
        return (subscription.next_plan, subscription.next_interval) == (price.plan, price.interval)
    if subscription.pending_until and subscription.pending_until > timezone.now():
        return subscription.pending_plan == price.plan
    return (subscription.plan, subscription.interval, subscription.next_plan) == (price.plan, price.interval, "")


def _cancel(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    subscription = _live(account)
    if subscription.cancel_at is not None and not subscription.schedule_id:
        raise NothingToDo
    return {"subscription": subscription.stripe_id, "schedule": subscription.schedule_id}


def _resume(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    subscription = _live(account)
    if subscription.cancel_at is None and not subscription.next_plan:
        raise NothingToDo
    return {"subscription": subscription.stripe_id, "schedule": subscription.schedule_id}


def _seats(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    subscription = _live(account)
    quantity = seats_for(account.team, subscription.plan)
    is_more = quantity > subscription.quantity
    if quantity == subscription.quantity or (is_more and subscription.status not in FULL):
        raise NothingToDo
    return {
        "subscription": subscription.stripe_id,
        "item": subscription.item_id,
        "quantity": quantity,
        "prorate": "invoice_now" if is_more else _credit(account, subscription),
    }


def _credit(account: BillingAccount, subscription: Subscription) -> str:
    """Freed seats are credited once they are paid for. Else ten could join and leave again, their invoice stay unpaid,
    and the credit pay for the months to come.
    """
    owed = account.invoices.unpaid().filter(subscription_id=subscription.stripe_id)
    return "no_credit" if owed.exists() else "credit_later"


def _pay(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    if not account.invoices.unpaid().filter(stripe_id=change.wanted["invoice"]).exists():
        raise NothingToDo
    return {"invoice": change.wanted["invoice"]}


def _end_now(change: StripeChange, account: BillingAccount, price: Price | None) -> Request:
    return {"subscription": change.wanted["subscription_id"]}


BUILDERS: dict[ChangeKind, Callable[[StripeChange, BillingAccount, Price | None], Request]] = {
    ChangeKind.CHECKOUT: _checkout,
    ChangeKind.EXPIRE_CHECKOUT: _expire_checkout,
    ChangeKind.UPGRADE: _plan_change,
    ChangeKind.DOWNGRADE: _plan_change,
    ChangeKind.CANCEL: _cancel,
    ChangeKind.RESUME: _resume,
    ChangeKind.SEATS: _seats,
    ChangeKind.PAY: _pay,
    ChangeKind.END_NOW: _end_now,
}
