"""The twin's Checkout, through Stripe's own library and by clicking its page."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.twin.tests.shop import SITE, Shop


def test_paying_starts_the_subscription_and_leads_back(shop: Shop) -> None:
    session = shop.checkout(3, client_reference_id="acme", subscription_data={"metadata": {"pare_team": "7"}})
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 9_000)

    screen = shop.twin.pay_checkout(session.url or "")

    assert screen.left_for == f"{SITE}/back?session={session.id}"
    paid = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice", "line_items"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.client_reference_id == "acme"
    subscription, invoice = paid.subscription, paid.invoice
    assert isinstance(subscription, stripe.Subscription) and isinstance(invoice, stripe.Invoice)
    assert (subscription.status, subscription.metadata.to_dict()) == ("active", {"pare_team": "7"})
    assert subscription.items.data[0].quantity == 3
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == ("paid", 9_000, "subscription_create")
    assert paid.line_items is not None and paid.line_items.data[0].amount_total == 9_000


def test_the_card_is_the_subscriptions_and_not_the_customers_default(shop: Shop) -> None:
    subscription = shop.buy()
    card = shop.api.payment_methods.retrieve(str(subscription.default_payment_method))
    assert card.card is not None and card.card.last4 == "4242" and card.customer == shop.customer
    customer = shop.api.customers.retrieve(shop.customer)
    assert customer.invoice_settings is not None and customer.invoice_settings.default_payment_method is None


def test_the_card_is_told_first_and_the_completed_session_last(shop: Shop) -> None:
    before = len(shop.kinds())
    shop.buy()
    told = shop.kinds()[before:]
    assert (told[0], told[-1]) == ("payment_method.attached", "checkout.session.completed")
    assert {"customer.subscription.created", "invoice.paid", "invoice.payment_succeeded"} < set(told)


def test_a_session_completes_once(shop: Shop) -> None:
    session = shop.checkout()
    page = shop.twin.open(session.url or "")
    card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    assert page.press("Pay", **card).left_for
    again = page.press("Pay", **card)  # the same page, still open in another tab
    assert "Already paid" in again.text and again.left_for is None
    assert len(shop.api.subscriptions.list({"customer": shop.customer}).data) == 1


@pytest.mark.parametrize("card", ["decline", "decline later"])
def test_a_declined_card_leaves_the_session_open_and_nothing_made(shop: Shop, card: str) -> None:
    session = shop.checkout()
    screen = shop.twin.pay_checkout(session.url or "", card)
    assert (screen.status, screen.alert) == (402, "Your card was declined.")
    assert shop.api.checkout.sessions.retrieve(session.id).status == "open"
    assert shop.twin.truth("subscription") == []
    assert shop.api.payment_methods.list({"customer": shop.customer}).data == []
    assert screen.press("Pay", number="4242424242424242", expiry="12/34", cvc="123").left_for


@pytest.mark.parametrize("card", ["3ds", "3ds always"])
def test_a_card_that_asks_is_confirmed_on_the_way(shop: Shop, card: str) -> None:
    session = shop.checkout()
    screen = shop.twin.pay_checkout(session.url or "", card, bank="Fail")
    assert "did not confirm" in screen.alert and shop.twin.truth("subscription") == []
    assert shop.twin.pay_checkout(session.url or "", card, bank="Complete").left_for
    (subscription,) = shop.twin.truth("subscription")
    assert subscription["status"] == "active"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": "4242424242424241"}, "Your card number is not valid."),
        ({"expiry": "1234"}, "Write the expiry as MM/YY."),
        ({"expiry": "13/30"}, "Write the expiry as MM/YY."),
        ({"expiry": "01/20"}, "Your card has expired."),
        ({"cvc": "x"}, "Write the three or four digits of the CVC."),
    ],
)
def test_a_card_that_is_typed_wrong_is_not_charged(shop: Shop, fields: dict[str, str], sentence: str) -> None:
    page = shop.twin.open(shop.checkout().url or "")
    good = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    assert page.press("Pay", **{**good, **fields}).alert == sentence
    assert shop.twin.truth("subscription") == []


def test_a_vat_id_and_an_address_are_kept_with_the_customer(shop: Shop) -> None:
    session = shop.checkout(
        tax_id_collection={"enabled": True},
        billing_address_collection="required",
        customer_update={"name": "auto", "address": "auto"},
    )
    address = {"line1": "Kaistr. 1", "city": "Kiel", "postal_code": "24114", "country": "de"}
    refused = shop.twin.pay_checkout(session.url or "", vat="123", business="Acme GmbH", **address)
    assert "Write the VAT ID with its country" in refused.alert
    screen = shop.twin.pay_checkout(session.url or "", vat="DE 123456789", business="Acme GmbH", **address)
    assert screen.left_for, screen.alert
    customer = shop.api.customers.retrieve(shop.customer, {"expand": ["tax_ids"]})
    assert customer.name == "Acme GmbH" and customer.address is not None and customer.address.country == "DE"
    assert customer.tax_ids is not None
    assert [(tax.type, tax.value) for tax in customer.tax_ids.data] == [("eu_vat", "DE123456789")]
    details = shop.api.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None and details.tax_ids is not None and details.tax_ids[0].value == "DE123456789"


def test_a_promotion_code_is_shown_and_taken_off(shop: Shop) -> None:
    coupon = shop.api.coupons.create({"percent_off": 25, "duration": "once"})
    shop.api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "AUTUMN"})
    session = shop.checkout(allow_promotion_codes=True)
    assert shop.twin.pay_checkout(session.url or "", code="SPRING").alert == "This code is invalid."
    page = shop.twin.open(session.url or "").press("Apply code", code="autumn")
    assert "-15.00 USD" in page.text and page.has_button("Pay 45.00 USD")
    page = page.press("Remove code")
    assert page.has_button("Pay 60.00 USD")
    assert shop.twin.pay_checkout(session.url or "", code="AUTUMN").left_for
    paid = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert isinstance(paid.invoice, stripe.Invoice) and paid.invoice.amount_paid == paid.amount_total == 4500
    assert paid.total_details is not None and paid.total_details.amount_discount == 1500


def test_the_page_offers_only_what_the_session_allows(shop: Shop) -> None:
    page = shop.twin.open(shop.checkout().url or "")
    assert not page.has_button("Apply code")
    with pytest.raises(LookupError):
        page.press("Pay", vat="DE123456789")
    assert page.address_of("Back") == f"{SITE}/billing"


def test_a_clock_that_was_moved_on_stops_nobody_from_buying(shop: Shop) -> None:
    shop.twin.advance(days=31)
    two_hours = int(time.time()) + 7200
    session = shop.checkout(expires_at=two_hours)
    assert session.expires_at > session.created + 7000
    shop.twin.pay_checkout(session.url or "")
    assert shop.api.checkout.sessions.retrieve(session.id).status == "complete"
    forgotten = shop.checkout(expires_at=two_hours)
    shop.twin.advance(seconds=7300)
    assert shop.api.checkout.sessions.retrieve(forgotten.id).status == "expired"


def test_a_session_expires_by_itself_and_when_told(shop: Shop) -> None:
    session, other = shop.checkout(expires_at=int(time.time()) + 1900), shop.checkout()
    shop.twin.advance(seconds=2000)
    assert shop.api.checkout.sessions.retrieve(session.id).status == "expired"
    assert "expired" in shop.twin.open(session.url or "").text
    assert shop.api.checkout.sessions.expire(other.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
        shop.api.checkout.sessions.expire(other.id)
    assert shop.kinds().count("checkout.session.expired") == 2
    assert [row.id for row in shop.api.checkout.sessions.list({"status": "open"}).data] == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"customer": "cus_unknown"}, "No such customer"),
        ({"success_url": None}, "Missing required param: success_url"),
        ({"line_items": [{"price": "price_unknown", "quantity": 1}]}, "No such price"),
        ({"expires_at": 60}, "at least 30 minutes"),
        ({"tax_id_collection": {"enabled": True}}, "requires updating business name"),
        ({"automatic_tax": {"enabled": True}}, "requires a valid address"),
        ({"allow_promotion_codes": True, "discounts": [{"coupon": "x"}]}, "only specify one of these parameters"),
    ],
)
def test_what_stripe_refuses_is_refused(shop: Shop, params: dict[str, Any], words: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=words):
        shop.checkout(**params)
    assert shop.twin.truth("checkout.session") == []


def test_what_the_twin_does_not_know_is_not_taken_for_done(shop: Shop) -> None:
    with pytest.raises(stripe.APIError) as refused:
        shop.checkout(mode="payment")
    assert refused.value.http_status == 501


def test_another_currency_is_refused_at_once_and_on_the_page(shop: Shop) -> None:
    late = shop.checkout(line_items=[{"price": shop.new_price(3500, currency="eur"), "quantity": 1}])
    shop.buy()
    with pytest.raises(stripe.InvalidRequestError, match="cannot combine currencies"):
        shop.checkout(line_items=[{"price": shop.new_price(3500, currency="eur"), "quantity": 1}])
    assert "cannot combine currencies" in shop.twin.pay_checkout(late.url or "").alert


def test_a_customer_who_is_gone_pays_nothing(shop: Shop) -> None:
    session = shop.checkout()
    shop.api.customers.delete(shop.customer)
    assert "has been deleted" in shop.twin.pay_checkout(session.url or "").alert
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        shop.checkout()


def test_a_form_from_another_site_does_nothing(shop: Shop) -> None:
    page = shop.twin.open(shop.checkout().url or "")
    page.forms[0].fields["token"] = "guessed"
    screen = page.press("Pay", number="4242424242424242", expiry="12/34", cvc="123")
    assert screen.status == 403 and shop.twin.truth("subscription") == []


def test_an_address_that_is_guessed_shows_nothing(shop: Shop) -> None:
    session = shop.checkout()
    assert shop.twin.open(f"{shop.twin.url}/c/pay/{session.id}/guessed").status == 404


def test_two_clicks_at_once_pay_once(shop: Shop) -> None:
    page = shop.twin.open(shop.checkout().url or "")
    card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
    with ThreadPoolExecutor(2) as pool:
        screens = list(pool.map(lambda _: page.press("Pay", **card), range(2)))
    assert sorted(screen.left_for is not None for screen in screens) == [False, True]
    assert len(shop.twin.truth("subscription")) == 1


def test_tax_and_a_coupon_may_be_given_from_the_start(shop: Shop) -> None:
    coupon = shop.api.coupons.create({"amount_off": 800, "currency": "usd", "duration": "once"})
    session = shop.checkout(
        automatic_tax={"enabled": True}, customer_update={"address": "auto"}, discounts=[{"coupon": coupon.id}]
    )
    assert (session.amount_subtotal, session.amount_total) == (6000, 5200)
    refused = shop.twin.pay_checkout(session.url or "", line1="Kaistr. 1", city="Kiel", postal_code="1", country="Kiel")
    assert refused.alert == "Write the country as two letters, such as DE."
    screen = shop.twin.pay_checkout(session.url or "", line1="Kaistr. 1", city="Kiel", postal_code="1", country="de")
    assert screen.left_for, screen.alert
    paid = shop.api.checkout.sessions.retrieve(session.id)
    assert paid.automatic_tax.status == "complete" and paid.customer_details is not None
    assert shop.twin.truth("subscription")[0]["automatic_tax"]["enabled"]
    assert shop.twin.truth("invoice")[0]["amount_paid"] == 5200
    lines = shop.api.checkout.sessions.line_items.list(session.id).data
    assert [(line.quantity, line.amount_discount, line.amount_total) for line in lines] == [(2, 800, 5200)]


def test_sessions_are_listed_by_customer_newest_first(shop: Shop) -> None:
    first, second = shop.checkout(), shop.checkout()
    shop.customer = shop.api.customers.create({"email": "mallory@rival.example"}).id
    shop.checkout()
    found = shop.api.checkout.sessions.list({"customer": str(first.customer)}).data
    assert [session.id for session in found] == [second.id, first.id]
