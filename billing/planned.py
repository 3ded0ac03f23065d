"""The plan that a team comes to by itself: after a cancellation, a planned change, or a grace that runs out."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import Team
from billing.grants import effective_plan
from billing.models import BillingAccount, Subscription
from billing.plans import BY_KEY, STARTER, Plan


@dataclass(frozen=True, slots=True)
class PlannedPlan:
    """`plan` holds from `at` on (UTC) unless somebody acts before."""

    plan: Plan
    at: datetime


def planned_plan(team: Team) -> PlannedPlan | None:
    """The next change of plan that comes by itself; None when the plan stays. Reads only our rows."""
    now = timezone.now()
    account = BillingAccount.objects.for_team(team).first()
    if account is None or effective_plan(account, now) == STARTER:
        return None
    ahead = [PlannedPlan(STARTER, account.valid_until)] if account.valid_until else []
    if subscription := Subscription.objects.for_team(team).live().first():
        ahead += _planned_by(subscription)
    changes = [planned for planned in ahead if planned.at > now and planned.plan.key != account.plan]
    return min(changes, key=lambda planned: planned.at, default=None)


def _planned_by(subscription: Subscription) -> list[PlannedPlan]:
    found = []
    if subscription.cancel_at:
        found.append(PlannedPlan(STARTER, subscription.cancel_at))
    if subscription.next_plan and subscription.next_at:
        found.append(PlannedPlan(BY_KEY[subscription.next_plan], subscription.next_at))
    return found
