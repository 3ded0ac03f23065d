"""Changing a subscription: up now, down at the end of the period, cancelled, or as it was."""

from accounts.models import Team, User
from billing.models import ChangeKind, StripeChange, Subscription


def way_to(subscription: Subscription, plan: str, interval: str) -> ChangeKind | None:
    """What moving to this plan is: UPGRADE (now), DOWNGRADE or CANCEL (at the end of the period); None: it is on it."""
    raise NotImplementedError


def change_subscription(*, team: Team, plan: str, interval: str, actor: User) -> StripeChange:
    """Asks for another plan; "starter" cancels at the end of the period. The change is made by the workers.

    Raises UnknownPlan, UnknownInterval, NoSubscription, PlanSame, ChangeInProgress, PaymentOverdue, PaymentPending,
    NoStripe, RateLimited, NotFound, Forbidden.
    """
    raise NotImplementedError


def resume(*, team: Team, actor: User) -> StripeChange:
    """Undoes a cancellation or change planned for the end of the period. Raises NothingToResume, and as above."""
    raise NotImplementedError


def change_to_show(team: Team) -> StripeChange | None:
    """The newest change that a person asked for, while it is on its way, or refused within the last day."""
    raise NotImplementedError
