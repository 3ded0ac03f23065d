"""Looks at a customer at the same time, on real connections: an older answer never overwrites a newer one."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import Team
from billing import gateway, sync
from billing.models import BillingAccount, Invoice, StripeEvent, Subscription
from billing.services import plan_of
from billing.sync import customer as looking
from tests.billing import stripe_side
from tests.billing.rows import actions, ring
from tests.billing.stripe_scenes import passed
from tests.billing.stripe_side import start_checkout
from tests.conftest import make_cast
from tests.races import in_thread, wait_for
from tests.twin.client import TwinClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(transactional_db: None, twin: TwinClient) -> tuple[TwinClient, Team, str, str]:
    """The twin, a team, its customer and its subscription, in a database where other connections see them."""
    team = make_cast().acme
    id = stripe_side.make_customer(team)
    return twin, team, id, stripe_side.subscribe(id)


Paying = tuple[TwinClient, Team, str, str]


def test_two_looks_at_once_make_one_set_of_rows(paying: Paying) -> None:
    _, team, id, _ = paying
    results: list[Any] = []
    for thread in [in_thread(lambda: sync.sync_customer(id), results) for _ in range(4)]:
        thread.join(timeout=60)
    assert sorted(results) == [False, False, False, True]
    assert Subscription.objects.count() == 1 and Invoice.objects.count() == 1
    assert actions(team).count("subscription.started") == 1


def test_an_older_answer_does_not_overwrite_a_newer_one(paying: Paying) -> None:
    """The first look has read the subscription when it is cancelled, and is still waiting for the invoices."""
    twin, team, id, bought = paying
    sync.sync_customer(id)
    twin.chaos(slow={"times": 1, "match": "GET /v1/invoices", "seconds": 2})
    results: list[Any] = []
    first = in_thread(lambda: sync.sync_customer(id), results)
    wait_for(lambda: is_locked(id))
    wait_for(lambda: passed(twin, "GET", "/v1/invoices") == 3)
    stripe_side.cancel(bought)
    second = in_thread(lambda: sync.sync_customer(id), results)
    for thread in (first, second):
        thread.join(timeout=60)
    assert results == [False, True]
    assert Subscription.objects.get().status == "canceled" and plan_of(team).key == "starter"


def is_locked(id: str) -> bool:
    with transaction.atomic():
        free = BillingAccount.objects.select_for_update(skip_locked=True, no_key=True).filter(stripe_customer_id=id)
        return not free.exists()


def test_members_can_come_and_go_while_stripe_is_asked(paying: Paying) -> None:
    """The team's row is free until the last answer is there."""
    twin, team, id, _ = paying
    start_checkout(team, id, "one")
    twin.chaos(slow={"times": 1, "match": "GET /v1/checkout/sessions", "seconds": 4})
    results: list[Any] = []
    look = in_thread(lambda: sync.sync_customer(id), results)
    wait_for(lambda: passed(twin, "GET", "/v1/checkout/sessions/{session}") == 1 or bool(results))
    assert results == [] and is_locked(id)
    with transaction.atomic():
        assert Team.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=team.pk).exists()
    look.join(timeout=60)
    assert results == [True]


def test_whoever_waits_too_long_for_another_look_comes_back_later(paying: Paying, monkeypatch: Any) -> None:
    _, team, id, _ = paying
    monkeypatch.setattr(looking, "LOCK_WAIT", "100ms")
    results: list[Any] = []
    with transaction.atomic():
        BillingAccount.objects.select_for_update(no_key=True).get(team=team)
        in_thread(lambda: sync.sync_customer(id), results).join(timeout=60)
    assert [type(result) for result in results] == [gateway.StripeUnavailable]


def test_a_burst_of_events_costs_few_looks(paying: Paying) -> None:
    twin, _, id, _ = paying
    for number in range(50):
        ring(id, f"evt_{number}")
    before = passed(twin, "GET", "/v1/customers/{customer}")
    results: list[Any] = []
    threads = [in_thread(lambda: [sync.look_at(id, only_if_due=True) for _ in range(25)], results) for _ in range(2)]
    for thread in threads:
        thread.join(timeout=60)
    assert passed(twin, "GET", "/v1/customers/{customer}") - before == 1
    assert not StripeEvent.objects.unprocessed().exists()


def test_an_event_that_comes_during_a_look_is_left_for_the_next(paying: Paying) -> None:
    twin, _, id, _ = paying
    ring(id, "evt_1")
    twin.chaos(slow={"times": 1, "match": "GET /v1/subscriptions", "seconds": 2})
    before, results = passed(twin, "GET", "/v1/customers/{customer}"), list[Any]()
    look = in_thread(lambda: sync.sync_customer(id), results)
    wait_for(lambda: passed(twin, "GET", "/v1/customers/{customer}") > before)
    ring(id, "evt_2")
    look.join(timeout=60)
    assert [event.pk for event in StripeEvent.objects.unprocessed()] == ["evt_2"]
