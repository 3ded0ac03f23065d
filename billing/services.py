"""Plans of teams: what a team has, and changing it."""

from django.db import transaction
from django.utils import timezone

from accounts.models import Team, User
from billing.entitlement import Grant
from billing.grants import apply_grant, effective_plan, lock_account
from billing.models import BillingAccount, Source
from billing.plans import BY_KEY, Plan
from config.errors import DomainError


class UnknownPlan(DomainError):
    code, status, message = "unknown_plan", 400, "There is no such plan: use starter, pro or team."


class BadSeats(DomainError):
    code, status, message = "bad_seats", 400, "Seats must be a whole number of at least 1."


class PaidThroughStripe(DomainError):
    code, status = "paid_through_stripe", 409
    message = "The team pays for its plan through Stripe: change or cancel it on its billing page or at Stripe."


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
