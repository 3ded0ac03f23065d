"""The gateway beyond the scenarios of test_sandbox.py: what it reads and leaves out, and what is gone already."""

import time
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
import stripe
from django.core.cache import cache

from billing import gateway
from billing.gateway import CardDeclined, LiveCustomer, StripeMissing, StripeRefused, customers
from billing.gateway.reading import card_from
from tests.billing.stripe_scenes import MAIL, Stage, key, new_customer, passed
from tests.twin.client import TwinClient


def test_a_customer_without_anything(stage: Stage) -> None:
    customer = new_customer("a")
    assert gateway.fetch_customer(customer) == LiveCustomer(customer, False, "", "", "", "", (), ())


def test_the_customer_names_its_team(stage: Stage, bare_twin: TwinClient) -> None:
    new_customer("a")
    [row] = bare_twin.truth("customer")
    assert (row["name"], row["email"], row["metadata"]) == ("Acme", MAIL, {"pare_team": "acme"})


def test_prices_by_plan_and_interval(stage: Stage) -> None:
    yearly = gateway.find_price("team", "year")
    assert (yearly.lookup_key, yearly.plan, yearly.interval) == ("pare_team_yearly", "team", "year")
    assert (yearly.unit_amount_cents, yearly.currency) == (29000, "usd")


def test_a_missing_price_names_the_command(stage: Stage) -> None:
    with pytest.raises(StripeMissing, match="pare_pro_yearly.*stripe_setup"):
        gateway.find_price("pro", "year")


def test_subscriptions_to_other_products_are_not_ours(stage: Stage) -> None:
    actor = stage.customer()
    actor.subscribe("pro")
    product = stage.api.v1.products.create({"name": "Mugs"})
    mugs = stage.api.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    )
    stage.api.v1.subscriptions.create({"customer": actor.id, "items": [{"price": mugs.id}]})
    assert [found.plan for found in actor.now().subscriptions] == ["pro"]


def test_the_card_of_another_products_subscription_is_left_alone(stage: Stage) -> None:
    actor = stage.customer()
    ours = actor.subscribe("pro", own_card="pm_card_mastercard")
    product = stage.api.v1.products.create({"name": "Mugs"})
    mugs = stage.api.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    )
    card = stage.api.v1.payment_methods.attach("pm_card_amex", {"customer": actor.id}).id
    theirs = stage.api.v1.subscriptions.create(
        {"customer": actor.id, "items": [{"price": mugs.id}], "default_payment_method": card}
    )
    gateway.open_portal(customer_id=actor.id, return_url="https://pare.example/", flow="", key=key())
    assert stage.api.v1.subscriptions.retrieve(theirs.id).default_payment_method == card
    assert stage.api.v1.subscriptions.retrieve(ours.id).default_payment_method is None


def test_our_item_is_found_beside_others(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    product = stage.api.v1.products.create({"name": "Support"})
    support = stage.api.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    )
    stage.api.v1.subscriptions.update(team.id, {"items": [{"price": support.id, "quantity": 7}]})
    assert (actor.subscription().item_id, actor.subscription().quantity) == (team.item_id, 2)


def test_a_subscription_at_a_replaced_price_is_still_read(stage: Stage) -> None:
    actor = stage.customer()
    actor.subscribe("team", 2, "year")
    gateway.set_up(webhook_url="", yearly={"team": 30000}, replace=True)
    kept = actor.subscription()
    assert (kept.plan, kept.interval, kept.unit_amount_cents) == ("team", "year", 29000)


def test_a_planned_price_that_was_replaced_is_still_read(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    yearly = gateway.find_price("team", "year")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=yearly.id, quantity=2, interval="year", key=key()
    )
    gateway.set_up(webhook_url="", yearly={"team": 30000}, replace=True)
    planned = actor.subscription()
    assert (planned.next_plan, planned.next_interval) == ("team", "year")


