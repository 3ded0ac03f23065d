"""What the gateway sends twice and what only once, when answers are lost; and where it sends nothing."""

import subprocess
import sys
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings

from billing import gateway
from billing.gateway import NoStripeKey, StripeRefused, StripeUnavailable
from tests.billing.stripe_scenes import Stage, new_customer, passed
from tests.twin.client import TwinClient


def test_the_same_key_makes_one_customer(stage: Stage, bare_twin: TwinClient) -> None:
    assert new_customer("a") == new_customer("a") != new_customer("b")
    assert len(bare_twin.truth("customer")) == 2


def test_the_same_key_for_something_else_is_refused(stage: Stage) -> None:
    new_customer("a")
    with pytest.raises(StripeRefused, match="idempotency_error"):
        new_customer("a", name="Rival")


def test_a_lost_answer_makes_no_second_customer(stage: Stage, bare_twin: TwinClient) -> None:
    bare_twin.chaos(time_out={"times": 1, "match": "POST /v1/customers"})
    customer = new_customer("a")
    assert [row["id"] for row in bare_twin.truth("customer")] == [customer]
    assert passed(bare_twin, "POST", "/v1/customers") == 2


def test_a_failure_is_tried_again(stage: Stage, bare_twin: TwinClient) -> None:
    bare_twin.chaos(fail_500={"times": 2, "match": "POST /v1/customers"})
    assert new_customer("a")
    assert passed(bare_twin, "POST", "/v1/customers") == 3


@pytest.mark.parametrize("times", [1, 2])
def test_a_failure_that_stripe_keeps_for_a_key_is_got_past(stage: Stage, bare_twin: TwinClient, times: int) -> None:
    """Stripe answers a key for a day as it did first, also when that was a failure."""
    bare_twin.chaos(fail_500={"times": times, "match": "POST /v1/customers", "sticky": True})
    customer = new_customer("a")
    assert [row["id"] for row in bare_twin.truth("customer")] == [customer]


def test_answers_lost_three_times_leave_it_open_and_the_same_key_finds_out(
    stage: Stage, bare_twin: TwinClient
) -> None:
    bare_twin.chaos(time_out={"times": 3, "match": "POST /v1/customers"})
    with pytest.raises(StripeUnavailable):
        new_customer("a")
    [made] = bare_twin.truth("customer")
    assert new_customer("a") == made["id"]
    assert len(bare_twin.truth("customer")) == 1


def test_no_seat_is_charged_twice_when_answers_are_lost(stage: Stage, bare_twin: TwinClient) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    actor.advance(86_400)
    bare_twin.chaos(time_out={"times": 3, "match": "POST /v1/subscriptions/"})
    seats: dict[str, Any] = {"subscription_id": team.id, "item_id": team.item_id, "quantity": 4, "key": "seats"}
    with pytest.raises(StripeUnavailable):
        gateway.set_quantity(**seats, prorate="invoice_now")
    gateway.set_quantity(**seats, prorate="invoice_now")
    live = actor.now()
    assert (live.subscriptions[0].quantity, len(live.invoices)) == (4, 2)


def test_a_planned_change_survives_a_lost_answer_between_its_two_steps(
    stage: Stage, bare_twin: TwinClient
) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    pro = gateway.find_price("pro", "month")
    planned = {"price_id": pro.id, "quantity": 1, "interval": "month"}
    down: dict[str, Any] = {"subscription_id": team.id, **planned, "key": "down"}
    for lost in ("POST /v1/subscription_schedules", "POST /v1/subscription_schedules/"):
        bare_twin.chaos(time_out={"times": 3, "match": lost})
        with pytest.raises(StripeUnavailable):
            gateway.change_at_period_end(**down)
    gateway.change_at_period_end(**down)
    assert len(bare_twin.truth("subscription_schedule")) == 1
    assert actor.subscription().next_plan == "pro"


def test_reads_under_a_lock_are_tried_once_more_only(stage: Stage, bare_twin: TwinClient) -> None:
    customer = new_customer("a")
    bare_twin.chaos(fail_500={"times": 2, "match": "GET /v1/customers/"})
    with pytest.raises(StripeUnavailable):
        gateway.fetch_customer(customer)
    assert gateway.fetch_customer(customer).id == customer


def test_too_many_requests_are_for_later(stage: Stage, bare_twin: TwinClient) -> None:
    bare_twin.chaos(rate_limit=1)
    with pytest.raises(StripeUnavailable):
        new_customer("a")
    assert new_customer("a")


def test_a_slow_answer_is_not_waited_for(stage: Stage, bare_twin: TwinClient) -> None:
    bare_twin.chaos(slow={"times": 1, "seconds": 1.5, "match": "GET /v1/events"})
    with patch.multiple("billing.gateway.client", READ_SECONDS=0.2, RETRIES=0):
        gateway.client._client.cache_clear()
        with pytest.raises(StripeUnavailable), gateway.client.asking(0) as client:
            client.v1.events.list()
    gateway.client._client.cache_clear()


# Keys and addresses


def test_without_a_key_nothing_is_asked(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    assert not gateway.is_configured() and not gateway.expects_live()
    with pytest.raises(NoStripeKey):
        gateway.list_prices()


@pytest.mark.parametrize(("given", "live"), [("sk_live_x", True), ("rk_live_x", True), ("sk_test_x", False)])
def test_the_mode_is_the_keys(settings: Any, given: str, live: bool) -> None:
    settings.STRIPE_SECRET_KEY = given
    assert gateway.expects_live() is live


@pytest.mark.parametrize("given", ["sk_live_x", "rk_live_x"])
def test_a_live_key_goes_nowhere_else(settings: Any, given: str) -> None:
    settings.STRIPE_SECRET_KEY = given
    with pytest.raises(StripeRefused, match="live_key_elsewhere"):
        gateway.list_prices()


@pytest.mark.parametrize(
    "base", ["http://10.0.0.1:9", "http://stripe.example", "ftp://127.0.0.1", "127.0.0.1:1", "http://127.0.0.1.example"]
)
def test_no_key_travels_unencrypted(settings: Any, base: str) -> None:
    settings.STRIPE_API_BASE = base
    with pytest.raises(StripeRefused, match="plain_http"):
        gateway.list_prices()


def test_a_refused_key_is_told_from_a_bad_request(stage: Stage, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "mk_wrong"
    with pytest.raises(StripeRefused, match="authentication_error"):
        gateway.list_prices()


def test_an_address_where_nobody_answers_is_for_later(settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(StripeUnavailable):
        gateway.fetch_customer("cus_1")


def test_all_four_addresses_are_moved(stage: Stage) -> None:
    with gateway.client.asking() as client:
        addresses = client._requestor.base_addresses
    assert set(addresses.values()) == {django_settings.STRIPE_API_BASE} and len(addresses) == 4


def test_stripes_library_is_loaded_at_the_first_call_only() -> None:
    """It costs 40 MB, which an instance without a key never pays."""
    code = "import django, sys; django.setup(); import config.urls, billing.tasks; print('stripe' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.strip() == "False"
