"""Customers, cards, products, prices and tax ids at the twin."""

from typing import Any

import stripe

from tests.twin.tests.desk import Desk, line


def test_prices_are_found_by_lookup_key_and_the_key_can_move(desk: Desk) -> None:
    old = desk.new_price(2900, lookup_key="team_month")
    found: Any = {"lookup_keys": ["team_month", "nobody"], "active": True}
    assert [row.id for row in desk.api.prices.list(found).data] == [old]
    assert "already uses that lookup key" in str(desk.refused(desk.new_price, 3100, lookup_key="team_month"))
    new = desk.new_price(3100, lookup_key="team_month", transfer_lookup_key=True)
    assert [row.id for row in desk.api.prices.list(found).data] == [new]
    assert desk.api.prices.retrieve(old).lookup_key is None
    desk.api.prices.update(new, {"active": False})
    assert desk.api.prices.list(found).data == []


def test_items_show_their_price_as_it_is_now(desk: Desk) -> None:
    made = desk.subscribe(1)
    desk.api.prices.update(desk.seat, {"active": False, "metadata": {"old": "yes"}})
    shown = line(desk.get(made.id)).price
    assert (shown.active, shown.metadata.to_dict()) == (False, {"old": "yes"})
    assert line(desk.change(made, quantity=2)).quantity == 2, "who has an old price keeps it"


def test_products_with_a_chosen_id(desk: Desk) -> None:
    made = desk.api.products.create({"id": "prod_team", "name": "Team", "metadata": {"plan": "team"}})
    assert (made.id, made.active, made.metadata.to_dict()) == ("prod_team", True, {"plan": "team"})
    error = desk.refused(desk.api.products.create, {"id": "prod_team", "name": "Again"})
    assert (error.http_status, error.code) == (400, "resource_already_exists")
    assert desk.api.products.update("prod_team", {"name": "Teams"}).name == "Teams"
    assert [row.id for row in desk.api.products.list({"ids": ["prod_team"]}).data] == ["prod_team"]
    assert desk.api.products.delete("prod_team").deleted
    assert "user-created prices" in str(desk.refused(desk.api.products.delete, desk.product))


def test_metadata_is_merged_and_emptied(desk: Desk) -> None:
    update = desk.api.customers.update
    update(desk.customer, {"metadata": {"team": "7", "old": "x"}})
    kept = update(desk.customer, {"metadata": {"old": "", "new": "y"}})
    assert kept.metadata and kept.metadata.to_dict() == {"team": "7", "new": "y"}
    emptied = update(desk.customer, {"metadata": ""})
    assert emptied.metadata is not None and emptied.metadata.to_dict() == {}


def test_a_change_of_the_customer_tells_the_former_values(desk: Desk) -> None:
    desk.api.customers.update(desk.customer, {"name": "Acme Ltd", "address": {"city": "Bath", "country": "GB"}})
    told = [event for event in desk.events() if event.type == "customer.updated"][-1].data.to_dict()
    assert told["previous_attributes"] == {"name": "Acme", "address": None}
    assert told["object"]["address"]["city"] == "Bath"
    before = len(desk.events())
    desk.api.customers.update(desk.customer, {"name": "Acme Ltd"})
    assert len(desk.events()) == before, "nothing changed, nothing is told"


def test_the_default_card_is_shown_and_goes_when_it_is_detached(desk: Desk) -> None:
    second = desk.use_card("pm_card_mastercard")
    shown = desk.api.customers.retrieve(desk.customer, {"expand": ["invoice_settings.default_payment_method"]})
    assert shown.invoice_settings and isinstance(shown.invoice_settings.default_payment_method, stripe.PaymentMethod)
    card = shown.invoice_settings.default_payment_method.card
    assert card and (card.brand, card.last4) == ("mastercard", "4444")
    assert len(desk.api.customers.payment_methods.list(desk.customer, {"type": "card"}).data) == 2
    desk.api.payment_methods.detach(second)
    left = desk.api.customers.retrieve(desk.customer)
    assert left.invoice_settings and left.invoice_settings.default_payment_method is None
    assert "may not be used again" in str(
        desk.refused(desk.api.payment_methods.attach, second, {"customer": desk.customer})
    )


def test_a_card_that_asks_is_set_up_once(desk: Desk) -> None:
    intents = desk.api.setup_intents
    made = intents.create({"customer": desk.customer, "payment_method": "pm_card_visa", "confirm": True})
    assert made.status == "succeeded" and len(desk.api.customers.payment_methods.list(desk.customer).data) == 2
    token = "pm_card_authenticationRequiredOnSetup"
    asked = intents.create({"customer": desk.customer, "payment_method": token, "confirm": True})
    assert asked.status == "requires_action" and asked.next_action
    assert intents.cancel(asked.id).status == "canceled"
    assert desk.refused(intents.cancel, asked.id).code == "setup_intent_unexpected_state"


def test_tax_ids_come_and_go(desk: Desk) -> None:
    ids = desk.api.customers.tax_ids
    made = ids.create(desk.customer, {"type": "eu_vat", "value": "DE123456789"})
    assert (made.country, made.customer) == ("DE", desk.customer)
    invoice = desk.subscribe(1, expand=["latest_invoice"]).latest_invoice
    assert isinstance(invoice, stripe.Invoice) and invoice.customer_tax_ids
    assert invoice.customer_tax_ids[0].value == "DE123456789"
    assert [row.id for row in ids.list(desk.customer).data] == [made.id]
    assert ids.delete(desk.customer, made.id).deleted
    assert ids.list(desk.customer).data == []


def test_items_have_an_address_of_their_own(desk: Desk) -> None:
    made = desk.subscribe(2)
    items = desk.api.subscription_items
    changed = items.update(line(made).id, {"quantity": 4, "proration_behavior": "none"})
    assert (changed.quantity, items.retrieve(line(made).id).quantity) == (4, 4)
    more = items.create({"subscription": made.id, "price": desk.dear, "quantity": 1})
    assert [row.id for row in items.list({"subscription": made.id}).data] == [line(made).id, more.id]
    assert items.delete(more.id).deleted
    assert line(desk.get(made.id)).id == line(made).id
