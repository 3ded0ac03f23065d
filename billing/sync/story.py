"""What happened to a team's subscription between two looks, in the words of the audit trail. Pure."""

from dataclasses import dataclass, field, replace
from typing import Any

from billing.gateway.types import LiveInvoice, LiveSubscription
from billing.plans import BY_KEY
from billing.sync.choice import OVERDUE


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the audit trail, still to be written."""

    action: str
    target: str
    details: dict[str, Any] = field(default_factory=dict)


def story(
    before: LiveSubscription | None, after: LiveSubscription | None, unpaid: LiveInvoice | None
) -> list[Happening]:
    """From the subscription that counted to the one that counts now. `unpaid`: why the latter is overdue.

    Changes of plan and seats are told by `apply_grant`, which knows what the team really gets.
    """
    if before and after and before.id == after.id:
        return [*_plans(before, after), *_payment(before, after, unpaid)]
    told = [Happening("subscription.ended", _plan(before), _terms(before))] if before else []
    if after:
        # What was planned before we first saw it is news, too.
        plain = replace(after, cancel_at=None, next_plan="", next_interval="", next_at=None)
        told += [Happening("subscription.started", _plan(after), _terms(after)), *_plans(plain, after)]
        told += _payment(None, after, unpaid)
    return told


def _plans(before: LiveSubscription, after: LiveSubscription) -> list[Happening]:
    """What is planned for the end of the period, and how the subscription is paid."""
    told = []
    if after.cancel_at and after.cancel_at != before.cancel_at:
        told.append(Happening("subscription.cancel_planned", _plan(after), {"at": after.cancel_at.isoformat()}))
    elif after.next_plan and _next(after) != _next(before):
        told.append(Happening("subscription.downgrade_planned", _plan(after), _planned(after)))
    elif (before.cancel_at or before.next_plan) and not (after.cancel_at or after.next_plan or _came(before, after)):
        told.append(Happening("subscription.resumed", _plan(after)))
    if after.interval != before.interval:
        change = {"before": before.interval, "after": after.interval}
        told.append(Happening("subscription.interval_changed", _plan(after), change))
    return told


def _payment(before: LiveSubscription | None, after: LiveSubscription, unpaid: LiveInvoice | None) -> list[Happening]:
    was, is_now = before is not None and before.status in OVERDUE, after.status in OVERDUE
    if is_now and not was:
        invoice = {"amount_cents": unpaid.amount_due_cents, "currency": unpaid.currency} if unpaid else {}
        return [Happening("payment.failed", unpaid.number if unpaid else _plan(after), invoice)]
    if was and after.status in ("active", "trialing"):
        return [Happening("payment.recovered", _plan(after))]
    return []


def _next(one: LiveSubscription) -> tuple[str, str, object]:
    return one.next_plan, one.next_interval, one.next_at


def _came(before: LiveSubscription, after: LiveSubscription) -> bool:
    """Whether what was planned is what holds now."""
    interval = before.next_interval or before.interval
    return bool(before.next_plan) and (before.next_plan, interval) == (after.plan, after.interval)


def _plan(one: LiveSubscription) -> str:
    return BY_KEY[one.plan].name


def _terms(one: LiveSubscription) -> dict[str, Any]:
    return {"plan": one.plan, "interval": one.interval, "seats": one.quantity, "subscription": one.id}


def _planned(one: LiveSubscription) -> dict[str, Any]:
    at = one.next_at.isoformat() if one.next_at else None
    return {"plan": one.next_plan, "interval": one.next_interval or one.interval, "at": at}
