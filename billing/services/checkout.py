"""Starting to pay: one Checkout session for each team, whoever clicks how often."""

from accounts.models import Team, User
from billing.models import Checkout


def open_checkout(*, team: Team, plan: str, interval: str, actor: User) -> str:
    """The address of Stripe's page where the team pays for the plan: `start_checkout`, then `finish_checkout_start`.

    Raises UnknownPlan, UnknownInterval, AlreadySubscribed, ChangeInProgress, CurrencyClash, CustomerGone, NoStripe,
    StripeAway, PriceMissing, RateLimited, NotFound, Forbidden.
    """
    raise NotImplementedError


def start_checkout(*, team: Team, plan: str, interval: str, actor: User) -> Checkout:
    """The team's session for this plan: the open one, or a new one still to be made at Stripe. Raises as above."""
    raise NotImplementedError


def finish_checkout_start(checkout: Checkout) -> str:
    """Makes the session at Stripe unless it is there, and gives its address. Raises as above, and CheckoutEnded."""
    raise NotImplementedError


def confirm_checkout(*, team: Team, session_id: str) -> Checkout:
    """Somebody came back from paying: reads the session and the customer's state now.

    Raises NotFound for a session that is not this team's, StripeAway.
    """
    raise NotImplementedError
