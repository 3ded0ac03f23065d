"""A failed payment is said on every page of the team, to those who can mend it, and costs the page no query."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import Subscription
from billing.words import day_of
from tests.billing.rows import fail_payment
from tests.conftest import Cast

PAGES = ("/t/acme/", "/t/acme/team/", "/t/acme/spend/", "/t/acme/agents/")


def page_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize(("who", "sees"), [("olga", True), ("vic", True), ("adam", False), ("mei", False)])
def test_owner_and_billing_role_see_it(cast: Cast, url: str, who: str, sees: bool) -> None:
    fail_payment(cast.acme)
    assert ("Payment failed." in page_of(cast.client(getattr(cast, who)), url)) == sees


def test_it_says_until_when_all_stays_and_what_to_do(cast: Cast) -> None:
    ends = fail_payment(cast.acme).grace_ends_at
    page = page_of(cast.client(cast.olga), "/t/acme/team/")
    assert ends and f">{day_of(ends)}</time>" in page and "Everything stays as it is until" in page
    assert '<a href="/t/acme/billing/">Update the card</a>' in page


def test_after_the_grace_it_says_what_holds(cast: Cast) -> None:
    fail_payment(cast.acme, days_ago=25)
    page = page_of(cast.client(cast.olga), "/t/acme/team/")
    assert "The team is on Starter’s caps since" in page and "nothing was deleted" in page


def test_it_goes_with_the_payment(cast: Cast) -> None:
    fail_payment(cast.acme)
    Subscription.objects.all().delete()
    cast.acme.payment_grace_until = None
    cast.acme.save()
    assert "Payment failed." not in page_of(cast.client(cast.olga), "/t/acme/team/")


def test_other_teams_have_none(cast: Cast) -> None:
    fail_payment(cast.acme)
    assert "Payment failed." not in page_of(cast.client(cast.mallory), "/t/rival/team/")


def test_the_billing_page_says_it_once(cast: Cast, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_only_shown"
    fail_payment(cast.acme)
    page = page_of(cast.client(cast.olga), "/t/acme/billing/")
    assert "payment-banner" not in page and "<strong>Payment failed</strong>" in page


def test_it_costs_no_query(cast: Cast) -> None:
    client = cast.client(cast.olga)
    fail_payment(cast.acme)
    page_of(client, "/t/acme/team/")
    with CaptureQueriesContext(connection) as with_it:
        assert "Payment failed." in page_of(client, "/t/acme/team/")
    cast.acme.payment_grace_until = None
    cast.acme.save()
    with CaptureQueriesContext(connection) as without:
        assert "Payment failed." not in page_of(client, "/t/acme/team/")
    assert len(with_it) == len(without)
