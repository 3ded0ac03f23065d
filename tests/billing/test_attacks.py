"""What somebody tries who wants a plan, or seats, without paying; and charges that nobody asked for."""

from accounts.services import remove_member
from billing import services
from tests.billing.buying import acme_buys, live, seats_at_stripe, sweep
from tests.conftest import Cast
from tests.factories import make_membership
from tests.twin.client import TwinClient


def use_card(twin: TwinClient, cast: Cast, card: str) -> None:
    url = services.portal_url(team=cast.acme, actor=cast.olga, fix_card=True, return_url="http://pare.example/back")
    twin.portal(url).update_card(card)


def test_seats_never_paid_for_give_no_credit(cast: Cast, twin: TwinClient) -> None:
    """Ten join, the card declines, and they leave again: what was never paid is not given back."""
    acme_buys(twin, cast)
    twin.advance(days=12)
    use_card(twin, cast, "decline later")
    guests = [make_membership(cast.acme) for _ in range(10)]
    sweep(cast.acme)
    assert (live(cast.acme).status, seats_at_stripe(twin)) == ("past_due", 13)
    for guest in guests:
        remove_member(membership=guest, actor=cast.olga)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == 3
    twin.advance(days=22)
    assert [row["total"] for row in twin.truth("invoice")][2] == 3 * 2900  # the renewal, in full
    [customer] = twin.truth("customer")
    assert customer["balance"] == 0
