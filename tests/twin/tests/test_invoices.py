"""Invoices at the twin: how they are numbered, paid, voided, previewed, discounted and balanced."""

from typing import Any

import pytest
import stripe

from tests.twin.tests.desk import DAY, START, Desk, amounts, bill, half, line, snapshot


def preview(desk: Desk, made: stripe.Subscription, **details: Any) -> stripe.Invoice:
    """The preview with these `subscription_details`; `quantity` and `price` are of the only item."""
    item = {name: details.pop(name) for name in ("quantity", "price") if name in details}
    if item:
        details["items"] = [{"id": line(made).id, **item}]
    params: Any = {"subscription": made.id, **({"subscription_details": details} if details else {})}
    return desk.api.invoices.create_preview(params)


def test_invoices_are_numbered_and_have_their_pages(desk: Desk) -> None:
    made = desk.subscribe(1)
    desk.twin.advance(to=line(made).current_period_end)
    second, first = desk.invoices(made)
    prefix = desk.api.customers.retrieve(desk.customer).invoice_prefix
    assert [first.number, second.number] == [f"{prefix}-0001", f"{prefix}-0002"]
    assert second.hosted_invoice_url == f"{desk.twin.url}/invoice/{second.id}"
    assert second.invoice_pdf == f"{second.hosted_invoice_url}/pdf"
    assert second.status_transitions.finalized_at and second.status_transitions.paid_at
    assert (second.period_start, second.period_end) == (line(made).current_period_start, line(made).current_period_end)
    assert second.lines.data[0].period.start == line(made).current_period_end


def test_lists_of_invoices_are_filtered(desk: Desk) -> None:
    made, other = desk.subscribe(1), desk.subscribe(1, desk.dear)
    assert [row.id for row in desk.invoices(other)] == [other.latest_invoice]
    assert [row.id for row in desk.invoices()] == [other.latest_invoice, made.latest_invoice]
    assert desk.api.invoices.list({"status": "open"}).data == []
    assert len(desk.api.invoices.list({"created": {"gte": START}}).data) == 2
    assert desk.api.invoices.list({"created": {"lt": START}}).data == []


def test_paying_with_a_card_that_declines_says_so(desk: Desk) -> None:
    desk.use_card("pm_card_chargeCustomerFail")
    made = desk.subscribe(1, expand=["latest_invoice"])
    with pytest.raises(stripe.CardError) as declined:
        desk.api.invoices.pay(bill(made).id)
    assert (declined.value.code, declined.value.http_status) == ("card_declined", 402)
    left = desk.api.invoices.retrieve(bill(made).id)
    assert (left.status, left.attempt_count, left.amount_remaining) == ("open", 2, 3000)
    assert desk.kinds("invoice.payment") == ["invoice.payment_failed"] * 2
    assert desk.api.customers.retrieve(desk.customer).delinquent is True


def test_paying_with_a_card_that_asks_says_so(desk: Desk) -> None:
    desk.use_card("pm_card_authenticationRequired")
    made = desk.subscribe(1, expand=["latest_invoice"])
    with pytest.raises(stripe.CardError) as asked:
        desk.api.invoices.pay(bill(made).id)
    assert asked.value.code == "invoice_payment_intent_requires_action"
    assert desk.get(made.id).status == "incomplete"


