"""`GET /api/v1/billing` and `GET /api/v1/billing/invoices`."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.roles import Scope
from billing.models import ChangeKind
from tests.api.test_errors import refusal
from tests.api.test_team import get
from tests.billing.rows import fail_payment, make_change, make_invoice, refuse, subscribe
from tests.conftest import Cast
from tests.factories import make_api_key

BILLING, INVOICES = "/api/v1/billing", "/api/v1/billing/invoices"


@pytest.fixture
def key(cast: Cast) -> str:
    return make_api_key(cast.acme, scopes=[Scope.SPEND_READ])[1]


def said(moment: Any) -> str:
    """A moment as JSON has it."""
    return str(moment.isoformat().replace("+00:00", "Z"))


def test_a_plan_that_is_paid(cast: Cast, key: str) -> None:
    subscription = subscribe(cast.acme)
    answer = get(BILLING, key).json()
    assert answer.pop("synced_at")
    assert answer == {
        "plan": "team",
        "source": "stripe",
        "state": "active",
        "paid_plan": "team",
        "interval": "month",
        "seats": 3,
        "billable_members": 3,
        "seats_follow_members": True,
        "unit_amount_cents": 2900,
        "amount_cents": 8700,
        "currency": "usd",
        "renews_at": said(subscription.period_end),
        "cancel_at": None,
        "planned": None,
        "pending": None,
        "change": None,
        "payment": {"state": "ok", "grace_ends_at": None, "invoice_url": None},
        "card": {"brand": "visa", "last4": "4242", "expires": "2030-04"},
    }


def test_a_plan_of_the_operators(cast: Cast, key: str) -> None:
    answer = get(BILLING, key).json()
    facts = [answer[name] for name in ("plan", "source", "state", "paid_plan", "seats", "card", "amount_cents")]
    assert facts == ["team", "operator", "operator", None, 5, None, None]


def test_a_failed_payment_and_the_end_of_its_grace(cast: Cast, key: str) -> None:
    subscription = fail_payment(cast.acme, days_ago=1, page_url="https://invoice.stripe.example/1")
    answer = get(BILLING, key).json()
    ends = said(subscription.grace_ends_at)
    assert (answer["plan"], answer["state"]) == ("team", "payment_failed")
    assert answer["payment"] == {
        "state": "failed",
        "grace_ends_at": ends,
        "invoice_url": "https://invoice.stripe.example/1",
    }


def test_after_the_grace_the_plan_is_another_than_the_one_to_pay(cast: Cast, key: str) -> None:
    fail_payment(cast.acme, days_ago=30)
    answer = get(BILLING, key).json()
    assert (answer["plan"], answer["paid_plan"], answer["state"]) == ("starter", "team", "lapsed")
    assert answer["renews_at"] is None


def test_what_is_planned_what_waits_and_what_was_refused(cast: Cast, key: str) -> None:
    at = timezone.now() + timedelta(days=20)
    subscribe(
        cast.acme,
        next_plan="pro",
        next_interval="month",
        next_at=at,
        pending_plan="team",
        pending_quantity=4,
        pending_until=at,
    )
    refuse(cast.acme, "The card was declined.")
    answer = get(BILLING, key).json()
    assert answer["planned"] == {"plan": "pro", "interval": "month", "at": said(at)}
    assert answer["pending"] == {"plan": "team", "seats": 4, "until": said(at)}
    assert answer["change"]["state"] == "refused" and answer["change"]["error_message"] == "The card was declined."
    make_change(cast.acme, ChangeKind.RESUME)
    assert (get(BILLING, key).json()["change"]["kind"], get(BILLING, key).json()["change"]["state"]) == (
        "resume",
        "waiting",
    )


def test_invoices_come_in_pages_newest_first(cast: Cast, key: str) -> None:
    subscription, now = subscribe(cast.acme), timezone.now()
    for number in range(5):
        make_invoice(cast.acme, subscription, number=f"A-{number}", created_at=now - timedelta(days=number))
    first = get(f"{INVOICES}?page_size=2", key).json()
    assert [one["number"] for one in first["results"]] == ["A-0", "A-1"]
    assert first["results"][0]["total_cents"] == 8700
    make_invoice(cast.acme, subscription, number="A-new", created_at=now)
    second = get(first["next"], key).json()
    assert [one["number"] for one in second["results"]] == ["A-2", "A-3"]


def test_invoices_of_one_second_are_all_shown_once(cast: Cast, key: str) -> None:
    subscription, now = subscribe(cast.acme), timezone.now()
    made = {make_invoice(cast.acme, subscription, created_at=now).stripe_id for _ in range(7)}
    url, seen = f"{INVOICES}?page_size=3", []
    while url:
        page = get(url, key).json()
        seen += [one["id"] for one in page["results"]]
        url = page["next"]
    assert sorted(seen) == sorted(made)


def test_a_key_shows_its_own_team(cast: Cast, key: str) -> None:
    subscribe(cast.rival, "pro", quantity=1)
    make_invoice(cast.rival)
    assert get(BILLING, key).json()["plan"] == "team"
    assert get(INVOICES, key).json()["results"] == []


def test_a_member_may_not(cast: Cast) -> None:
    _, text = make_api_key(cast.acme, member=cast.mei, scopes=[Scope.SPEND_READ])
    for url in (BILLING, INVOICES):
        refusal(get(url, text), 403, "forbidden")


def test_it_costs_few_queries(cast: Cast, key: str, django_assert_max_num_queries: Any) -> None:
    subscription = subscribe(cast.acme)
    for _ in range(20):
        make_invoice(cast.acme, subscription)
    get(BILLING, key)
    with django_assert_max_num_queries(7):
        get(BILLING, key)
    with django_assert_max_num_queries(2):  # the team, the invoices
        get(INVOICES, key)
