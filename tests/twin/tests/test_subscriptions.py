"""Subscriptions at the twin behave as Stripe's do: they begin, change, wait for money and end."""

import pytest
import stripe

from tests.twin.client import TwinClient
from tests.twin.tests.desk import DAY, START, Desk, amounts, bill, half, line


def test_a_subscription_begins_paid_for_a_whole_period(desk: Desk) -> None:
    made = desk.subscribe(2, expand=["latest_invoice"])
    item = line(made)
    assert (made.status, made.currency, made.livemode, made.billing_mode.type) == ("active", "usd", False, "flexible")
    assert item.current_period_end - item.current_period_start == 31 * DAY
    assert "current_period_end" not in made.to_dict(), "periods are on the items only"
    invoice = bill(made)
    assert (invoice.status, invoice.total, invoice.amount_paid, invoice.billing_reason) == (
        "paid",
        6000,
        6000,
        "subscription_create",
    )
    assert invoice.parent and invoice.parent.subscription_details
    assert invoice.parent.subscription_details.subscription == made.id
    assert desk.api.customers.retrieve(desk.customer).currency == "usd"
    kinds = desk.kinds("customer.subscription", "invoice.")
    assert kinds[-1] == "customer.subscription.created"
    assert {"invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded"} < set(kinds)
    assert "customer.subscription.updated" not in kinds


@pytest.mark.parametrize(
    ("card", "behaviour", "status", "payment"),
    [
        ("pm_card_visa", "allow_incomplete", "active", "succeeded"),
        ("pm_card_visa", "default_incomplete", "incomplete", "requires_payment_method"),
        ("pm_card_chargeCustomerFail", "allow_incomplete", "incomplete", "requires_payment_method"),
        ("pm_card_authenticationRequired", "allow_incomplete", "incomplete", "requires_action"),
    ],
)
def test_the_first_payment_decides(desk: Desk, card: str, behaviour: str, status: str, payment: str) -> None:
    desk.use_card(card)
    expand = ["latest_invoice.payments.data.payment.payment_intent"]
    made = desk.subscribe(payment_behavior=behaviour, expand=expand)
    payments = bill(made).payments
    assert made.status == status and payments
    intent = payments.data[0].payment.payment_intent
    assert isinstance(intent, stripe.PaymentIntent) and intent.status == payment
    asked = "invoice.payment_action_required" in desk.kinds("invoice")
    assert asked == (payment == "requires_action")


def test_a_card_that_must_pay_at_once_leaves_nothing_behind(desk: Desk) -> None:
    desk.use_card("pm_card_chargeCustomerFail")
    error = desk.refused(desk.subscribe, payment_behavior="error_if_incomplete")
    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code, error.error and error.error.decline_code) == (
        402,
        "card_declined",
        "generic_decline",
    )
    assert desk.invoices() == []


def test_nobody_subscribes_without_a_card(bare_twin: TwinClient) -> None:
    desk = Desk(bare_twin, card=None)
    error = desk.refused(desk.subscribe)
    assert (error.http_status, error.code) == (400, "resource_missing")
    assert "no attached payment source" in str(error)


def test_an_incomplete_subscription_starts_when_its_invoice_is_paid(desk: Desk) -> None:
    desk.use_card("pm_card_chargeCustomerFail")
    made = desk.subscribe()
    good = desk.use_card("pm_card_visa")
    assert isinstance(made.latest_invoice, str)
    paid = desk.api.invoices.pay(made.latest_invoice, {"payment_method": good})
    assert (paid.status, paid.attempt_count) == ("paid", 2)
    assert desk.get(made.id).status == "active"
    told = [event for event in desk.events() if event.type == "customer.subscription.updated"][-1]
    assert told.data.to_dict()["previous_attributes"] == {"status": "incomplete"}


def test_more_seats_for_half_a_month_cost_half(desk: Desk) -> None:
    made = desk.subscribe(2)
    changed = desk.change(made, quantity=3, proration_behavior="always_invoice", proration_date=half(made))
    assert line(changed).quantity == 3
    assert amounts(bill(changed)) == [-3000, 4500]
    assert (bill(changed).total, bill(changed).amount_paid, bill(changed).billing_reason) == (
        1500,
        1500,
        "subscription_update",
    )
    unused, rest = bill(changed).lines.data
    assert unused.parent and unused.parent.subscription_item_details
    assert unused.parent.subscription_item_details.proration
    details = unused.parent.subscription_item_details.proration_details
    assert details and details.credited_items and details.credited_items.invoice == made.latest_invoice
    assert rest.pricing and rest.pricing.price_details and rest.pricing.price_details.price == desk.seat
    assert (rest.quantity, rest.period.end) == (3, line(changed).current_period_end)


def test_fewer_seats_become_credit_for_the_next_invoice(desk: Desk) -> None:
    made = desk.subscribe(3)
    changed = desk.change(made, quantity=1, proration_behavior="always_invoice", proration_date=half(made))
    assert (bill(changed).total, bill(changed).amount_due, bill(changed).status) == (-3000, 0, "paid")
    assert desk.api.customers.retrieve(desk.customer).balance == -3000
    desk.twin.advance(to=line(made).current_period_end)
    renewal = bill(desk.get(made.id))
    assert (renewal.total, renewal.starting_balance, renewal.ending_balance, renewal.amount_due) == (3000, -3000, 0, 0)
    assert renewal.status == "paid" and renewal.attempt_count == 0


def test_prorations_wait_for_the_renewal_unless_told_otherwise(desk: Desk) -> None:
    made = desk.subscribe(2)
    changed = desk.change(made, quantity=3, proration_date=half(made))
    assert changed.latest_invoice and bill(changed).id == made.latest_invoice, "no new invoice"
    desk.twin.advance(to=line(made).current_period_end)
    renewal = bill(desk.get(made.id))
    assert sorted(amounts(renewal)) == [-3000, 4500, 9000]
    assert (renewal.total, renewal.billing_reason) == (10_500, "subscription_cycle")


