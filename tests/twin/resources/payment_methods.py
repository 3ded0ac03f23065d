"""Cards of customers: made from a number or a token, attached, detached, listed."""

import hashlib
from typing import Any

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.cards import ASKS_ONCE, REFUSED, TOKENS, Card, card_of, check_expiry, declined
from tests.twin.resources.changes import matching, merge_metadata, needed, recording, reference
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
EXPIRY = (12, 2034)
NO_BILLING: Row = {"address": dict.fromkeys(ADDRESS), "email": None, "name": None, "phone": None, "tax_id": None}


def make_method(world: World, number_or_token: str, params: Row | None = None) -> Row:
    """A new card that no customer holds. Raises TwinError 402 for a number that is no test card."""
    params = params or {}
    card = card_of(number_or_token)
    given = params.get("card") or {}
    month, year = int(given.get("exp_month", EXPIRY[0])), int(given.get("exp_year", EXPIRY[1]))
    check_expiry(month, year)
    row: Row = {
        "id": world.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": params.get("allow_redisplay", "unspecified"),
        "billing_details": _billing(NO_BILLING, params.get("billing_details")),
        "card": _card(card, month, year),
        "created": world.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_number": card.number,
        "_set_up": False,
    }
    merge_metadata(row, params)
    return world.add(row)


def _card(card: Card, month: int, year: int) -> Row:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": "debit" if card.number == "4000056655665556" else "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _billing(before: Row, given: Row | None) -> Row:
    merged = {**before, **(given or {})}
    merged["address"] = {**before["address"], **((given or {}).get("address") or {})}
    return {key: None if value == "" else value for key, value in merged.items()}


def method_named(world: World, id: str, param: str = "payment_method") -> Row:
    """The payment method with this id; a test token such as `pm_card_visa` makes a new one. Raises TwinError 400."""
    if id in TOKENS:
        return make_method(world, id)
    return reference(world, "payment_method", id, param)


def attach_payment_method(world: World, customer: str, number_or_token: str) -> Row:
    """Give the customer the card with this id, token or number. Raises TwinError 402 if the card declines at once."""
    reference(world, "customer", customer, "customer")
    fresh = number_or_token in TOKENS or number_or_token.replace(" ", "").isdigit()
    card = card_of(number_or_token if fresh else method_named(world, number_or_token)["_number"])
    if card.behaviour == REFUSED:
        raise declined(card.reason)
    row = make_method(world, number_or_token) if fresh else method_named(world, number_or_token)
    if row["customer"] not in (None, customer):
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    if row.get("_detached"):
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )
    if row["customer"] is None:
        row["customer"] = customer
        world.emit("payment_method.attached", row)
    return row


def authenticate(world: World, method: str) -> None:
    """The cardholder has passed 3D Secure: a card that asks only until it was set up does not ask again."""
    row = world.get("payment_method", method)
    row["_set_up"] = card_of(row["_number"]).behaviour == ASKS_ONCE


def default_method(world: World, customer: str, *first: str | None) -> Row | None:
    """The card that pays: the first of these ids, else the customer's default."""
    settings = world.get("customer", customer).get("invoice_settings") or {}
    for id in (*first, settings.get("default_payment_method")):
        if id and (row := world.table("payment_method").get(id)) and row["customer"] == customer:
            return row
    return None


def owned(world: World, id: Any, customer: str, param: str = "default_payment_method") -> str:
    """The id, if that card belongs to the customer. Raises TwinError 400."""
    row = reference(world, "payment_method", id, param)
    if row["customer"] != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {id}. The payment method must be attached to "
            "the customer.",
            param,
            code="resource_missing",
        )
    return str(row["id"])


@route("POST", "/v1/payment_methods")
def create(world: World, call: Call) -> Row:
    params = call.params
    needed(params, "type")
    if params["type"] != "card":
        raise TwinError(501, "api_error", f"The twin knows only cards, not {params['type']}.")
    card = params.get("card") or {}
    needed(card, "token" if "token" in card else "number")
    return make_method(world, card.get("token") or card["number"], params)


@route("GET", "/v1/payment_methods/{payment_method}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("payment_method", call.path_args["payment_method"])


@route("POST", "/v1/payment_methods/{payment_method}")
def update(world: World, call: Call) -> Row:
    row = world.get("payment_method", call.path_args["payment_method"])
    if row["customer"] is None:
        raise invalid(
            "You must save this PaymentMethod to a customer before you can update it.",
            code="payment_method_unexpected_state",
        )
    with recording(world, row, "payment_method.updated"):
        if "billing_details" in call.params:
            row["billing_details"] = _billing(row["billing_details"], call.params["billing_details"])
        for name in ("exp_month", "exp_year"):
            if name in (call.params.get("card") or {}):
                row["card"][name] = int(call.params["card"][name])
        row["allow_redisplay"] = call.params.get("allow_redisplay", row["allow_redisplay"])
        merge_metadata(row, call.params)
    return row


@route("POST", "/v1/payment_methods/{payment_method}/attach")
def attach(world: World, call: Call) -> Row:
    needed(call.params, "customer")
    id = call.path_args["payment_method"]
    if id not in TOKENS:
        world.get("payment_method", id)
    return attach_payment_method(world, call.params["customer"], id)


@route("POST", "/v1/payment_methods/{payment_method}/detach")
def detach(world: World, call: Call) -> Row:
    row = world.get("payment_method", call.path_args["payment_method"])
    holder = row["customer"]
    if holder is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    customer = world.get("customer", holder)
    if not customer.get("deleted"):
        settings = customer["invoice_settings"]
        with recording(world, customer, "customer.updated"):
            if settings["default_payment_method"] == row["id"]:
                settings["default_payment_method"] = None
    with recording(world, row, "payment_method.detached"):
        row["customer"], row["_detached"] = None, True
    return row


def cards_of(world: World, customer: str) -> list[Row]:
    """The customer's cards, newest first."""
    return world.rows("payment_method", customer=customer)


@route("GET", "/v1/payment_methods")
def list_methods(world: World, call: Call) -> Row:
    if "customer" in call.params:
        reference(world, "customer", call.params["customer"], "customer")
    return page_of(matching(world.rows("payment_method"), call, "customer", "type"), call)


@route("GET", "/v1/customers/{customer}/payment_methods")
def list_of_customer(world: World, call: Call) -> Row:
    customer = world.get("customer", call.path_args["customer"])
    return page_of(matching(cards_of(world, customer["id"]), call, "type"), call)


@route("GET", "/v1/customers/{customer}/payment_methods/{payment_method}")
def retrieve_of_customer(world: World, call: Call) -> Row:
    row = world.get("payment_method", call.path_args["payment_method"])
    if row["customer"] != call.path_args["customer"]:
        raise TwinError(
            404, "invalid_request_error", f"No such PaymentMethod: '{row['id']}'", "resource_missing", "payment_method"
        )
    return row
