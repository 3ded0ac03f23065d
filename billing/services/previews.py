"""What a change would cost, reckoned by Stripe; kept for a minute."""

from accounts.models import Team
from billing.gateway.types import Preview


def preview(*, team: Team, plan: str, interval: str) -> Preview:
    """The cost of moving to this plan now, with the seats that the team needs now.

    Raises UnknownPlan, UnknownInterval, NoStripe, StripeAway, PriceMissing, RateLimited.
    """
    raise NotImplementedError


def preview_seat(team: Team) -> Preview:
    """The cost of one more member on the team's subscription. Raises NoSubscription, and as above."""
    raise NotImplementedError
