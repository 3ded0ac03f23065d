"""The operator changes a plan in the admin: the team's facts and its audit trail follow."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from billing.models import BillingAccount
from billing.services import plan_of
from tests.conftest import Cast
from tests.factories import make_user

LIST = "/admin/billing/billingaccount/"


@pytest.fixture
def operator(cast: Cast) -> User:
    return make_user("operator@pare.example", is_staff=True, is_superuser=True)


def test_it_changes_the_plan(cast: Cast, operator: User) -> None:
    account = BillingAccount.objects.get(team=cast.acme)
    response = cast.client(operator).post(f"{LIST}{account.pk}/change/", {"plan": "pro", "seats": "1"})
    assert response.status_code == 302, response.content
    cast.acme.refresh_from_db()
    assert plan_of(cast.acme).key == "pro"
    assert (cast.acme.member_cap, cast.acme.service_keys_allowed) == (1, False)
    entry = AuditEntry.objects.for_team(cast.acme).filter(action="plan.changed").latest("pk")
    assert (entry.actor, entry.details["before"]["plan"]) == (operator, "team")


def test_it_puts_a_team_without_a_row_on_a_plan(cast: Cast, operator: User) -> None:
    BillingAccount.objects.filter(team=cast.acme).delete()
    fields = {"team": str(cast.acme.pk), "plan": "team", "seats": "3"}
    response = cast.client(operator).post(f"{LIST}add/", fields)
    assert response.status_code == 302, response.content
    assert plan_of(cast.acme).members == 3


def test_seats_below_one_are_refused(cast: Cast, operator: User) -> None:
    account = BillingAccount.objects.get(team=cast.acme)
    response = cast.client(operator).post(f"{LIST}{account.pk}/change/", {"plan": "team", "seats": "0"})
    assert response.status_code == 400
    assert "at least 1" in response.content.decode()
    assert plan_of(cast.acme).members == 5


def test_it_cannot_be_deleted(cast: Cast, operator: User) -> None:
    account = BillingAccount.objects.get(team=cast.acme)
    assert cast.client(operator).post(f"{LIST}{account.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_without_the_right_may_not(cast: Cast) -> None:
    clerk = make_user("clerk@pare.example", is_staff=True)
    account = BillingAccount.objects.get(team=cast.acme)
    client: Client = cast.client(clerk)
    assert client.post(f"{LIST}{account.pk}/change/", {"plan": "pro", "seats": "1"}).status_code == 403
