"""Cards and unpaid invoices, and a look at Stripe now."""

from accounts.models import Team, User
from billing.models import StripeChange


def retry_payment(*, team: Team, actor: User) -> StripeChange:
    """Asks Stripe to charge the oldest unpaid invoice again.

    Raises NothingToPay, ChangeInProgress, NoStripe, RateLimited.
    """
    raise NotImplementedError


def portal_url(*, team: Team, actor: User, fix_card: bool, return_url: str) -> str:
    """The address of Stripe's portal for the team, opened at the card with `fix_card`.

    Raises NoCustomer, CustomerGone, NoStripe, StripeAway, RateLimited.
    """
    raise NotImplementedError


def refresh(team: Team) -> bool:
    """Brings our rows up to Stripe's state now; whether anything changed. Raises NoStripe, StripeAway, RateLimited."""
    raise NotImplementedError