def test_a_date_set_by_hand_is_a_planned_end_and_can_be_taken_back(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    end = int(pro.period_end.timestamp()) - 86_400
    stage.api.v1.subscriptions.update(pro.id, {"cancel_at": end, "proration_behavior": "none"})
    assert actor.subscription().cancel_at == datetime.fromtimestamp(end, UTC)
    gateway.resume(subscription_id=pro.id, schedule_id="", key=key())
    assert actor.subscription().cancel_at is None


def test_all_pages_of_subscriptions_and_of_open_invoices_are_read(stage: Stage) -> None:
    actor = stage.customer()
    for _ in range(3):
        pro = actor.subscribe("pro")
        gateway.end_now(subscription_id=pro.id, key=key())
    for cents in (100, 200, 300):
        stage.api.v1.invoice_items.create({"customer": actor.id, "amount": cents, "currency": "usd"})
        invoice = stage.api.v1.invoices.create({"customer": actor.id, "pending_invoice_items_behavior": "include"})
        stage.api.v1.invoices.finalize_invoice(invoice.id, {"auto_advance": False})
    with patch.multiple(customers, PAGE=1, NEWEST_INVOICES=1):
        live = actor.now()
    assert [found.status for found in live.subscriptions] == ["canceled"] * 3
    assert sorted(found.amount_due_cents for found in live.invoices if found.status == "open") == [100, 200, 300]
    assert len(live.invoices) == 3


def test_a_way_to_pay_that_is_no_card_is_named(stage: Stage) -> None:
    actor = stage.customer()
    method = actor.api.v1.customers.retrieve(actor.id, {"expand": ["invoice_settings.default_payment_method"]})
    default = method.invoice_settings.default_payment_method if method.invoice_settings else None
    assert isinstance(default, stripe.PaymentMethod)
    link = stripe.PaymentMethod.construct_from({**default.to_dict(), "type": "link", "link": {}}, None)
    del link["card"]
    assert card_from(link) == ("link", "", "")


# What is gone already


def test_an_expired_session_is_left_as_it_is_and_an_unknown_one_is_missing(stage: Stage) -> None:
    with pytest.raises(StripeMissing):
        gateway.expire_checkout("cs_test_none", key="a")
    with pytest.raises(StripeMissing):
        gateway.fetch_checkout("cs_test_none")


def test_a_paid_session_cannot_be_expired_and_says_so(stage: Stage, bare_twin: TwinClient) -> None:
    session = gateway.start_checkout(
        customer_id=new_customer("a"),
        price_id=gateway.find_price("team", "month").id,
        quantity=2,
        success_url="https://pare.example/?session={CHECKOUT_SESSION_ID}",
        cancel_url="https://pare.example/",
        expires_at=int(time.time()) + 3600,
        client_reference="acme",
        key="b",
    )
    bare_twin.pay_checkout(session.url)
    gateway.expire_checkout(session.id, key="c")
    assert (gateway.fetch_checkout(session.id).state, gateway.fetch_checkout(session.id).url) == ("complete", "")
    [subscription] = bare_twin.truth("subscription")
    assert subscription["metadata"] == {"pare_team": "acme"}


def test_unknown_things_are_missing(stage: Stage) -> None:
    with pytest.raises(StripeMissing):
        gateway.fetch_customer("cus_none")
    with pytest.raises(StripeMissing):
        gateway.pay_invoice("in_none", key="a")
    with pytest.raises(StripeMissing):
        gateway.cancel_at_period_end(subscription_id="sub_none", schedule_id="", key="b")
    with pytest.raises(StripeMissing):
        gateway.set_quantity(subscription_id="sub_none", item_id="si_none", quantity=1, prorate="invoice_now", key="c")
    gateway.end_now(subscription_id="sub_none", key="d")


def test_a_schedule_that_ended_by_itself_is_in_nobodys_way(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    schedule = stage.api.v1.subscription_schedules.create({"from_subscription": team.id})
    stage.api.v1.subscription_schedules.release(schedule.id)
    gateway.cancel_at_period_end(subscription_id=team.id, schedule_id=schedule.id, key=key())
    gateway.resume(subscription_id=team.id, schedule_id=schedule.id, key=key())
    assert actor.subscription().cancel_at is None


def test_a_voided_invoice_cannot_be_paid(stage: Stage) -> None:
    actor = stage.customer()
    pro = actor.subscribe("pro")
    actor.use("pm_card_chargeCustomerFail")
    actor.advance_past(pro)
    unpaid = actor.invoice()
    stage.api.v1.invoices.void_invoice(unpaid.id)
    with pytest.raises(StripeRefused) as caught:
        gateway.pay_invoice(unpaid.id, key="a")
    assert not isinstance(caught.value, CardDeclined | StripeMissing)
    assert actor.invoice().status == "void"


def test_the_portal_uses_our_configuration_and_finds_it_anew_when_it_is_gone(
    stage: Stage, bare_twin: TwinClient
) -> None:
    customer = new_customer("a")
    portal: dict[str, Any] = {"customer_id": customer, "return_url": "https://pare.example/", "flow": ""}
    for place in range(2):
        gateway.open_portal(**portal, key=f"first{place}")
    assert passed(bare_twin, "GET", "/v1/billing_portal/configurations") == 2, "in set-up, and then once"
    cache.set(gateway.checkout._portal_cache_key(), "bpc_of_long_ago", 60)
    gateway.open_portal(**portal, key="second")
    [ours] = bare_twin.truth("billing_portal.configuration")
    assert {row["configuration"] for row in bare_twin.truth("billing_portal.session")} == {ours["id"]}
    with pytest.raises(StripeMissing, match="cus_none"):
        gateway.open_portal(**{**portal, "customer_id": "cus_none"}, key="third")


def test_a_waiting_change_does_not_keep_the_card_from_the_portal(stage: Stage) -> None:
    """The card fails at an upgrade; it is the subscription's own, as Checkout leaves it."""
    actor = stage.customer()
    pro = actor.subscribe("pro", own_card="pm_card_visa")
    failing = stage.api.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": actor.id})
    stage.api.v1.subscriptions.update(pro.id, {"default_payment_method": failing.id})
    team = gateway.find_price("team", "month")
    gateway.change_now(subscription_id=pro.id, item_id=pro.item_id, price_id=team.id, quantity=2, key=key())
    assert actor.subscription().pending_plan == "team"
    gateway.open_portal(customer_id=actor.id, return_url="https://pare.example/", flow="", key=key())
    assert (actor.subscription().pending_plan, actor.now().card_last4) == ("team", "0341")
    actor.use("pm_card_visa")
    gateway.pay_invoice(actor.invoice().id, key=key())
    assert (actor.subscription().plan, actor.now().card_last4) == ("team", "4242")