def test_what_was_paid_elsewhere_closes_the_invoice(desk: Desk) -> None:
    made = desk.subscribe(1, payment_behavior="default_incomplete", expand=["latest_invoice"])
    paid = desk.api.invoices.pay(bill(made).id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert desk.get(made.id).status == "active"


def test_voiding_the_first_invoice_ends_the_subscription(desk: Desk) -> None:
    made = desk.subscribe(1, payment_behavior="default_incomplete", expand=["latest_invoice"])
    gone = desk.api.invoices.void_invoice(bill(made).id)
    assert gone.status == "void" and gone.status_transitions.voided_at
    assert desk.get(made.id).status == "incomplete_expired"
    assert "customer.subscription.deleted" not in desk.kinds("customer.subscription")


def test_voiding_gives_used_credit_back(desk: Desk) -> None:
    desk.api.customers.balance_transactions.create(desk.customer, {"amount": -1000, "currency": "usd"})
    made = desk.subscribe(1, payment_behavior="default_incomplete", expand=["latest_invoice"])
    assert (bill(made).total, bill(made).amount_due, bill(made).ending_balance) == (3000, 2000, 0)
    assert desk.api.customers.retrieve(desk.customer).balance == 0
    desk.api.invoices.void_invoice(bill(made).id)
    assert desk.api.customers.retrieve(desk.customer).balance == -1000
    kinds = [row.type for row in desk.api.customers.balance_transactions.list(desk.customer).data]
    assert kinds == ["unapplied_from_invoice", "applied_to_invoice", "adjustment"]


def test_cents_that_no_card_is_charged_for_wait_on_the_balance(desk: Desk) -> None:
    made = desk.subscribe(1)
    late = line(made).current_period_end - DAY // 10
    changed = desk.change(made, quantity=2, proration_behavior="always_invoice", proration_date=late)
    assert 0 < bill(changed).total < 50
    assert (bill(changed).amount_due, bill(changed).status) == (0, "paid")
    assert desk.api.customers.retrieve(desk.customer).balance == bill(changed).total


def test_a_preview_of_the_renewal(desk: Desk) -> None:
    made = desk.subscribe(2)
    before = snapshot(desk.twin)
    coming = preview(desk, made)
    assert snapshot(desk.twin) == before, "a preview writes nothing"
    assert coming.id.startswith("upcoming_in_")
    assert (coming.total, coming.status, coming.billing_reason) == (6000, "draft", "upcoming")
    assert coming.lines.data[0].period.start == line(made).current_period_end


def test_a_preview_is_what_the_change_then_costs(desk: Desk) -> None:
    made = desk.subscribe(2)
    how: Any = {"quantity": 5, "proration_behavior": "always_invoice", "proration_date": half(made)}
    before = snapshot(desk.twin)
    shown = preview(desk, made, **how)
    assert snapshot(desk.twin) == before
    assert (amounts(shown), shown.amount_due) == ([-3000, 7500], 4500)
    assert amounts(bill(desk.change(made, **how))) == amounts(shown)


def test_previews_of_changes_that_wait_for_the_renewal(desk: Desk) -> None:
    made = desk.subscribe(2)
    mixed = preview(desk, made, quantity=4, proration_date=half(made))
    assert sorted(amounts(mixed)) == [-3000, 6000, 12_000]
    proration = [row.parent.subscription_item_details.proration for row in mixed.lines.data if row.parent
                 and row.parent.subscription_item_details]
    assert sorted(proration) == [False, True, True]
    assert amounts(preview(desk, made, quantity=4, proration_behavior="none")) == [12_000]


def test_a_preview_of_another_interval(desk: Desk) -> None:
    made = desk.subscribe(2)
    shown = preview(desk, made, price=desk.year, quantity=2, proration_date=half(made))
    assert amounts(shown) == [-3000, 60_000]


def test_nothing_is_upcoming_after_a_cancellation(desk: Desk) -> None:
    made = desk.subscribe(2)
    for details in ({"cancel_at_period_end": True}, {"cancel_now": True, "proration_behavior": "none"}):
        error = desk.refused(preview, desk, made, **details)
        assert (error.http_status, error.code) == (404, "invoice_upcoming_none")
    desk.api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert desk.refused(preview, desk, made).code == "invoice_upcoming_none"


def test_a_preview_for_somebody_who_has_bought_nothing(desk: Desk) -> None:
    items: Any = [{"price": desk.seat, "quantity": 3}]
    before = snapshot(desk.twin)
    shown = desk.api.invoices.create_preview({"customer": desk.customer, "subscription_details": {"items": items}})
    assert snapshot(desk.twin) == before
    assert shown.total == 9000
    assert desk.refused(desk.api.invoices.create_preview, {"customer": desk.customer}).code == "invoice_upcoming_none"


def test_a_coupon_for_one_invoice_and_one_for_ever(desk: Desk) -> None:
    once = desk.api.coupons.create({"amount_off": 1000, "currency": "usd", "duration": "once"}).id
    forever = desk.api.coupons.create({"percent_off": 20, "duration": "forever"}).id
    made = desk.subscribe(2, discounts=[{"coupon": once}], expand=["latest_invoice"])
    assert (bill(made).subtotal, bill(made).total) == (6000, 5000)
    other = desk.subscribe(2, desk.dear, discounts=[{"coupon": forever}], expand=["latest_invoice"])
    assert bill(other).total == 8000
    desk.twin.advance(to=line(other).current_period_end)
    assert [bill(desk.get(row.id)).total for row in (made, other)] == [6000, 8000]
    assert desk.get(made.id).discounts == []


def test_time_bought_with_a_discount_is_given_back_with_it(desk: Desk) -> None:
    coupon = desk.api.coupons.create({"percent_off": 50, "duration": "once"}).id
    made = desk.subscribe(2, discounts=[{"coupon": coupon}])
    changed = desk.change(made, quantity=1, proration_behavior="always_invoice", proration_date=half(made))
    assert amounts(bill(changed)) == [-1500, 1500]


def test_a_promotion_code_names_its_coupon(desk: Desk) -> None:
    coupon = desk.api.coupons.create({"percent_off": 25, "duration": "forever"}).id
    promotion: Any = {"type": "coupon", "coupon": coupon}
    code = desk.api.promotion_codes.create({"promotion": promotion, "code": "SPRING"})
    made = desk.subscribe(2, discounts=[{"promotion_code": code.id}], expand=["latest_invoice", "discounts"])
    assert bill(made).total == 4500
    assert desk.api.promotion_codes.retrieve(code.id).times_redeemed == 1
    desk.api.promotion_codes.update(code.id, {"active": False})
    assert "cannot be redeemed" in str(desk.refused(desk.subscribe, 1, discounts=[{"promotion_code": code.id}]))


def test_a_charge_is_refunded_once(desk: Desk) -> None:
    made = desk.subscribe(2, expand=["latest_invoice.payments"])
    payments = bill(made).payments
    assert payments
    intent = payments.data[0].payment.payment_intent
    assert isinstance(intent, str)
    assert desk.api.refunds.create({"payment_intent": intent, "amount": 1000}).status == "succeeded"
    assert desk.api.refunds.create({"payment_intent": intent}).amount == 5000
    assert desk.refused(desk.api.refunds.create, {"payment_intent": intent}).code == "charge_already_refunded"
