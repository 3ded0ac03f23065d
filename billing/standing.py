"""Where a team stands with its plan and its payments, from our rows alone: what the billing page and the API say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils import timezone

from accounts.models import Team
from accounts.services import members_in_use
from billing.grants import effective_plan
from billing.models import (
    BillingAccount,
    ChangeKind,
    ChangeState,
    Checkout,
    Invoice,
    Source,
    StripeChange,
    StripePrice,
    Subscription,
)
from billing.plans import BY_KEY, STARTER, Plan

# A refusal is shown so long, unless something else was done since.
REFUSAL_SHOWN = timedelta(days=7)
# What nobody has to hear of: these follow from something else, or are answered at once.
SILENT = (ChangeKind.CHECKOUT, ChangeKind.EXPIRE_CHECKOUT, ChangeKind.END_NOW)


class State(StrEnum):
    """One word for the plan and its payment."""

    FREE = "free"
    OPERATOR = "operator"
    TRIALING = "trialing"
    ACTIVE = "active"
    CANCELLING = "cancelling"
    PAYMENT_FAILED = "payment_failed"  # the plan stays until the grace ends
    LAPSED = "lapsed"  # a payment failed and the grace is over: Starter's caps
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Standing:
    """`plan` is what holds now; `subscription` the live one, which can name another plan once a grace is over."""

    plan: Plan
    account: BillingAccount | None
    subscription: Subscription | None
    members: int
    checkout: Checkout | None  # begun and not ended: it can still be paid
    change: StripeChange | None  # on its way to Stripe
    refused: StripeChange | None  # the last one, when Stripe said no
    unpaid: Invoice | None  # the oldest of the subscription
    left_open: Invoice | None  # of a subscription that has ended: paying it brings nothing back
    now: datetime

    @property
    def state(self) -> State:
        subscription = self.subscription
        if subscription is None:
            by_operator = self.account is not None and self.account.source == Source.OPERATOR
            return State.OPERATOR if by_operator and self.plan != STARTER else State.FREE
        if subscription.status in {"past_due", "unpaid"}:
            return State.LAPSED if self.plan == STARTER else State.PAYMENT_FAILED
        if subscription.status == "paused":
            return State.PAUSED
        if subscription.cancel_at is not None:
            return State.CANCELLING
        return State.TRIALING if subscription.status == "trialing" else State.ACTIVE

    @property
    def is_changing(self) -> bool:
        """A change is on its way that others wait for; the number of seats is recounted at every change."""
        return self.change is not None and self.change.kind != ChangeKind.SEATS

    @property
    def payment_fails(self) -> bool:
        return self.state in {State.PAYMENT_FAILED, State.LAPSED}

    @property
    def grace_ends_at(self) -> datetime | None:
        """Until when a failed payment changes nothing, in the past once it did."""
        if not self.payment_fails or self.subscription is None or self.account is None:
            return None
        return self.subscription.grace_ends_at or self.account.valid_until

    @property
    def paid_plan(self) -> Plan:
        """The plan of the subscription, else the one that holds."""
        return self.subscription.plan_object if self.subscription else self.plan

    @property
    def interval(self) -> str:
        return self.subscription.interval if self.subscription else "month"

    @property
    def seats(self) -> int | None:
        """Seats paid for or given; None on a plan that is not paid per member."""
        if not self.paid_plan.per_member:
            return None
        if self.subscription:
            return self.subscription.quantity
        return self.account.seats if self.account else None

    @property
    def seats_differ(self) -> bool:
        """The number of seats has not caught up with the members yet."""
        follow = self.account is not None and self.account.seats_follow_members
        return follow and self.seats not in {None, self.members}

    @property
    def amount_cents(self) -> int | None:
        """What a period costs at list price: no tax, credit or discount counted."""
        return self.subscription.unit_amount_cents * self.subscription.quantity if self.subscription else None

    @property
    def renews_at(self) -> datetime | None:
        if self.subscription is None or self.subscription.cancel_at or self.state in {State.LAPSED, State.PAUSED}:
            return None
        return self.subscription.period_end

    @property
    def turns_at(self) -> datetime | None:
        """When the plan ends or a planned change comes; None where it renews as it is."""
        return (self.subscription.cancel_at or self.subscription.next_at) if self.subscription else None

    @property
    def next_plan(self) -> Plan | None:
        """The plan that holds from then on."""
        if self.subscription is None or self.turns_at is None:
            return None
        return STARTER if self.subscription.cancel_at else BY_KEY.get(self.subscription.next_plan)

    @property
    def has_customer(self) -> bool:
        return self.account is not None and bool(self.account.stripe_customer_id)


def standing_of(team: Team) -> Standing:
    """Reads a handful of rows and asks nobody."""
    now = timezone.now()
    account = BillingAccount.objects.for_team(team).first()
    subscription = Subscription.objects.for_team(team).live().first() if account else None
    last = StripeChange.objects.for_team(team).exclude(kind__in=SILENT).order_by("-pk").first() if account else None
    if subscription and account:
        subscription.account = account
    unpaid = Invoice.objects.for_team(team).oldest_unpaid(subscription) if account else None
    left_open = unpaid if unpaid and not subscription and _has_ended(team, unpaid) else None
    return Standing(
        plan=effective_plan(account, now),
        account=account,
        subscription=subscription,
        members=members_in_use(team),
        checkout=_open_checkout(team, now) if account and not subscription else None,
        change=_open_change(team) if last else None,
        refused=last if last and _is_fresh_refusal(last, now) else None,
        unpaid=None if left_open else unpaid,
        left_open=left_open,
        now=now,
    )


def next_amount(standing: Standing) -> tuple[int, str] | None:
    """What the next period costs at list price, as (cents, currency), with a planned change counted in."""
    subscription = standing.subscription
    if subscription is None or standing.renews_at is None:
        return None
    quantity = standing.members if subscription.plan_object.per_member else 1
    if not subscription.next_plan:
        return subscription.unit_amount_cents * quantity, subscription.currency
    interval = subscription.next_interval or subscription.interval
    price = StripePrice.objects.filter(plan=subscription.next_plan, interval=interval).first()
    if price is None:
        return None
    quantity = standing.members if BY_KEY[subscription.next_plan].per_member else 1
    return price.unit_amount_cents * quantity, price.currency


def _open_checkout(team: Team, now: datetime) -> Checkout | None:
    checkout = Checkout.objects.for_team(team).unfinished().select_related("started_by").first()
    return checkout if checkout and checkout.can_be_paid(now) else None


def _has_ended(team: Team, invoice: Invoice) -> bool:
    """One that waits for its first payment has not."""
    return Subscription.objects.for_team(team).filter(stripe_id=invoice.subscription_id, status="canceled").exists()


def _open_change(team: Team) -> StripeChange | None:
    """What happens next: the oldest change on its way."""
    return StripeChange.objects.for_team(team).open().exclude(kind__in=SILENT).order_by("pk").first()


def _is_fresh_refusal(change: StripeChange, now: datetime) -> bool:
    ended = change.finished_at or change.created_at
    return change.state == ChangeState.REFUSED and now < ended + REFUSAL_SHOWN
