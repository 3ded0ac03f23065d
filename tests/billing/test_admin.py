"""The operator changes a plan in the admin: the team's facts and its audit trail follow."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from billing.models import BillingAccount, Notice, StripeEvent
from billing.services import plan_of
from tests.billing import rows
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


def test_a_plan_paid_through_stripe_can_only_be_looked_at(cast: Cast, operator: User) -> None:
    account = rows.subscribe(cast.acme).account
    client = cast.client(operator)
    assert client.get(f"{LIST}{account.pk}/change/").status_code == 200
    assert client.post(f"{LIST}{account.pk}/change/", {"plan": "pro", "seats": "1"}).status_code == 403
    assert plan_of(cast.acme).key == "team"


@pytest.mark.parametrize("model", ["subscription", "stripechange", "stripeevent", "notice"])
def test_what_goes_to_stripe_and_comes_from_there_can_be_looked_at_alone(
    cast: Cast, operator: User, model: str
) -> None:
    """Each list, with and without its search, each row, and no way to write one."""
    subscription = rows.fail_payment(cast.acme)
    made = {
        "subscription": subscription.pk,
        "stripechange": rows.make_change(cast.acme).pk,
        "stripeevent": event_row().pk,
        "notice": Notice.objects.latest("pk").pk,
    }
    client, place = cast.client(operator), f"/admin/billing/{model}/"
    for query in ("", "?q=acme"):
        assert client.get(place + query).status_code == 200
    assert client.get(f"{place}{made[model]}/change/").status_code == 200
    assert client.post(f"{place}{made[model]}/change/", {}).status_code == 403
    assert client.post(f"{place}{made[model]}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{place}add/").status_code == 403
    assert cast.client(cast.mei).get(place).status_code in (302, 403)


def event_row() -> StripeEvent:
    return StripeEvent.objects.create(id="evt_1", type="invoice.paid", customer_id="cus_1", created_at=timezone.now())


def test_events_that_wait_are_found(cast: Cast, operator: User) -> None:
    event_row()
    client, place = cast.client(operator), "/admin/billing/stripeevent/"
    assert "evt_1" in client.get(f"{place}?seen=no").content.decode()
    assert "evt_1" not in client.get(f"{place}?seen=yes").content.decode()
