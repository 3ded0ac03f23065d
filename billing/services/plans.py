"""The plan a team is on, and the operator's hand on it."""

from django.db import transaction
from django.utils import timezone

from accounts.models import Team, User
from billing.entitlement import Grant
from billing.errors import BadSeats, PaidThroughStripe, UnknownPlan
from billing.grants import apply_grant, effective_plan, lock_account
from billing.models import BillingAccount, Source
from billing.plans import BY_KEY, Plan


def plan_of(team: Team) -> Plan:
    """The team's plan, with its seats as the cap on members where that applies. Reads only our rows."""
    return effective_plan(BillingAccount.objects.for_team(team).first(), timezone.now())


@transaction.atomic
def change_plan(*, team: Team, plan: str, seats: int = 1, actor: User | None) -> BillingAccount:
    """The operator puts the team on a plan. Nothing over a new cap is deleted.

    Raises UnknownPlan, BadSeats, PaidThroughStripe.
    """
    if plan not in BY_KEY:
        raise UnknownPlan
    if seats < 1:
        raise BadSeats
    account = lock_account(team)
    if account.subscriptions.live().exists():
        raise PaidThroughStripe
    apply_grant(account=account, grant=Grant(plan, seats), source=Source.OPERATOR, actor=actor)
    return account
