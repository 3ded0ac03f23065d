"""What each plan costs, and what a team can do about it from where it stands."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing.changes import direction
from billing.models import ChangeKind, Interval
from billing.plans import PLANS, STARTER, Plan
from billing.prices import Prices
from billing.standing import Standing, State
from billing.words import day_of


class Act(StrEnum):
    """What choosing a plan does. Each leads to a page that says what will happen and asks."""

    CHECKOUT = "checkout"  # pay for a first subscription
    NOW = "now"
    LATER = "later"  # at the end of the period
    CANCEL = "cancel"


ACTS = {ChangeKind.UPGRADE: Act.NOW, ChangeKind.DOWNGRADE: Act.LATER, ChangeKind.CANCEL: Act.CANCEL, None: None}


@dataclass(frozen=True, slots=True)
class Tag:
    """A price for people: of one seat on plans that are paid per member."""

    cents: int
    currency: str
    interval: str
    per_member: bool

    @property
    def unit(self) -> str:
        return f"a member and {self.interval}" if self.per_member else f"a {self.interval}"


@dataclass(frozen=True, slots=True)
class Offer:
    """One plan on the page. `act` is None when there is nothing to choose."""

    plan: Plan
    interval: str
    tag: Tag | None  # None: free
    is_current: bool
    act: Act | None
    label: str = ""
    note: str = ""


def tag_of(plan: Plan, interval: str, known: Prices) -> Tag | None:
    """The price at Stripe, else the list price by month; None for a free plan."""
    if price := known.get((plan.key, interval)):
        return Tag(price.unit_amount_cents, price.currency, interval, plan.per_member)
    cents = int(plan.monthly_usd * Decimal(100))
    return Tag(cents, "usd", Interval.MONTH, plan.per_member) if cents else None


def is_sold(plan: str, interval: str, known: Prices) -> bool:
    """Whether the pair can be chosen: by month always, by year where there is a price for it."""
    return interval == Interval.MONTH or (interval == Interval.YEAR and (plan, interval) in known)


def act_for(standing: Standing, plan: Plan, interval: str) -> Act | None:
    """What choosing this plan means for the team now; None when it stands there already."""
    subscription = standing.subscription
    if subscription is None:
        return None if plan == STARTER else Act.CHECKOUT
    if plan == STARTER and subscription.cancel_at:
        return None
    return ACTS.get(direction(subscription, plan.key, interval))


def offers(standing: Standing, interval: str, known: Prices, *, can_pay: bool) -> list[Offer]:
    """All plans with what can be done; without payments (`can_pay`) only what holds and what it costs."""
    return [_offer(standing, plan, interval, known, can_pay) for plan in PLANS]


def _offer(standing: Standing, plan: Plan, interval: str, known: Prices, can_pay: bool) -> Offer:
    shown = interval if is_sold(plan.key, interval, known) else str(Interval.MONTH)
    wanted = act_for(standing, plan, shown) if can_pay else None
    act = wanted if wanted and _may_choose(standing, wanted) else None
    return Offer(
        plan=plan,
        interval=shown,
        tag=tag_of(plan, shown, known),
        is_current=plan.key == standing.paid_plan.key,
        act=act,
        label=_label(standing, plan, shown, act) if act else "",
        note=_note(standing, plan) or (_first(standing) if wanted and not act else ""),
    )


def _may_choose(standing: Standing, act: Act) -> bool:
    """Something else comes first: a change on its way, a failed payment, a decision that is to be undone."""
    subscription = standing.subscription
    if subscription is None:
        return True
    if standing.is_changing:
        return False
    if act == Act.CANCEL:
        return True
    waits = subscription.pending_plan or subscription.next_plan or subscription.cancel_at
    return not standing.payment_fails and standing.state != State.PAUSED and not waits


def _label(standing: Standing, plan: Plan, interval: str, act: Act) -> str:
    if act == Act.CANCEL:
        return f"Cancel the {standing.paid_plan.name} plan"
    if act == Act.CHECKOUT:
        return f"Upgrade to {plan.name}" if standing.state == State.FREE else f"Pay for {plan.name}"
    if plan.key == standing.paid_plan.key:
        return "Pay by year" if interval == Interval.YEAR else "Pay by month"
    return f"Upgrade to {plan.name}" if act == Act.NOW else f"Change to {plan.name}"


def _note(standing: Standing, plan: Plan) -> str:
    """What stands already for this plan at a later date."""
    subscription = standing.subscription
    if subscription is None:
        return ""
    if plan == STARTER and subscription.cancel_at:
        return f"From {day_of(subscription.cancel_at)}"
    if plan.key == subscription.next_plan and subscription.next_at:
        return f"From {day_of(subscription.next_at)}"
    if plan.key == subscription.pending_plan:
        return "Waits for its payment"
    return ""


def _first(standing: Standing) -> str:
    """What has to be done before this plan can be chosen; a change on its way needs nothing but a moment."""
    subscription = standing.subscription
    if subscription is None or standing.is_changing or subscription.pending_plan:
        return ""
    if standing.payment_fails:
        return "First pay what is unpaid"
    if subscription.cancel_at:
        return f"First keep the {standing.paid_plan.name} plan"
    return "First undo the planned change" if subscription.next_plan else ""
