"""Which plan comes by itself, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import BillingAccount
from billing.planned import PlannedPlan, planned_plan
from billing.plans import PRO, STARTER, TEAM
from billing.services import change_plan
from tests.billing.rows import fail_payment, subscribe
from tests.conftest import Cast
from tests.factories import make_team

pytestmark = pytest.mark.django_db


def test_a_cancellation_leads_to_starter(cast: Cast) -> None:
    ends = timezone.now() + timedelta(days=20)
    subscribe(cast.acme, cancel_at=ends)
    assert planned_plan(cast.acme) == PlannedPlan(STARTER, ends)


def test_a_scheduled_change_leads_to_its_plan(cast: Cast) -> None:
    at = timezone.now() + timedelta(days=20)
    subscribe(cast.acme, next_plan="pro", next_interval="month", next_at=at)
    assert planned_plan(cast.acme) == PlannedPlan(PRO, at)


def test_a_scheduled_change_of_the_interval_alone_is_none_of_the_plan(cast: Cast) -> None:
    subscribe(cast.acme, next_plan="team", next_interval="year", next_at=timezone.now() + timedelta(days=20))
    assert planned_plan(cast.acme) is None


def test_a_grace_leads_to_starter_and_the_earlier_change_counts(cast: Cast) -> None:
    subscription = fail_payment(cast.acme, days_ago=2)
    account = BillingAccount.objects.get(team=cast.acme)
    assert account.valid_until is not None
    assert planned_plan(cast.acme) == PlannedPlan(STARTER, account.valid_until)
    subscription.cancel_at = timezone.now() + timedelta(days=1)
    subscription.save()
    assert planned_plan(cast.acme) == PlannedPlan(STARTER, subscription.cancel_at)


def test_without_anything_ahead_there_is_none(cast: Cast) -> None:
    assert planned_plan(make_team()) is None
    assert planned_plan(cast.rival) is None
    subscribe(cast.acme)
    assert planned_plan(cast.acme) is None


def test_a_grace_that_is_over_has_come_to_starter_already(cast: Cast) -> None:
    fail_payment(cast.acme, days_ago=30)
    assert planned_plan(cast.acme) is None


def test_an_ended_subscription_plans_nothing(cast: Cast) -> None:
    subscribe(cast.acme, status="canceled", cancel_at=timezone.now() + timedelta(days=3))
    change_plan(team=cast.acme, plan=TEAM.key, seats=5, actor=None)
    assert planned_plan(cast.acme) is None
