"""What a change or a seat costs, by Stripe's own reckoning."""

import pytest

from billing import errors, services
from tests.billing.buying import acme_buys, ask, done, live, paid_cents
from tests.billing.rows import subscribe
from tests.conftest import Cast
from tests.factories import make_membership
from tests.twin.client import TwinClient


def test_what_a_change_costs_is_stripes_own_reckoning(cast: Cast, twin: TwinClient) -> None:
    new = services.preview(team=cast.acme, plan="team", interval="month")
    assert (new.due_now_cents, new.currency) == (3 * 2900, "usd")
    acme_buys(twin, cast, "pro")
    up = services.preview(team=cast.acme, plan="team", interval="month")
    assert 3 * 2900 - 1900 - 10 <= up.due_now_cents <= 3 * 2900  # the month has just begun
    assert up.next_cents == 3 * 2900
    done(ask(cast, "team"))
    assert paid_cents(twin)[1] == pytest.approx(up.due_now_cents, abs=5)  # seconds went by
    down = services.preview(team=cast.acme, plan="pro", interval="month")
    assert (down.due_now_cents, down.next_cents, down.next_at) == (0, 1900, live(cast.acme).period_end)


def test_a_preview_is_kept_for_a_minute(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    seat = services.preview_seat(cast.acme)
    assert seat.next_cents == 4 * 2900 and 0 < seat.due_now_cents <= 2900
    asked = twin.calls()
    assert services.preview_seat(cast.acme) == seat
    assert twin.calls() == asked
    assert services.preview_seat(cast.acme, more=-1).next_cents == 2 * 2900
    make_membership(cast.acme)
    assert services.preview_seat(cast.acme).next_cents == 5 * 2900


def test_a_page_does_not_wait_again_for_a_stripe_that_is_away(cast: Cast, twin: TwinClient) -> None:
    twin.chaos(fail_500={"times": 3})
    with pytest.raises(errors.StripeAway):
        services.preview(team=cast.acme, plan="pro", interval="month")
    asked = twin.calls()
    with pytest.raises(errors.StripeAway):
        services.preview(team=cast.acme, plan="team", interval="month")
    assert twin.calls() == asked


def test_only_a_plan_with_seats_has_a_price_for_one(cast: Cast) -> None:
    with pytest.raises(errors.NoSubscription):
        services.preview_seat(cast.acme)
    subscribe(cast.acme, "pro", quantity=1)
    with pytest.raises(errors.NoSubscription):
        services.preview_seat(cast.acme)
