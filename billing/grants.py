"""Giving a team what its plan says: the one writer of the account's plan and of the facts that `accounts` enforces."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Team, User
from billing import notices
from billing.entitlement import Grant
from billing.models import BillingAccount, NoticeKind, Source
from billing.plans import BY_KEY, STARTER, Plan


def effective_plan(account: BillingAccount | None, now: datetime) -> Plan:
    """The plan with its seats as the cap on members, where it is paid per member and seats do not follow members."""
    if account is None or not account.is_valid(now):
        return STARTER
    plan = BY_KEY[account.plan]
    return replace(plan, members=account.seats) if plan.per_member and not account.seats_follow_members else plan


def lock_account(team: Team) -> BillingAccount:
    """The account of a team, made when it has none, locked until the transaction ends. Lock the team after it."""
    BillingAccount.objects.get_or_create(team=team)
    return BillingAccount.objects.select_for_update(of=("self",), no_key=True).select_related("team").get(team=team)


@transaction.atomic
def apply_grant(*, account: BillingAccount, grant: Grant, source: Source, actor: User | None) -> bool:
    """Writes a grant to an account that the caller has locked, and to its team; gives whether anything changed.

    Changed plans and seats are audited; of another plan owners and billing members are told. Nothing over a new cap
    is deleted.
    """
    now = timezone.now()
    before = _terms(account)
    account.plan, account.seats, account.source = grant.plan, grant.seats, source
    account.seats_follow_members, account.valid_until = grant.seats_follow_members, grant.until
    after = _terms(account)
    _write_facts(account, now)
    if before == after:
        return False
    account.changed_at = now
    account.save(update_fields=["plan", "seats", "source", "seats_follow_members", "valid_until", "changed_at"])
    _tell(account, before, after, actor)
    return True


def _tell(account: BillingAccount, before: dict[str, Any], after: dict[str, Any], actor: User | None) -> None:
    shown = {"before": _shown(before), "after": _shown(after)}
    if shown["before"] != shown["after"]:
        seats_only = {**shown["before"], "seats": after["seats"]} == shown["after"]
        action, target = "seats.changed" if seats_only else "plan.changed", BY_KEY[account.plan].name
        audit.record(team=account.team, actor=actor, action=action, target=target, details=shown)
    if before["plan"] != after["plan"]:
        # A grant that has an end is one of a payment that failed.
        reason = ""
        if account.plan == STARTER.key and (account.valid_until or before["valid_until"]):
            reason = "unpaid" if account.valid_until else "ended_unpaid"
        facts = {"before": before["plan"], "after": after["plan"], "reason": reason}
        notices.request(account, NoticeKind.PLAN_CHANGED, key=account.changed_at.isoformat(), facts=facts)


def _terms(account: BillingAccount) -> dict[str, Any]:
    fields = ("plan", "seats", "source", "seats_follow_members", "valid_until")
    return {field: getattr(account, field) for field in fields}


def _shown(terms: dict[str, Any]) -> dict[str, Any]:
    return {field: terms[field] for field in ("plan", "seats", "source")}


def _write_facts(account: BillingAccount, now: datetime) -> None:
    """The team's own copy of what its plan allows: written every time, because a grace ends without a write."""
    effective = effective_plan(account, now)
    team = Team.objects.select_for_update(no_key=True).get(pk=account.team_id)
    facts = {
        "member_cap": effective.members,
        "service_keys_allowed": effective.service_keys,
        "audit_log_allowed": effective.audit_log,
        "payment_grace_until": account.valid_until,
    }
    if any(getattr(team, name) != value for name, value in facts.items()):
        Team.objects.filter(pk=team.pk).update(**facts)
