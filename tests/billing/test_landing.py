"""The landing page: open to all, with the plans, and a way on for those who are logged in."""

from django.test import Client

from billing.plans import PLANS
from tests.conftest import Cast


def test_it_shows_the_plans_to_everyone(db: None) -> None:
    response = Client().get("/")
    assert response.status_code == 200
    page = response.content.decode()
    for plan in PLANS:
        assert plan.name in page
        assert f"${plan.monthly_usd}" in page if plan.monthly_usd else "Free" in page
    assert "/account/signup/" in page


def test_who_is_logged_in_finds_the_way_to_the_team(cast: Cast) -> None:
    page = cast.client(cast.mei).get("/").content.decode()
    assert 'href="/home"' in page
    assert "/account/signup/" not in page


def test_it_takes_no_writes(db: None) -> None:
    assert Client().post("/").status_code == 405
