"""What the twin refuses about subscriptions and invoices: Stripe's statuses and codes, and nothing is written."""

from typing import Any

import pytest
import stripe

from tests.twin.tests.desk import DAY, START, Desk, bill, line

PENDING: dict[str, Any] = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}


def test_prices_that_cannot_be_subscribed_to(desk: Desk) -> None:
    once = desk.api.prices.create({"product": desk.product, "currency": "usd", "unit_amount": 500}).id
    old = desk.new_price(700)
    desk.api.prices.update(old, {"active": False})
    for price, words in (
        ("price_nowhere", "No such price"),
        (once, "type=one_time"),
        (old, "only accepts active prices"),
    ):
        error = desk.refused(desk.subscribe, 1, price)
        assert isinstance(error, stripe.InvalidRequestError)
        assert (error.http_status, error.param) == (400, "items[0][price]") and words in str(error)


def test_a_customer_has_one_currency(desk: Desk) -> None:
    made = desk.subscribe(1)
    euro = desk.new_price(3000, currency="eur")
    assert "cannot combine currencies on a single customer" in str(desk.refused(desk.subscribe, 1, euro))
    assert "only supports `eur`" in str(desk.refused(desk.change, made, price=euro))


@pytest.mark.parametrize("quantity", [0, -1])
def test_less_than_one_seat(desk: Desk, quantity: int) -> None:
    made = desk.subscribe(1)
    for error in (desk.refused(desk.subscribe, quantity), desk.refused(desk.change, made, quantity=quantity)):
        assert isinstance(error, stripe.InvalidRequestError)
        assert (error.http_status, error.param) == (400, "items[0][quantity]")


def test_a_deleted_customer_buys_nothing(desk: Desk) -> None:
    made = desk.subscribe(1)
    desk.api.customers.delete(desk.customer)
    gone = desk.api.customers.retrieve(desk.customer)
    assert gone.to_dict() == {"id": desk.customer, "object": "customer", "deleted": True}
    assert desk.get(made.id).status == "canceled"
    error = desk.refused(desk.subscribe, 1)
    assert (error.http_status, error.code) == (400, "resource_missing")
    assert desk.kinds("customer.")[-2:] == ["customer.subscription.deleted", "customer.deleted"]
    assert desk.api.customers.list().data == []


def test_what_has_ended_takes_only_metadata(desk: Desk) -> None:
    made = desk.subscribe(1)
    desk.api.subscriptions.cancel(made.id)
    error = desk.refused(desk.change, made, quantity=2)
    assert "A canceled subscription can only update its cancellation_details and metadata" in str(error)
    kept = desk.api.subscriptions.update(made.id, {"metadata": {"why": "moved"}})
    assert kept.metadata.to_dict() == {"why": "moved"}
    assert desk.refused(desk.api.subscriptions.cancel, made.id).http_status == 404


def test_an_incomplete_subscription_takes_no_other_seats(desk: Desk) -> None:
    desk.use_card("pm_card_chargeCustomerFail")
    made = desk.subscribe(1)
    assert "`incomplete`" in str(desk.refused(desk.change, made, quantity=2))


@pytest.mark.parametrize(
    "more", [{"metadata": {"a": "b"}}, {"cancel_at_period_end": True}, {"default_payment_method": "pm_1"}]
)
def test_pending_updates_go_with_few_parameters(desk: Desk, more: dict[str, Any]) -> None:
    made = desk.subscribe(1)
    error = desk.refused(desk.change, made, quantity=2, **PENDING, **more)
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.param) == (400, next(iter(more)))


def test_a_subscription_cannot_begin_pending(desk: Desk) -> None:
    error = desk.refused(desk.subscribe, 1, payment_behavior="pending_if_incomplete")
    assert isinstance(error, stripe.InvalidRequestError) and error.param == "payment_behavior"


def test_the_date_of_a_proration_lies_in_the_period(desk: Desk) -> None:
    made = desk.subscribe(1)
    late = line(made).current_period_end + 1
    error = desk.refused(desk.change, made, quantity=2, proration_date=late)
    assert isinstance(error, stripe.InvalidRequestError) and error.param == "proration_date"


def test_items_of_other_subscriptions_and_the_last_item(desk: Desk) -> None:
    made, other = desk.subscribe(1), desk.subscribe(1, desk.dear)
    foreign: Any = {"items": [{"id": line(other).id, "quantity": 2}]}
    assert desk.refused(desk.api.subscriptions.update, made.id, foreign).code == "resource_missing"
    last: Any = {"items": [{"id": line(made).id, "deleted": True}]}
    assert "at least one" in str(desk.refused(desk.api.subscriptions.update, made.id, last))
    twice: Any = {"items": [{"price": desk.seat, "quantity": 1}]}
    assert "same price" in str(desk.refused(desk.api.subscriptions.update, made.id, twice))


def test_only_open_invoices_are_paid_and_voided(desk: Desk) -> None:
    made = desk.subscribe(1, expand=["latest_invoice"])
    assert "already paid" in str(desk.refused(desk.api.invoices.pay, bill(made).id))
    assert desk.refused(desk.api.invoices.void_invoice, bill(made).id).code == "status_transition_invalid"
    assert desk.refused(desk.api.invoices.pay, "in_nowhere").http_status == 404


def test_a_foreign_card_pays_nothing(desk: Desk) -> None:
    stranger = desk.api.customers.create({"email": "mallory@rival.example"}).id
    card = desk.api.payment_methods.attach("pm_card_visa", {"customer": stranger}).id
    desk.use_card("pm_card_chargeCustomerFail")
    made = desk.subscribe(1, expand=["latest_invoice"])
    for error in (
        desk.refused(desk.api.invoices.pay, bill(made).id, {"payment_method": card}),
        desk.refused(desk.subscribe, 1, default_payment_method=card),
        desk.refused(desk.api.customers.update, desk.customer, {"invoice_settings": {"default_payment_method": card}}),
    ):
        assert (error.http_status, error.code) == (400, "resource_missing")


def test_a_card_that_declines_is_not_attached(desk: Desk) -> None:
    error = desk.refused(desk.api.payment_methods.attach, "pm_card_chargeDeclined", {"customer": desk.customer})
    assert (error.http_status, error.code) == (402, "card_declined")


def test_no_cancellation_in_the_past(desk: Desk) -> None:
    made = desk.subscribe(1)
    error = desk.refused(desk.api.subscriptions.update, made.id, {"cancel_at": START - DAY})
    assert isinstance(error, stripe.InvalidRequestError) and error.param == "cancel_at"


def test_what_only_stripe_can_do_is_not_done_by_accident(desk: Desk) -> None:
    desk.twin.expects_refusals = True
    for params in (
        {"collection_method": "send_invoice", "days_until_due": 30},
        {"billing_mode": {"type": "classic"}},
        {"application_fee_percent": 5.0},
    ):
        assert desk.refused(desk.subscribe, 1, **params).http_status == 501


def test_a_subscription_gets_twenty_invoices_a_day(desk: Desk) -> None:
    made = desk.subscribe(1)
    for quantity in range(2, 21):
        desk.change(made, quantity=quantity, proration_behavior="always_invoice")
    with pytest.raises(stripe.RateLimitError):
        desk.change(made, quantity=21, proration_behavior="always_invoice")
    desk.change(made, quantity=21)
    desk.twin.advance(days=1)
    desk.change(made, quantity=22, proration_behavior="always_invoice")
    assert line(desk.get(made.id)).quantity == 22
