"""The twin's customer portal and its invoice pages, through Stripe's own library and by clicking them."""

import re
import urllib.request
from typing import Any

import pytest
import stripe

from tests.twin.clicks import Portal
from tests.twin.tests.shop import SITE, Shop

EVERYTHING: dict[str, Any] = {
    "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
}


def open_portal(shop: Shop, features: dict[str, Any] | None = None, **more: Any) -> Portal:
    given: Any = {"features": features or EVERYTHING}
    configuration = shop.api.billing_portal.configurations.create(given)
    params: Any = {"customer": shop.customer, "configuration": configuration.id, "return_url": f"{SITE}/billing"}
    params.update(more)
    return shop.twin.portal(shop.api.billing_portal.sessions.create(params).url)


def default_card(shop: Shop) -> str | None:
    settings = shop.api.customers.retrieve(shop.customer).invoice_settings
    assert settings is not None
    if settings.default_payment_method is None:
        return None
    card = shop.api.payment_methods.retrieve(str(settings.default_payment_method)).card
    assert card is not None
    return card.last4


def test_a_new_card_becomes_the_customers_default_and_leaves_the_subscriptions_own(shop: Shop) -> None:
    before = shop.buy()
    portal = open_portal(shop)
    portal.update_card("5555555555554444")
    assert default_card(shop) == "4444" and "mastercard ending in 4444" in portal.screen.text
    assert shop.subscription(before.id).default_payment_method == before.default_payment_method


@pytest.mark.parametrize(
    ("card", "words"), [("decline", "Your card was declined."), ("123", "Your card number is not valid.")]
)
def test_a_card_that_is_refused_changes_nothing(shop: Shop, card: str, words: str) -> None:
    portal = open_portal(shop)
    assert portal.update_card(card).alert == words
    assert default_card(shop) is None


def test_a_card_that_asks_is_confirmed_before_it_is_saved(shop: Shop) -> None:
    portal = open_portal(shop)
    assert "did not confirm" in portal.update_card("3ds", bank="Fail").alert and default_card(shop) is None
    portal.update_card("3ds", bank="Complete")
    assert default_card(shop) == "3155"


def test_the_flow_for_the_card_shows_only_that_and_leads_back(shop: Shop) -> None:
    redirect = {"type": "redirect", "redirect": {"return_url": f"{SITE}/billing?card=1"}}
    portal = open_portal(shop, flow_data={"type": "payment_method_update", "after_completion": redirect})
    assert not portal.screen.has_button("Save details")
    assert portal.update_card().left_for == f"{SITE}/billing?card=1"
    assert default_card(shop) == "4242"


def test_cancelling_sets_the_end_and_resuming_takes_it_back(shop: Shop) -> None:
    """With flexible billing Stripe sets `cancel_at`, and leaves `cancel_at_period_end` false."""
    subscription = shop.buy()
    end = shop.twin.truth("subscription")[0]["items"]["data"][0]["current_period_end"]
    portal = open_portal(shop)
    portal.cancel()
    ending = shop.subscription(subscription.id)
    assert (ending.status, ending.cancel_at, ending.cancel_at_period_end) == ("active", end, False)
    portal.resume()
    assert shop.subscription(subscription.id).cancel_at is None
    portal.cancel()
    shop.twin.advance(to=end + 10)
    assert shop.subscription(subscription.id).status == "canceled"


def test_the_flow_for_cancelling_does_that_and_confirms(shop: Shop) -> None:
    subscription = shop.buy()
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": subscription.id},
        "after_completion": {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Until then."}},
    }
    portal = open_portal(shop, flow_data=flow)
    assert not portal.screen.has_button("Save card")
    assert "Until then." in portal.cancel().text
    assert shop.subscription(subscription.id).cancel_at is not None


def test_what_the_api_cancelled_can_be_resumed_here(shop: Shop) -> None:
    subscription = shop.buy()
    shop.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    open_portal(shop).resume()
    kept = shop.subscription(subscription.id)
    assert (kept.cancel_at, kept.cancel_at_period_end) == (None, False)


