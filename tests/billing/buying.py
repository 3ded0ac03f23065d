"""What people do to buy, with the twin as Stripe: choose a plan, pay, come back; and what Stripe then holds."""

from urllib.parse import parse_qs, urlsplit

from accounts.models import Team, User
from billing import changes, services
from billing.models import BillingAccount, ChangeState, Checkout, StripeChange, Subscription
from tests.conftest import Cast
from tests.twin.client import Row, TwinClient

ENDED = ("canceled", "incomplete_expired")


def buy(
    twin: TwinClient, team: Team, actor: User, plan: str = "team", interval: str = "month", card: str = "good"
) -> Subscription:
    """A subscription, paid on Stripe's page, and known here."""
    url = services.open_checkout(team=team, plan=plan, interval=interval, actor=actor)
    back = twin.pay_checkout(url, card)
    assert back.left_for, back.alert
    services.confirm_checkout(team=team, session_id=session_in(back.left_for))
    team.refresh_from_db()
    return live(team)


def session_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["session_id"][0]


def acme_buys(
    twin: TwinClient, cast: Cast, plan: str = "team", interval: str = "month", card: str = "good"
) -> Subscription:
    return buy(twin, cast.acme, cast.olga, plan, interval, card)


def checkout_url(cast: Cast, plan: str = "team", interval: str = "month") -> str:
    """The page where olga can pay."""
    return services.open_checkout(team=cast.acme, plan=plan, interval=interval, actor=cast.olga)


def ask(cast: Cast, plan: str = "team", interval: str = "month") -> StripeChange:
    """Olga asks for another plan."""
    return services.change_subscription(team=cast.acme, plan=plan, interval=interval, actor=cast.olga)


def live(team: Team) -> Subscription:
    """Our row of the team's subscription."""
    return Subscription.objects.for_team(team).live().get()


def account_of(team: Team) -> BillingAccount:
    return BillingAccount.objects.get(team=team)


def do_all(team: Team) -> None:
    """What the workers do between two sweeps."""
    changes.work(account_of(team).pk)


def sweep(team: Team) -> None:
    """A sweep, and the work it finds for this team."""
    if account_of(team).pk in changes.find_work():
        do_all(team)


def done(change: StripeChange) -> StripeChange:
    """The change after the workers had it. Fails with what was refused."""
    do_all(change.account.team)
    change.refresh_from_db()
    assert change.state == ChangeState.DONE, (change.state, change.error_code, change.error_message)
    return change


def refused(change: StripeChange) -> StripeChange:
    do_all(change.account.team)
    change.refresh_from_db()
    assert change.state == ChangeState.REFUSED
    return change


def only_checkout(team: Team) -> Checkout:
    return Checkout.objects.for_team(team).get()


def states(cast: Cast) -> list[str]:
    """What has become of acme's Checkout sessions, oldest first."""
    return list(Checkout.objects.for_team(cast.acme).order_by("pk").values_list("state", flat=True))


def use_card(twin: TwinClient, cast: Cast, card: str) -> None:
    """The card that acme is charged on from now on."""
    url = services.portal_url(team=cast.acme, actor=cast.olga, fix_card=True, return_url="http://pare.example/back")
    twin.portal(url).update_card(card)


def at_stripe(twin: TwinClient) -> list[Row]:
    """Subscriptions that Stripe goes on with."""
    return [row for row in twin.truth("subscription") if row["status"] not in ENDED]


def seats_at_stripe(twin: TwinClient) -> int:
    [subscription] = at_stripe(twin)
    [item] = subscription["items"]["data"]
    return int(item["quantity"])


def price_at_stripe(twin: TwinClient) -> str:
    """The lookup key of what is being charged for."""
    [subscription] = at_stripe(twin)
    [item] = subscription["items"]["data"]
    return str(item["price"]["lookup_key"])


def paid_cents(twin: TwinClient) -> list[int]:
    """What was taken from cards, invoice by invoice."""
    return [row["amount_paid"] for row in twin.truth("invoice") if row["amount_paid"]]


def is_team_once(cast: Cast, twin: TwinClient) -> bool:
    """On Team for three, charged for the difference once."""
    paid = paid_cents(twin)
    return price_at_stripe(twin) == "pare_team_monthly" and seats_at_stripe(twin) == 3 and len(paid) == 2
