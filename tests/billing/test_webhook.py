"""Stripe's events are noted at once and seen to by a worker; what is no news is set aside."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Team
from billing import gateway, inbox, tasks
from billing.models import BillingAccount, StripeEvent, Subscription
from billing.services import plan_of
from tests.billing import stripe_side
from tests.billing.letters import ADDRESS, event, post, sign
from tests.conftest import Cast, make_cast
from tests.live import LivePare
from tests.races import in_thread
from tests.twin.client import TwinClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(cast: Cast) -> Team:
    BillingAccount.objects.for_team(cast.acme).update(stripe_customer_id="cus_1")
    return cast.acme


@pytest.fixture
def asked_for(monkeypatch: Any) -> list[str]:
    """The customers whose look was put into the queue."""
    queued: list[str] = []
    monkeypatch.setattr(tasks.sync_customer, "apply_async", lambda arguments, **_: queued.append(arguments[0]))
    return queued


def test_an_event_is_noted_and_its_customer_queued(
    acme: Team, asked_for: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(event())
    assert answer.status_code == 200 and json.loads(answer.content) == {"received": "evt_1"}
    row = StripeEvent.objects.get()
    assert (row.id, row.type, row.customer_id) == ("evt_1", "customer.subscription.updated", "cus_1")
    assert row.processed_at is None and row.ignored == "" and not row.found_by_reconcile
    assert asked_for == ["cus_1"]


def test_it_is_noted_once_however_often_it_comes(acme: Team) -> None:
    assert [post(event()).status_code for _ in range(3)] == [200, 200, 200]
    assert StripeEvent.objects.count() == 1


def test_a_repeat_of_what_was_seen_to_stays_seen_to(acme: Team) -> None:
    post(event())
    StripeEvent.objects.update(processed_at=timezone.now())
    assert post(event()).status_code == 200
    assert not StripeEvent.objects.unprocessed().exists()


def test_the_customer_can_be_the_object_or_expanded(acme: Team) -> None:
    about = {"id": "cus_1", "object": "customer", "deleted": True}
    post(event(id="evt_1", type="customer.deleted", data={"object": about}))
    post(event(id="evt_2", data={"object": {"id": "sub_1", "object": "subscription", "customer": {"id": "cus_1"}}}))
    assert set(StripeEvent.objects.values_list("customer_id", "ignored")) == {("cus_1", "")}


@pytest.mark.parametrize("kind", gateway.EVENT_TYPES)
def test_every_kind_that_was_asked_for_rings(acme: Team, kind: str) -> None:
    post(event(type=kind))
    assert StripeEvent.objects.unprocessed().count() == 1


def test_other_kinds_are_not_kept(acme: Team) -> None:
    answer = post(event(type="charge.refunded"))
    assert answer.status_code == 200 and json.loads(answer.content) == {"ignored": "other_type"}
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"livemode": True}, "other_mode"),
        ({"api_version": "2019-05-16"}, "other_version"),
        ({"api_version": None}, "other_version"),
        ({"customer": "cus_other"}, "unknown_customer"),
        ({"data": {"object": {"id": "sub_1", "object": "subscription"}}}, "unknown_customer"),
    ],
)
def test_what_does_not_concern_us_is_kept_as_ignored(
    acme: Team,
    fields: dict[str, Any],
    why: str,
    asked_for: list[str],
    caplog: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(3):
            answer = post(event(**{"id": f"evt_{number}", **fields}))
            assert answer.status_code == 200 and json.loads(answer.content) == {"ignored": why}
    assert set(StripeEvent.objects.values_list("ignored", flat=True)) == {why} and StripeEvent.objects.count() == 3
    assert not StripeEvent.objects.unprocessed().exists() and asked_for == []
    assert len([record for record in caplog.records if record.name == "billing.webhooks"]) == 1


def test_a_live_key_takes_live_events(acme: Team, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    assert json.loads(post(event(livemode=True)).content) == {"received": "evt_1"}
    assert json.loads(post(event(id="evt_2")).content) == {"ignored": "other_mode"}


def test_the_operator_hears_of_another_version_once_a_day(acme: Team, settings: Any, mailoutbox: Any) -> None:
    settings.ADMINS = [("Operator", "ops@pare.example")]
    for number in range(3):
        post(event(id=f"evt_{number}", api_version="2019-05-16"))
    (message,) = mailoutbox
    assert message.to == ["ops@pare.example"] and "stripe_setup" in message.body and "2019-05-16" in message.body


def test_without_a_key_or_a_secret_the_address_is_not_there(acme: Team, settings: Any) -> None:
    body = event()
    secrets, settings.STRIPE_WEBHOOK_SECRETS = settings.STRIPE_WEBHOOK_SECRETS, []
    assert post(body, "t=1,v1=0").status_code == 404
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_SECRET_KEY = secrets, ""
    answer = post(body)
    assert answer.status_code == 404 and json.loads(answer.content)["error"]["code"] == "not_found"
    assert not StripeEvent.objects.exists()


def test_only_post(acme: Team) -> None:
    for method in ("get", "put", "delete", "head"):
        answer = getattr(Client(), method)(ADDRESS)
        assert answer.status_code == 405 and answer["Allow"] == "POST"


def test_while_a_secret_is_replaced_both_are_good(acme: Team, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
    body = json.dumps(event()).encode()
    for secret in ("whsec_new", "whsec_old"):
        assert post(body, sign(body, secret=secret)).status_code == 200


def test_when_the_queue_is_away_the_event_is_kept_and_swept(
    acme: Team, monkeypatch: Any, caplog: Any, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise ConnectionError("no broker")

    with monkeypatch.context() as patch:
        patch.setattr(tasks.sync_customer, "apply_async", away)
        with django_capture_on_commit_callbacks(execute=True):
            assert post(event()).status_code == 200
    assert "no broker" in caplog.text
    now = timezone.now()
    assert inbox.waiting_customers(now) == []  # its task may be under way
    assert inbox.waiting_customers(now + timedelta(minutes=1)) == ["cus_1"]
    queued: list[Any] = []
    monkeypatch.setattr(tasks.sync_customer, "apply_async", lambda arguments, **_: queued.append(arguments))
    StripeEvent.objects.update(received_at=now - timedelta(minutes=2))
    tasks.sweep_events()
    assert queued == [("cus_1",)]


def test_a_cache_that_is_away_costs_nothing_but_a_line(acme: Team, settings: Any) -> None:
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1"}}
    assert post(event(livemode=True)).status_code == 200


def test_the_door_does_not_wait_for_a_look_that_goes_on(transactional_db: None) -> None:
    team = make_cast().acme
    BillingAccount.objects.for_team(team).update(stripe_customer_id="cus_1")
    results: list[Any] = []
    with transaction.atomic():
        BillingAccount.objects.select_for_update().get(team=team)
        ringing = in_thread(lambda: post(event()).status_code, results)
        ringing.join(timeout=60)
        assert results == [200]
    assert StripeEvent.objects.unprocessed().count() == 1


def test_the_same_event_at_the_same_time_is_noted_once(transactional_db: None) -> None:
    team = make_cast().acme
    BillingAccount.objects.for_team(team).update(stripe_customer_id="cus_1")
    results: list[Any] = []
    for thread in [in_thread(lambda: post(event()).status_code, results) for _ in range(5)]:
        thread.join(timeout=60)
    assert results == [200] * 5 and StripeEvent.objects.count() == 1


def test_from_stripe_to_the_plan(live_pare: LivePare, twin: TwinClient) -> None:
    """The whole way: a subscription at Stripe, its webhooks to the web server, the worker, the rows."""
    team = make_cast().rival
    id = stripe_side.make_customer(team)
    stripe_side.subscribe(id, "pro", quantity=1)
    statuses = twin.deliver_to(live_pare.url, order="reverse")
    assert set(statuses) == {200}
    live_pare.worker.drain()
    assert plan_of(team).key == "pro" and Subscription.objects.get().status == "active"
    assert not StripeEvent.objects.unprocessed().exists()


def test_a_burst_is_answered_and_costs_one_look(live_pare: LivePare, twin: TwinClient) -> None:
    team = make_cast().rival
    id = stripe_side.make_customer(team)
    stripe_side.subscribe(id, "pro", quantity=1)
    before = looks(twin)
    with transaction.atomic():  # all are in the queue at the same moment
        for number in range(50):
            assert post(event(id, f"evt_{number}", created=int(time.time()))).status_code == 200
    live_pare.worker.drain()
    assert not StripeEvent.objects.unprocessed().exists()
    assert looks(twin) - before == 1


def looks(twin: TwinClient) -> int:
    return sum(call["passed"] for call in twin.calls() if call["template"] == "/v1/customers/{customer}")
