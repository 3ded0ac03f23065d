"""The billing page: the plan, what is used of it, what happens over a cap, and what other plans give."""

import re
from typing import Any

import pytest
from django.test import Client

from billing.caps import CapUse, use_of
from billing.plans import PLANS
from billing.services import change_plan, plan_of
from repos.models import Repository
from tests.billing.rows import make_invoice, make_prices, subscribe
from tests.conftest import Cast

URL = "/t/acme/billing/"


def text_of(client: Client, url: str = URL) -> str:
    """What a reader of the page reads."""
    response = client.get(url)
    assert response.status_code == 200, response
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def link(cast: Cast, number: int) -> None:
    for place in range(number):
        address = f"git.example/acme/shop{place}"
        Repository.objects.create(team=cast.acme, name=f"shop{place}", url=f"https://{address}", identity=address)


def test_it_shows_plan_and_use(cast: Cast) -> None:
    link(cast, 2)
    page = text_of(cast.client(cast.vic))
    assert "$29.00 a member and month; the team pays nothing through this page" in page
    assert re.search(r"Members \(all but the billing role\) ?3 of 5", page)
    assert re.search(r"Linked repositories ?2, no cap", page)
    assert re.search(r"Slices this month \(UTC\) ?0, no cap", page)
    assert "3 members, 5 seats" in page
    for plan in PLANS:
        assert plan.name in page
    assert page.count("Your plan") == 2  # the heading's sentence and the badge
    assert "The operator of this Pare set the team’s plan and its number of seats" in page


def test_over_a_cap_it_says_what_that_means(cast: Cast) -> None:
    link(cast, 4)
    change_plan(team=cast.acme, plan="pro", actor=None)
    page = text_of(cast.client(cast.olga))
    assert "Linked repositories: 4 used, 3 in the plan" in page
    assert "The 1 linked last is paused" in page
    assert "Members (all but the billing role): 3 used, 1 in the plan" in page
    assert "Nobody was removed" in page


def test_at_a_cap_nothing_is_over(cast: Cast) -> None:
    link(cast, 3)
    change_plan(team=cast.acme, plan="pro", actor=None)
    page = text_of(cast.client(cast.olga))
    assert "Members (all but the billing role): 3 used, 1 in the plan" in page
    assert page.count("in the plan") == 1


def test_use_is_the_teams_own(cast: Cast) -> None:
    link(cast, 2)
    assert [(cap.name, cap.used) for cap in use_of(cast.rival, plan_of(cast.rival))] == [
        ("members", 1),
        ("repositories", 0),
        ("slices", 0),
    ]


@pytest.mark.parametrize(
    ("used", "cap", "full", "over"), [(2, 3, False, 0), (3, 3, True, 0), (4, 3, True, 1), (9, None, False, 0)]
)
def test_full_and_over(used: int, cap: int | None, full: bool, over: int) -> None:
    use = CapUse("slices", used, cap)
    assert (use.is_full, use.over) == (full, over)


def test_without_a_key_it_says_who_sets_plans(cast: Cast, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    page = cast.client(cast.olga).get(URL).content.decode()
    assert "This Pare has no Stripe key" in page
    assert "/billing/plan/" not in page and "Card, address" not in page
    confirm = text_of(cast.client(cast.olga), f"{URL}plan/pro/month/")
    assert "This Pare has no Stripe key" in confirm and "Go to payment" not in confirm


def test_the_page_costs_few_queries(cast: Cast, settings: Any, django_assert_max_num_queries: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_only_shown"
    make_prices("month", "year")
    subscription = subscribe(cast.acme)
    for _ in range(30):
        make_invoice(cast.acme, subscription)
    client = cast.client(cast.olga)
    client.get(URL)
    with django_assert_max_num_queries(16):  # half of them the session's
        client.get(URL)