def test_a_portal_may_cancel_at_once(shop: Shop) -> None:
    subscription = shop.buy()
    open_portal(shop, {"subscription_cancel": {"enabled": True, "mode": "immediately"}}).cancel()
    assert shop.subscription(subscription.id).status == "canceled"


def test_a_plan_is_switched_where_that_is_on(shop: Shop) -> None:
    subscription = shop.buy()
    with pytest.raises(LookupError):
        open_portal(shop).switch(shop.dear)
    update = {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "products": [{"product": shop.product, "prices": [shop.seat, shop.dear]}],
        "proration_behavior": "always_invoice",
    }
    open_portal(shop, {"subscription_update": update}).switch(shop.dear)
    assert shop.twin.truth("subscription")[0]["items"]["data"][0]["price"]["id"] == shop.dear
    assert shop.subscription(subscription.id).status == "active"


def test_details_and_vat_ids_are_kept(shop: Shop) -> None:
    portal = open_portal(shop)
    portal.save_details(name="Acme GmbH", email="bills@acme.example")
    assert "Write the VAT ID with its country" in portal.add_vat_id("12").alert
    portal.add_vat_id("DE123456789")
    customer = shop.api.customers.retrieve(shop.customer, {"expand": ["tax_ids"]})
    assert (customer.name, customer.email) == ("Acme GmbH", "bills@acme.example")
    assert customer.tax_ids is not None and [tax.value for tax in customer.tax_ids.data] == ["DE123456789"]
    portal.remove_vat_id("DE123456789")
    assert shop.twin.truth("tax_id") == []


def test_what_is_off_is_neither_shown_nor_done(shop: Shop) -> None:
    shop.buy()
    portal = open_portal(shop, {"invoice_history": {"enabled": True}})
    for button in ("Save card", "Cancel subscription", "Switch plan", "Save details", "Add VAT ID"):
        assert not portal.screen.has_button(button)
    allowed = open_portal(shop)
    form = next(form for form in allowed.screen.forms if form.action.endswith("/cancel"))
    secret = portal.screen.url.rsplit("/", 1)[1]
    form.action = re.sub("/p/session/[^/]+/", f"/p/session/{secret}/", form.action)
    assert allowed.cancel().status == 403
    assert shop.twin.truth("subscription")[0]["cancel_at"] is None


def test_another_customers_subscription_cannot_be_cancelled(shop: Shop) -> None:
    mine = shop.buy()
    shop.customer = shop.api.customers.create({"email": "mallory@rival.example"}).id
    shop.buy()
    portal = open_portal(shop)
    form = next(form for form in portal.screen.forms if form.action.endswith("/cancel"))
    form.action = re.sub("sub_[^/]+", mine.id, form.action)
    assert portal.cancel().status == 404
    assert shop.subscription(mine.id).cancel_at is None


def test_a_session_ends_unused_or_idle(shop: Shop) -> None:
    unused = shop.api.billing_portal.sessions
    configuration = shop.api.billing_portal.configurations.create({"features": EVERYTHING})  # type: ignore[typeddict-item]
    url = unused.create({"customer": shop.customer, "configuration": configuration.id}).url
    portal = open_portal(shop)
    shop.twin.advance(seconds=400)
    assert shop.twin.open(url).status == 404
    assert portal.update_card().status == 200
    shop.twin.advance(seconds=3700)
    assert portal.update_card().status == 404
    assert shop.twin.open(f"{shop.twin.url}/p/session/guessed").status == 404


