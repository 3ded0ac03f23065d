"""The outbox when things go wrong: whatever fails on the way, Stripe is asked for one effect, and gets it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from billing import changes, errors, gateway, services, tasks
from billing.gateway import StripeUnavailable
from billing.models import BillingAccount, ChangeKind, ChangeState, StripeChange
from tests.billing.buying import (
    account_of,
    acme_buys,
    ask,
    do_all,
    is_team_once,
    live,
    paid_cents,
    price_at_stripe,
    seats_at_stripe,
)
from tests.conftest import Cast
from tests.factories import make_membership
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

UPDATE = "POST /v1/subscriptions/"
MISHAPS = [{"fail_500": 3}, {"time_out": 3}, {"rate_limit": 3}, {"time_out": 1, "fail_500": 2}, {"time_out": 6}]


def again(change: StripeChange) -> StripeChange:
    """The next attempt, without the wait for it."""
    return changes.perform(change.pk, at_once=True)


def strike(twin: TwinClient, mishap: dict[str, int], match: str = UPDATE) -> None:
    twin.chaos(**{name: {"times": times, "match": match} for name, times in mishap.items()})


@pytest.mark.parametrize("mishap", MISHAPS)
def test_an_upgrade_is_done_once(cast: Cast, twin: TwinClient, mishap: dict[str, int]) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    strike(twin, mishap)
    do_all(cast.acme)
    for _ in range(3):
        change = again(change)
    assert change.state == ChangeState.DONE
    assert is_team_once(cast, twin)
    assert live(cast.acme).plan == "team"


@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_seat_is_charged_once(cast: Cast, twin: TwinClient, mishap: dict[str, int]) -> None:
    acme_buys(twin, cast)
    make_membership(cast.acme)
    changes.find_work()
    strike(twin, mishap)
    do_all(cast.acme)
    change = StripeChange.objects.get(kind=ChangeKind.SEATS)
    for _ in range(3):
        change = again(change)
    assert (change.state, seats_at_stripe(twin), len(paid_cents(twin))) == (ChangeState.DONE, 4, 2)


@pytest.mark.parametrize("step", ["POST /v1/subscription_schedules", "POST /v1/subscription_schedules/"])
def test_a_downgrade_is_planned_once(cast: Cast, twin: TwinClient, step: str) -> None:
    acme_buys(twin, cast)
    change = ask(cast, "pro")
    strike(twin, {"time_out": 3}, step)
    do_all(cast.acme)
    for _ in range(2):
        change = again(change)
    assert (change.state, live(cast.acme).next_plan) == (ChangeState.DONE, "pro")
    assert len(twin.truth("subscription_schedule")) == 1


def test_attempts_come_at_growing_distances(cast: Cast, twin: TwinClient, monkeypatch: pytest.MonkeyPatch) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)

    def away(**_: Any) -> None:
        raise StripeUnavailable("no answer")

    monkeypatch.setattr(gateway, "change_now", away)
    waits: list[float] = []
    for _ in range(8):
        before = timezone.now()
        change = again(change)
        waits.append(round((change.next_attempt_at - before).total_seconds(), -1 if len(waits) > 2 else 0))
    assert waits == [5, 15, 60, 300, 900, 3600, 3600, 3600]
    assert (change.state, change.error_code) == (ChangeState.WAITING, "stripe_unavailable")
    assert changes.perform(change.pk).attempts == 8  # not due


def test_an_error_that_stripe_keeps_for_the_key_is_got_past(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    twin.chaos(fail_500={"times": 3, "match": UPDATE, "sticky": True})
    do_all(cast.acme)
    assert again(change).state == ChangeState.DONE
    assert is_team_once(cast, twin)


def test_what_was_frozen_is_sent_again_though_members_changed(cast: Cast, twin: TwinClient) -> None:
    """Another body under the same key would be refused; the seats that came since are asked for afterwards."""
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    strike(twin, {"time_out": 3})
    do_all(cast.acme)
    make_membership(cast.acme)
    assert again(change).state == ChangeState.DONE
    assert seats_at_stripe(twin) == 3
    for account_id in changes.find_work():
        changes.work(account_id)
    assert seats_at_stripe(twin) == live(cast.acme).quantity == 4


def test_a_state_that_could_not_be_fetched_afterwards_is_fetched_by_the_sweep(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    strike(twin, {"fail_500": 4}, "GET /v1/subscriptions")
    do_all(cast.acme)
    while changes.perform(change.pk, at_once=True).state != ChangeState.DONE:
        pass
    strike(twin, {"fail_500": 0}, "GET")
    BillingAccount.objects.update(synced_at=None)
    [customer] = changes.accounts_to_sync()
    tasks.sync_customer(customer)
    assert (live(cast.acme).plan, changes.accounts_to_sync()) == ("team", [])


def test_after_a_day_it_is_given_up_and_the_operator_told(
    cast: Cast, twin: TwinClient, caplog: pytest.LogCaptureFixture
) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    strike(twin, {"fail_500": 3})
    do_all(cast.acme)
    change.refresh_from_db()
    assert change.request
    change.request["frozen_at"] = (timezone.now() - timedelta(hours=23, minutes=1)).isoformat()
    change.save()
    change = again(change)
    assert (change.state, change.error_code) == (ChangeState.REFUSED, "given_up")
    assert "gave it up" in caplog.text
    assert price_at_stripe(twin) == "pare_pro_monthly"


def test_a_key_that_stripe_does_not_accept_delays_and_tells_the_operator(
    cast: Cast, twin: TwinClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    with monkeypatch.context() as patch:
        patch.setattr(settings, "STRIPE_SECRET_KEY", "pk_test_not_a_secret_key")
        with pytest.raises(errors.KeyRefused):
            services.refresh(cast.acme)
        do_all(cast.acme)
    change.refresh_from_db()
    assert (change.state, change.error_code) == (ChangeState.WAITING, "stripe_key_refused")
    assert "does not accept STRIPE_SECRET_KEY" in caplog.text
    assert again(change).state == ChangeState.DONE


def test_a_customer_deleted_between_the_look_and_the_call(
    cast: Cast, twin: TwinClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look for the reason gets no answer; the next attempt finds it."""
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    real = gateway.change_now

    def after_the_deletion(**arguments: Any) -> None:
        sdk(twin.url).v1.customers.delete(account_of(cast.acme).stripe_customer_id or "")
        strike(twin, {"fail_500": 3}, "GET /v1/customers")
        real(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "change_now", after_the_deletion)
        assert again(change).state == ChangeState.WAITING
    strike(twin, {"fail_500": 0}, "")
    change = again(change)
    assert (change.state, change.error_code) == (ChangeState.REFUSED, "customer_gone")
    assert account_of(cast.acme).stripe_customer_id is None
    assert acme_buys(twin, cast).status == "active"


def test_a_body_that_a_newer_version_makes_gets_its_own_key(
    cast: Cast, twin: TwinClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost, then Pare was updated, and sends one thing more."""
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    strike(twin, {"time_out": 3})
    do_all(cast.acme)
    twin.expects_refusals = True
    real = gateway.change_now

    def newer(**arguments: Any) -> None:
        real(**{**arguments, "quantity": arguments["quantity"] + 1})

    with monkeypatch.context() as patch:
        patch.setattr(gateway, "change_now", newer)
        change = again(change)
    assert (change.state, change.request) == (ChangeState.WAITING, None)
    assert again(change).state == ChangeState.DONE
    assert is_team_once(cast, twin)
