"""What the page that removes a member says about the seat."""

import pytest

from billing.services import change_plan
from tests.accounts.test_members import membership
from tests.billing.rows import fail_payment, subscribe
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LESS = "/t/acme/billing/seat/?less=1"
CREDITED = "With one member less the team pays $29.00 a month less from"


def test_the_page_asks_and_hears_that_the_seat_is_credited(cast: Cast) -> None:
    subscribe(cast.acme)
    client = cast.client(cast.adam)
    mei = membership(cast.acme, cast.mei)
    assert f'hx-get="{LESS}"' in client.get(f"/t/acme/team/{mei.public_id}/remove/").content.decode()
    assert CREDITED in client.get(LESS).content.decode()


def test_a_yearly_seat_is_credited_for_the_year(cast: Cast) -> None:
    subscribe(cast.acme, interval="year")
    assert "$290.00 a year less from" in cast.client(cast.olga).get(LESS).content.decode()


def test_where_seats_do_not_follow_members_nothing_is_promised(cast: Cast) -> None:
    client = cast.client(cast.olga)
    assert client.get(LESS).content.strip() == b""
    fail_payment(cast.acme)
    assert client.get(LESS).content.strip() == b""


def test_a_plan_for_one_promises_nothing(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="pro", actor=None)
    subscribe(cast.acme, "pro", quantity=1)
    assert cast.client(cast.olga).get(LESS).content.strip() == b""


def test_the_pages_of_members_ask_what_one_more_costs(cast: Cast) -> None:
    for path in ("team/", "team/invite/"):
        assert 'hx-get="/t/acme/billing/seat/"' in cast.client(cast.olga).get(f"/t/acme/{path}").content.decode()
    assert "/billing/seat/" not in cast.client(cast.mei).get("/t/acme/team/").content.decode()
    vic = membership(cast.acme, cast.vic)
    assert "/billing/seat/" not in cast.client(cast.olga).get(f"/t/acme/team/{vic.public_id}/remove/").content.decode()
