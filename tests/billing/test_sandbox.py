"""The gateway against Stripe's twin and, with STRIPE_TEST_SECRET_KEY set, the same against a sandbox of Stripe's own.

    STRIPE_TEST_SECRET_KEY=sk_test_... pytest tests/billing/test_sandbox.py

Amounts are compared with Stripe's own preview of them: what the cents are is Stripe's to say.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.core.cache import cache

from billing import gateway
from billing.gateway import CardDeclined, LiveSubscription, Preview
from tests.billing.stripe_scenes import DAY, Actor, Stage, key
from tests.twin.talk import sdk

SANDBOX_KEY = "STRIPE_TEST_SECRET_KEY"


@pytest.fixture(params=["twin", "sandbox"])
def stage(request: pytest.FixtureRequest, settings: Any) -> Iterator[Stage]:
    """An account with Pare's prices: the twin's, or that of the key."""
    if request.param == "twin":
        twin = request.getfixturevalue("bare_twin")
        api = sdk(twin.url)
    else:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = sandbox_key(), ""
        api = stripe.StripeClient(settings.STRIPE_SECRET_KEY, max_network_retries=2)
    gateway.set_up(webhook_url="", yearly={}, replace=False)
    stage = Stage(api)
    yield stage
    stage.clear()


def sandbox_key() -> str:
    """The sandbox's key. Skips without one, and never goes on with a live one."""
    given = os.environ.get(SANDBOX_KEY, "")
    if not given:
        pytest.skip(f"{SANDBOX_KEY} is not set: not run against Stripe.")
    if not given.startswith(("sk_test_", "rk_test_")):
        pytest.fail(f"{SANDBOX_KEY} is not a test key. Live keys are refused: these tests make and charge customers.")
    return given


@pytest.mark.parametrize("given", ["sk_live_abc", "rk_live_abc", "pk_test_abc", "something"])
def test_any_key_but_a_test_key_fails_at_once(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SANDBOX_KEY, given)
    with pytest.raises(pytest.fail.Exception, match="Live keys are refused"):
        sandbox_key()


def change(actor: Actor, now: LiveSubscription, plan: str, quantity: int, *, interval: str = "month") -> dict[str, Any]:
    """What an upgrade and its preview are called with."""
    price = gateway.find_price(plan, interval)
    return {"subscription_id": now.id, "item_id": now.item_id, "price_id": price.id, "quantity": quantity}


def preview(actor: Actor, now: LiveSubscription, plan: str, quantity: int) -> Preview:
    return gateway.preview_change(customer_id=actor.id, **change(actor, now, plan, quantity))


def test_a_new_subscription_is_read_in_full(stage: Stage) -> None:
    actor = stage.customer()
    made = actor.subscribe("team", 2)
    assert (made.status, made.plan, made.interval, made.quantity) == ("active", "team", "month", 2)
    assert made.period_start < made.period_end and made.cancel_at is None and made.ended_at is None
    assert (made.schedule_id, made.next_plan, made.pending_plan) == ("", "", "")
    live = actor.now()
    assert (live.card_brand, live.card_last4, live.currency) == ("visa", "4242", "usd")
    [invoice] = live.invoices
    assert (invoice.subscription_id, invoice.status) == (made.id, "paid")
    assert invoice.total_cents == 2 * made.unit_amount_cents and invoice.number
    assert invoice.page_url.startswith("http") and invoice.pdf_url.startswith("http")


