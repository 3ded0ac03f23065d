"""Plans of teams: what a team has, and changing it."""

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Team, User
from billing.models import BillingAccount
from billing.plans import BY_KEY, STARTER, Plan
from config.errors import DomainError


class UnknownPlan(DomainError):
    code, status, message = "unknown_plan", 400, "There is no such plan: use starter, pro or team."


class BadSeats(DomainError):
    code, status, message = "bad_seats", 400, "Seats must be a whole number of at least 1."


def plan_of(team: Team) -> Plan:
    """The team's plan, with its seats as the cap on members where the plan is paid per member. Reads only our rows."""
    account = BillingAccount.objects.for_team(team).first()
    return effective_plan(account.plan, account.seats) if account else STARTER


def effective_plan(key: str, seats: int) -> Plan:
    plan = BY_KEY[key]
    return replace(plan, members=seats) if plan.per_member else plan


@transaction.atomic
def change_plan(*, team: Team, plan: str, seats: int = 1, actor: User | None) -> BillingAccount:
    """Puts the team on a plan and writes the facts that `accounts` enforces. Nothing over a new cap is deleted.

    Raises UnknownPlan, BadSeats.
    """
    if plan not in BY_KEY:
        raise UnknownPlan
    if seats < 1:
        raise BadSeats
    team = Team.objects.select_for_update().get(pk=team.pk)
    account, _ = BillingAccount.objects.get_or_create(team=team)
    before = {"plan": account.plan, "seats": account.seats}
    account.plan, account.seats, account.changed_at = plan, seats, timezone.now()
    account.save()
    effective = effective_plan(plan, seats)
    team.member_cap = effective.members
    team.service_keys_allowed = effective.service_keys
    team.audit_log_allowed = effective.audit_log
    team.save(update_fields=["member_cap", "service_keys_allowed", "audit_log_allowed"])
    details = {"before": before, "after": {"plan": plan, "seats": seats}}
    audit.record(team=team, actor=actor, action="plan.changed", target=effective.name, details=details)
    return account
