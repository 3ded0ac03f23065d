"""Which plan a subscription gives at a moment. Pure: the state goes in, the grant comes out.

Statuses are Stripe's (https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from billing.plans import BY_KEY, STARTER

# For so long a failed payment changes nothing but the banner. Shorter than Stripe's own retries may run.
GRACE = timedelta(days=21)
FULL = frozenset({"trialing", "active"})
# Stripe may still charge for these; a team has at most one of them.
LIVE_STATUSES = ("trialing", "active", "past_due", "unpaid", "paused")


@dataclass(frozen=True, slots=True)
class Grant:
    """A plan with its seats. `until`: when a failed payment ends it, in the past once it did; None: nothing failed."""

    plan: str
    seats: int
    seats_follow_members: bool = False
    until: datetime | None = None


NOTHING_PAID = Grant(STARTER.key, 1)


class SubscriptionState(Protocol):
    """What decides, of our row as of a fetched subscription."""

    @property
    def status(self) -> str: ...
    @property
    def plan(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def past_due_since(self) -> datetime | None: ...
    @property
    def pending_until(self) -> datetime | None: ...


def grant_for(state: SubscriptionState | None, now: datetime) -> Grant:
    """What the team has now: full while paid or on trial, full for 21 days while a payment fails, else Starter.

    While a change waits for its payment no seat can be added: Stripe would drop the change with the next one.
    """
    if state is None:
        return NOTHING_PAID
    plan = BY_KEY[state.plan]
    seats = state.quantity if plan.per_member else 1
    if state.status in FULL:
        waits = state.pending_until is not None and now < state.pending_until
        return Grant(plan.key, seats, seats_follow_members=plan.per_member and not waits)
    if state.status == "past_due":
        until = (state.past_due_since or now) + GRACE
        return Grant(plan.key, seats, until=until) if now < until else replace(NOTHING_PAID, until=until)
    if state.status == "unpaid":
        return replace(NOTHING_PAID, until=state.past_due_since)
    return NOTHING_PAID
