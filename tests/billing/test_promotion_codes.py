"""A promotion code that is typed in on Stripe's page, down to a plan that costs nothing."""

import pytest

from billing import services
from billing.models import Invoice
from tests.billing.buying import acme_buys, checkout_url, live, paid_cents, seats_at_stripe, session_in, sweep
from tests.conftest import Cast
from tests.factories import make_membership
from tests.twin.client import TwinClient
from tests.twin.talk import sdk


@pytest.mark.parametrize(("percent", "first", "with_one_more"), [(50, 4350, 5800), (100, 0, 0)])
def test_it_holds_for_the_plan_and_for_seats_added_later(
    cast: Cast, twin: TwinClient, percent: int, first: int, with_one_more: int
) -> None:
    api = sdk(twin.url).v1
    coupon = api.coupons.create({"percent_off": percent, "duration": "forever"})
    api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "AUTUMN"})
    back = twin.pay_checkout(checkout_url(cast), code="AUTUMN")
    assert back.left_for, back.alert
    services.confirm_checkout(team=cast.acme, session_id=session_in(back.left_for))
    assert (live(cast.acme).plan, live(cast.acme).status) == ("team", "active")
    assert Invoice.objects.for_team(cast.acme).get().total_cents == first
    make_membership(cast.acme)
    sweep(cast.acme)
    assert (seats_at_stripe(twin), live(cast.acme).quantity) == (4, 4)
    assert sum(paid_cents(twin)) == with_one_more


def test_a_code_that_is_none_charges_nothing(cast: Cast, twin: TwinClient) -> None:
    refused = twin.pay_checkout(checkout_url(cast), code="NONE")
    assert refused.alert and paid_cents(twin) == []
    assert acme_buys(twin, cast).status == "active"