def test_without_prorations_only_the_next_period_costs_more(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.change(made, quantity=4, proration_behavior="none", proration_date=half(made))
    # What was never billed is not given back either (flexible billing).
    again = desk.change(made, quantity=1, proration_behavior="always_invoice", proration_date=half(made))
    assert amounts(bill(again)) == [-3000, 1500]


def test_a_new_price_without_a_quantity_means_one(desk: Desk) -> None:
    made = desk.subscribe(4)
    assert line(desk.change(made, price=desk.dear)).quantity == 1


def test_another_interval_begins_a_new_cycle_and_is_billed_at_once(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.twin.advance(to=half(made))
    changed = desk.change(made, price=desk.year, quantity=2)
    unused, whole = bill(changed).lines.data
    assert (unused.amount, whole.amount) == (-3000, 60_000)
    assert line(changed).current_period_start == changed.billing_cycle_anchor
    assert line(changed).current_period_end - line(changed).current_period_start == 365 * DAY
    assert half(made) <= changed.billing_cycle_anchor <= half(made) + 60


def test_the_cycle_keeps_the_day_of_its_anchor(bare_twin: TwinClient) -> None:
    bare_twin.reset(start=START + 30 * DAY)
    desk = Desk(bare_twin)
    made = desk.subscribe(1)
    borders = []
    for _ in range(3):
        end = line(desk.get(made.id)).current_period_end
        borders.append((end - START) // DAY)
        bare_twin.advance(to=end)
    assert borders == [31 + 27, 31 + 28 + 30, 31 + 28 + 31 + 29], "28 February, 31 March, 30 April"


@pytest.mark.parametrize("card", ["pm_card_chargeCustomerFail", "pm_card_authenticationRequired"])
def test_a_pending_update_changes_nothing_until_it_is_paid(desk: Desk, card: str) -> None:
    made = desk.subscribe(2)
    desk.use_card(card)
    waiting = desk.change(
        made, quantity=5, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    assert (waiting.status, line(waiting).quantity, bill(waiting).status) == ("active", 2, "open")
    assert waiting.pending_update and waiting.pending_update.subscription_items
    assert waiting.pending_update.subscription_items[0].quantity == 5
    assert bill(waiting).next_payment_attempt is None, "no dunning for what was not sold"
    good = desk.use_card("pm_card_visa")
    assert bill(waiting).id
    desk.api.invoices.pay(bill(waiting).id, {"payment_method": good})
    paid = desk.get(made.id)
    assert (line(paid).quantity, paid.pending_update, paid.status) == (5, None, "active")
    assert desk.kinds("customer.subscription.pending") == ["customer.subscription.pending_update_applied"]


def test_a_pending_update_is_dropped_after_23_hours(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.use_card("pm_card_chargeCustomerFail")
    waiting = desk.change(
        made, quantity=5, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    assert waiting.pending_update
    desk.twin.advance(to=waiting.pending_update.expires_at)
    left = desk.get(made.id)
    assert (line(left).quantity, left.pending_update, left.status, bill(left).status) == (2, None, "active", "void")
    assert desk.kinds("customer.subscription.pending") == ["customer.subscription.pending_update_expired"]


def test_a_second_pending_update_takes_the_place_of_the_first(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.use_card("pm_card_chargeCustomerFail")
    wait = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    first = desk.change(made, quantity=5, **wait)
    second = desk.change(made, quantity=3, **wait)
    assert desk.api.invoices.retrieve(bill(first).id).status == "void"
    assert second.pending_update and second.pending_update.subscription_items
    assert second.pending_update.subscription_items[0].quantity == 3
    desk.api.invoices.void_invoice(bill(second).id)
    assert desk.get(made.id).pending_update is None
    assert line(desk.get(made.id)).quantity == 2


def test_what_is_paid_at_once_never_was_pending(desk: Desk) -> None:
    made = desk.subscribe(2)
    done = desk.change(
        made, quantity=3, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    assert (line(done).quantity, done.pending_update, bill(done).status) == (3, None, "paid")
    assert desk.kinds("customer.subscription.pending") == []


def test_a_change_that_may_fail_is_made_and_leaves_the_customer_past_due(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.use_card("pm_card_chargeCustomerFail")
    changed = desk.change(made, quantity=4, proration_behavior="always_invoice")
    assert (changed.status, line(changed).quantity, bill(changed).status) == ("past_due", 4, "open")
    desk.use_card("pm_card_visa")
    desk.api.invoices.pay(bill(changed).id)
    assert desk.get(made.id).status == "active"


def test_an_error_if_incomplete_leaves_the_old_seats(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.use_card("pm_card_authenticationRequired")
    error = desk.refused(
        desk.change, made, quantity=9, proration_behavior="always_invoice", payment_behavior="error_if_incomplete"
    )
    assert (error.http_status, error.code) == (402, "subscription_payment_intent_requires_action")


def test_lists_show_what_has_not_ended_unless_all_are_wanted(desk: Desk) -> None:
    first, second = desk.subscribe(1), desk.subscribe(1, desk.dear)
    desk.api.subscriptions.cancel(first.id)
    listing = desk.api.subscriptions.list
    assert [row.id for row in listing({"customer": desk.customer}).data] == [second.id]
    assert [row.id for row in listing({"customer": desk.customer, "status": "all"}).data] == [second.id, first.id]
    assert [row.id for row in listing({"status": "canceled"}).data] == [first.id]
    assert [row.id for row in listing({"price": desk.dear}).data] == [second.id]
