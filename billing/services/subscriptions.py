"""Changing a subscription: up now, down at the end of the period, cancelled, or as it was."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Team, User
from billing import changes, errors, tasks
from billing.entitlement import FULL
from billing.models import BillingAccount, ChangeKind, StripeChange, Subscription
from billing.plans import BY_KEY
from billing.services.guards import check_nothing_under_way, check_plan, check_rate, lock_for


@transaction.atomic
def change_subscription(*, team: Team, plan: str, interval: str, actor: User) -> StripeChange:
    """Asks for another plan: a larger one now, a smaller one at the end of the period; "starter" cancels then.

    The change is made by the workers. Asking for the plan that the team is on undoes a planned change. Raises
    UnknownPlan, UnknownInterval, NoSubscription, PlanSame, ChangeInProgress, PaymentOverdue, PaymentPending, NoStripe,
    RateLimited, NotFound, Forbidden.
    """
    check_plan(plan, interval)
    account = lock_for(team, actor)
    subscription = _live(account)
    kind = _kind(subscription, plan, interval)
    check_nothing_under_way(account)
    if kind != ChangeKind.CANCEL:
        _check_paid_up(subscription)
    if kind == ChangeKind.CANCEL:
        return _ask(account, kind, {}, actor, "billing.cancel_requested", subscription.plan)
    if kind == ChangeKind.RESUME:
        return _ask(account, kind, {}, actor, "billing.resume_requested", subscription.plan)
    if kind == ChangeKind.UPGRADE and changes.lacks_seats(team, subscription):
        # Paid for first: a change that waits for its payment would put them off.
        changes.request_change(account=account, kind=ChangeKind.SEATS, wanted={}, actor=None)
    wanted = {"plan": plan, "interval": interval}
    return _ask(account, kind, wanted, actor, "billing.plan_change_requested", plan)


@transaction.atomic
def resume(*, team: Team, actor: User) -> StripeChange:
    """Undoes a cancellation or change planned for the end of the period. Raises NothingToResume, and as above."""
    account = lock_for(team, actor)
    subscription = _live(account)
    if not _is_planned(subscription):
        raise errors.NothingToResume
    check_nothing_under_way(account)
    return _ask(account, ChangeKind.RESUME, {}, actor, "billing.resume_requested", subscription.plan)


def _live(account: BillingAccount) -> Subscription:
    subscription = account.subscriptions.live().first()
    if subscription is None:
        raise errors.NoSubscription
    return subscription


def _is_planned(subscription: Subscription) -> bool:
    """Whether it is to end or to change by itself. A schedule can also be there because the change has just come."""
    return subscription.cancel_at is not None or bool(subscription.next_plan)


def _kind(subscription: Subscription, plan: str, interval: str) -> ChangeKind:
    """What is to be done to get there. Raises PlanSame."""
    kind = changes.direction(subscription, plan, interval)
    if kind is None:
        if _is_planned(subscription):
            return ChangeKind.RESUME
        raise errors.PlanSame
    if kind == ChangeKind.CANCEL and subscription.cancel_at is not None and not subscription.schedule_id:
        raise errors.PlanSame(f"The subscription ends on {subscription.cancel_at:%d %B %Y} already.")
    is_next = (subscription.next_plan, subscription.next_interval) == (plan, interval)
    if kind == ChangeKind.DOWNGRADE and is_next and subscription.cancel_at is None:
        raise errors.PlanSame(f"The team changes to {BY_KEY[plan].name} at the end of the period already.")
    return kind


def _check_paid_up(subscription: Subscription) -> None:
    """Raises PaymentOverdue, PaymentPending."""
    if subscription.status not in FULL:
        raise errors.PaymentOverdue
    if subscription.pending_until and subscription.pending_until > timezone.now():
        raise errors.PaymentPending


def _ask(
    account: BillingAccount, kind: ChangeKind, wanted: dict[str, str], actor: User, action: str, plan: str
) -> StripeChange:
    check_rate(account)
    change = changes.request_change(account=account, kind=kind, wanted=wanted, actor=actor)
    details = {**wanted, "when": "now" if kind in (ChangeKind.UPGRADE, ChangeKind.RESUME) else "period_end"}
    audit.record(team=account.team, actor=actor, action=action, target=BY_KEY[plan].name, details=details)
    tasks.enqueue(account.pk)
    return change