def test_a_configuration_is_made_changed_and_found(shop: Shop) -> None:
    api = shop.api.billing_portal.configurations
    made = api.create({"features": {"invoice_history": {"enabled": True}}, "metadata": {"pare": "portal"}})
    api.update(made.id, {"features": {"payment_method_update": {"enabled": True}}, "default_return_url": f"{SITE}/b"})
    found = api.retrieve(made.id)
    assert found.features.invoice_history.enabled and found.features.payment_method_update.enabled
    assert [row.id for row in api.list({"active": True}).data] == [made.id]
    session = shop.api.billing_portal.sessions.create({"customer": shop.customer, "configuration": made.id})
    assert shop.twin.open(session.url).address_of("Return to the site") == f"{SITE}/b"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "No configuration provided"),
        ({"configuration": "bpc_unknown"}, "No such configuration"),
        ({"customer": "cus_unknown", "configuration": "own"}, "No such customer"),
        ({"configuration": "own", "flow_data": {"type": "payment_method_update"}}, "payment_method_update enabled"),
    ],
)
def test_sessions_that_stripe_refuses_are_refused(shop: Shop, params: dict[str, Any], words: str) -> None:
    off: Any = {"features": {"invoice_history": {"enabled": True}}}
    own = shop.api.billing_portal.configurations.create(off).id
    given: Any = {"customer": shop.customer, **params}
    if given.get("configuration") == "own":
        given["configuration"] = own
    with pytest.raises(stripe.InvalidRequestError, match=words):
        shop.api.billing_portal.sessions.create(given)


def test_an_invoice_is_listed_with_a_page_and_a_pdf(shop: Shop) -> None:
    shop.buy(quantity=3)
    portal = open_portal(shop)
    (invoice,) = shop.twin.truth("invoice")
    page = portal.screen.follow(invoice["number"])
    assert "90.00 USD" in page.text and not page.has_button("Pay")
    with urllib.request.urlopen(portal.screen.address_of("PDF"), timeout=30) as answer:
        assert answer.headers["Content-Type"] == "application/pdf"
        data = answer.read()
    start = int(data.split(b"startxref\n")[1].split()[0])
    assert data.startswith(b"%PDF-1.4") and data[start:].startswith(b"xref") and data.endswith(b"%%EOF\n")
    offsets = [int(entry[:10]) for entry in data[start:].splitlines()[3:] if entry.endswith(b"n ")]
    assert [data[at:].split(b" ", 1)[0] for at in offsets] == [b"%d" % number for number in range(1, len(offsets) + 1)]
    assert invoice["number"].encode() in data and b"90.00 USD" in data


def fail_renewal(shop: Shop, card: str) -> dict[str, Any]:
    """Renew with a card that does not pay; gives the open invoice."""
    subscription = shop.buy()
    shop.api.subscriptions.update(subscription.id, {"default_payment_method": ""})
    bad = shop.api.payment_methods.attach(card, {"customer": shop.customer})
    shop.api.customers.update(shop.customer, {"invoice_settings": {"default_payment_method": bad.id}})
    shop.twin.advance(days=32)
    assert shop.subscription(subscription.id).status == "past_due"
    return next(row for row in shop.twin.truth("invoice") if row["status"] == "open")


def test_an_open_invoice_is_paid_with_another_card(shop: Shop) -> None:
    invoice = fail_renewal(shop, "pm_card_chargeCustomerFail")
    refused = shop.twin.pay_invoice(invoice["hosted_invoice_url"], "decline later")
    assert (refused.status, refused.alert) == (402, "Your card was declined.")
    paid = shop.twin.pay_invoice(invoice["hosted_invoice_url"])
    assert "paid" in paid.text and not paid.has_button("Pay")
    assert shop.twin.truth("subscription")[0]["status"] == "active"


@pytest.mark.parametrize("card", ["3ds", "3ds always"])
def test_an_open_invoice_is_paid_with_a_card_that_asks(shop: Shop, card: str) -> None:
    url = fail_renewal(shop, "pm_card_chargeCustomerFail")["hosted_invoice_url"]
    assert "did not confirm" in shop.twin.pay_invoice(url, card, bank="Fail").alert
    shop.twin.pay_invoice(url, card, bank="Complete")
    assert shop.twin.truth("subscription")[0]["status"] == "active"


def test_the_payment_that_the_bank_asked_about_is_confirmed_on_the_invoice(shop: Shop) -> None:
    url = fail_renewal(shop, "pm_card_authenticationRequired")["hosted_invoice_url"]
    page = shop.twin.open(url)
    assert "ending in 3184" in page.text
    assert "did not confirm" in page.press("Confirm with your bank").press("Fail").alert
    shop.twin.advance(days=1.1)  # it is charged once more, and the bank asks again
    shop.twin.open(url).press("Confirm with your bank").press("Complete")
    assert shop.twin.truth("subscription")[0]["status"] == "active"