def test_an_upgrade_charges_what_the_preview_said(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    actor.advance(10 * DAY)
    told = preview(actor, pro, "team", 3)
    gateway.change_now(**change(actor, pro, "team", 3), key=key())
    team = actor.subscription()
    assert (team.plan, team.quantity, team.status) == ("team", 3, "active")
    assert 0 < told.due_now_cents < told.next_cents == 3 * team.unit_amount_cents
    assert told.next_at == team.period_end == pro.period_end
    paid = actor.invoice()
    assert (paid.status, paid.total_cents) == ("paid", told.due_now_cents)


def test_a_seat_more_is_charged_at_once_and_a_seat_less_credited_later(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    actor.advance(10 * DAY)
    told = preview(actor, team, "team", 4)
    seats = {"subscription_id": team.id, "item_id": team.item_id}
    gateway.set_quantity(**seats, quantity=4, prorate="invoice_now", key=key())
    assert (actor.subscription().quantity, actor.invoice().total_cents) == (4, told.due_now_cents)
    actor.advance(5 * DAY)
    assert preview(actor, team, "team", 3).due_now_cents < 0
    gateway.set_quantity(**seats, quantity=3, prorate="credit_later", key=key())
    assert (actor.subscription().quantity, len(actor.now().invoices)) == (3, 2)
    actor.advance_past(team)
    renewal = actor.invoice()
    assert renewal.status == "paid"
    assert 2 * team.unit_amount_cents < renewal.total_cents < 3 * team.unit_amount_cents


def test_a_downgrade_comes_with_the_next_period(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 3)
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    planned = actor.subscription()
    assert (planned.plan, planned.quantity, planned.next_plan, planned.next_interval) == ("team", 3, "pro", "month")
    assert planned.schedule_id and planned.next_at == team.period_end
    assert len(actor.now().invoices) == 1
    actor.advance_past(team)
    after = actor.subscription()
    assert (after.id, after.plan, after.quantity, after.next_plan) == (team.id, "pro", 1, "")
    assert actor.invoice().total_cents == after.unit_amount_cents


def test_a_planned_downgrade_is_taken_back(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 3)
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    gateway.resume(subscription_id=team.id, schedule_id=actor.subscription().schedule_id, key=key())
    assert (actor.subscription().schedule_id, actor.subscription().next_plan) == ("", "")
    actor.advance_past(team)
    assert (actor.subscription().plan, actor.subscription().quantity) == ("team", 3)


def test_a_cancelled_subscription_ends_with_its_period_unless_resumed(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    gateway.cancel_at_period_end(subscription_id=pro.id, schedule_id="", key=key())
    assert (actor.subscription().status, actor.subscription().cancel_at) == ("active", pro.period_end)
    gateway.resume(subscription_id=pro.id, schedule_id="", key=key())
    assert actor.subscription().cancel_at is None
    gateway.cancel_at_period_end(subscription_id=pro.id, schedule_id="", key=key())
    actor.advance_past(pro)
    ended = actor.subscription()
    assert (ended.status, ended.ended_at, len(actor.now().invoices)) == ("canceled", pro.period_end, 1)


def test_cancelling_puts_off_a_planned_downgrade(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 3)
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    planned = actor.subscription()
    gateway.cancel_at_period_end(subscription_id=team.id, schedule_id=planned.schedule_id, key=key())
    after = actor.subscription()
    assert (after.next_plan, after.schedule_id, after.cancel_at) == ("", "", team.period_end)


def test_ending_at_once_is_final(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    gateway.end_now(subscription_id=pro.id, key=key())
    gateway.end_now(subscription_id=pro.id, key=key())
    assert actor.subscription().status == "canceled" and actor.subscription().ended_at


def test_a_failed_renewal_is_paid_with_another_card(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    actor.use("pm_card_chargeCustomerFail")
    actor.advance_past(pro)
    overdue, invoice = actor.subscription(), actor.invoice()
    assert (overdue.status, invoice.status, invoice.amount_due_cents) == ("past_due", "open", pro.unit_amount_cents)
    assert invoice.attempts >= 1 and invoice.next_attempt_at and not invoice.needs_confirmation
    with pytest.raises(CardDeclined) as caught:
        gateway.pay_invoice(invoice.id, key=key())
    assert caught.value.code == "card_declined" and caught.value.message
    actor.use("pm_card_visa")
    gateway.pay_invoice(invoice.id, key=key())
    assert (actor.subscription().status, actor.invoice().status) == ("active", "paid")
    gateway.pay_invoice(invoice.id, key=key())


def test_a_declined_upgrade_changes_nothing_yet(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    actor.use("pm_card_chargeCustomerFail")
    actor.advance(10 * DAY)
    gateway.change_now(**change(actor, pro, "team", 3), key=key())
    after = actor.subscription()
    assert (after.status, after.plan, after.quantity) == ("active", "pro", 1)
    assert (after.pending_plan, after.pending_quantity) == ("team", 3)
    assert after.pending_until is not None and after.pending_until > after.period_start
    unpaid = actor.invoice()
    actor.use("pm_card_visa")
    gateway.pay_invoice(unpaid.id, key=key())
    paid = actor.subscription()
    assert (paid.plan, paid.quantity, paid.pending_plan, paid.pending_until) == ("team", 3, "", None)


def test_a_bank_that_wants_to_hear_from_the_holder_is_told_apart(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    actor.use("pm_card_authenticationRequired")
    actor.advance_past(pro)
    invoice = actor.invoice()
    assert (actor.subscription().status, invoice.status, invoice.needs_confirmation) == ("past_due", "open", True)
    with pytest.raises(CardDeclined):
        gateway.pay_invoice(invoice.id, key=key())


def test_a_card_changed_in_the_portal_is_the_one_that_is_charged(stage: Stage) -> None:
    """Checkout leaves the card on the subscription; the portal changes the customer's."""
    actor = stage.customer("pm_card_mastercard")
    actor.subscribe("pro", own_card="pm_card_visa")
    assert actor.now().card_brand == "visa"
    url = gateway.open_portal(customer_id=actor.id, return_url="https://pare.example/", flow="", key=key())
    assert url.startswith("http") and actor.now().card_brand == "visa"
    actor.use("pm_card_amex")
    assert actor.now().card_brand == "amex"


def test_a_price_for_a_team_that_has_not_bought_yet(stage: Stage) -> None:
    price = gateway.find_price("team", "month")
    told = gateway.preview_new(customer_id=stage.customer().id, price_id=price.id, quantity=3)
    assert (told.due_now_cents, told.next_cents, told.currency) == (8700, 8700, "usd")
    assert told.next_at is not None


def test_checkout_opens_and_closes(stage: Stage) -> None:
    actor = stage.customer()
    clock = stage.api.v1.test_helpers.test_clocks.retrieve(actor.clock)
    session = gateway.start_checkout(
        customer_id=actor.id,
        price_id=gateway.find_price("team", "month").id,
        quantity=2,
        success_url="https://pare.example/return?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://pare.example/",
        expires_at=clock.frozen_time + 3600,
        client_reference="team",
        key=key(),
    )
    assert (session.state, session.customer_id) == ("open", actor.id) and session.url.startswith("http")
    assert gateway.fetch_checkout(session.id) == session
    for _ in range(2):
        gateway.expire_checkout(session.id, key=key())
    assert (gateway.fetch_checkout(session.id).state, gateway.fetch_checkout(session.id).url) == ("expired", "")


def test_a_deleted_customer_has_nothing_left(stage: Stage) -> None:
    actor = stage.customer()
    actor.subscribe("pro")
    stage.api.v1.customers.delete(actor.id)
    live = actor.now()
    assert (live.deleted, live.subscriptions, live.invoices, live.card_last4) == (True, (), (), "")


def test_a_webhook_endpoint_is_made_once(stage: Stage) -> None:
    url = f"https://pare.example/{key()}"
    first = gateway.set_up(webhook_url=url, yearly={}, replace=False)
    try:
        assert first.webhook_secret.startswith("whsec_")
        again = gateway.set_up(webhook_url=url, yearly={}, replace=False)
        assert again.webhook_secret == "" and all(line.endswith("unchanged") for line in again.lines)
    finally:
        [made] = [row for row in stage.api.v1.webhook_endpoints.list({"limit": 100}).data if row.url == url]
        stage.api.v1.webhook_endpoints.delete(made.id)
    assert (made.api_version, sorted(made.enabled_events)) == (gateway.API_VERSION, sorted(gateway.EVENT_TYPES))
    cache.clear()
