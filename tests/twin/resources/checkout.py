"""Checkout sessions: made through the API, clicked in `pages/checkout.py`, complete once or expired.

Only what Pare uses of them: a hosted page that starts a subscription of an existing customer. As at Stripe the card
becomes the default of the subscription; the customer's own default (`invoice_settings`) is left as it is.
"""

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.twin import clockwork
from tests.twin.errors import invalid
from tests.twin.resources import checkout_checks as checks
from tests.twin.routing import Call, includes, page_of, route
from tests.twin.world import Row, World

EMPTY = {
    "after_expiration",
    "branding_settings",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer_account",
    "customer_creation",
    "customer_details",
    "customer_email",
    "excluded_payment_method_types",
    "integration_identifier",
    "invoice",
    "invoice_creation",
    "managed_payments",
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "presentment_details",
    "recovered_from",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "wallet_options",
}


@route("POST", "/v1/checkout/sessions")
def create(world: World, call: Call) -> Row:
    params = call.params
    checks.check_scope(params)
    customer = checks.known_customer(world, params)
    prices = [checks.known_price(world, item, index) for index, item in enumerate(params["line_items"])]
    checks.check_prices(prices, customer)
    checks.check_customer_update(params, customer)
    now = world.now(customer["id"])
    expires_at = checks.expiry(world, customer["id"], params, now)
    promotion, coupon = checks.known_discount(world, params)
    id, secret = world.new_id("cs_test"), secrets.token_urlsafe(32)
    session = {
        **dict.fromkeys(sorted(EMPTY)),
        **_chosen(params),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        # The account's setting, where a request names none.
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", True)},
        "id": id,
        "object": "checkout.session",
        "created": now,
        "currency": prices[0]["currency"],
        "customer": customer["id"],
        "expires_at": expires_at,
        "status": "open",
        "url": f"{call.base_url}/c/pay/{id}/{secret}",
        "_secret": secret,
        "_items": [
            {"id": world.new_id("li"), "price": price["id"], "quantity": item.get("quantity", 1)}
            for price, item in zip(prices, params["line_items"], strict=True)
        ],
        "_subscription_data": params.get("subscription_data", {}),
        "_coupon": coupon,
        "_promotion_code": promotion,
    }
    price_up(world, session)
    return world.add(session)


@route("GET", "/v1/checkout/sessions/{session}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("checkout.session", call.path_args["session"], "session")


@route("GET", "/v1/checkout/sessions")
def list_all(world: World, call: Call) -> Row:
    names = ("customer", "status", "subscription", "payment_intent")
    return page_of(
        world.rows("checkout.session", **{name: call.params[name] for name in names if name in call.params}), call
    )


@route("POST", "/v1/checkout/sessions/{session}/expire")
def expire(world: World, call: Call) -> Row:
    session = world.get("checkout.session", call.path_args["session"], "session")
    if session["status"] != "open":
        raise invalid(
            f"Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status "
            f"of `{session['status']}`."
        )
    return end(world, session)


@route("GET", "/v1/checkout/sessions/{session}/line_items")
def list_line_items(world: World, call: Call) -> Row:
    return page_of(line_items(world, world.get("checkout.session", call.path_args["session"], "session")), call)


@includes("checkout.session", "line_items")
def _included_items(world: World, answer: Row) -> Row:
    data = line_items(world, world.get("checkout.session", answer["id"]))
    address = f"/v1/checkout/sessions/{answer['id']}/line_items"
    return {"object": "list", "data": data, "has_more": False, "url": address}


@clockwork.source
def expiries(world: World) -> Iterator[clockwork.Moment]:
    for session in world.rows("checkout.session", status="open"):

        def act(session: Row = session) -> None:
            end(world, session)

        yield clockwork.Moment(session["expires_at"], session["customer"], act)


def end(world: World, session: Row) -> Row:
    """Close an open session for good."""
    session.update(status="expired", url=None)
    world.emit("checkout.session.expired", session)
    return session


def complete(world: World, session: Row, subscription: Row, details: Row) -> None:
    """Close an open session after payment. `details` is its `customer_details`."""
    session.update(
        status="complete",
        payment_status="paid" if session["amount_total"] else "no_payment_required",
        subscription=subscription["id"],
        invoice=subscription["latest_invoice"],
        customer_details=details,
        url=None,
    )
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = "complete"
    world.emit("checkout.session.completed", session)


def success_url(session: Row) -> str:
    """Where a person goes after paying."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", quote(session["id"]))


def line_items(world: World, session: Row) -> list[Row]:
    """The session's lines as the API shows them, with the discount spread over them."""
    rows = []
    left, subtotal = session["total_details"]["amount_discount"], session["amount_subtotal"]
    for item in session["_items"]:
        price = world.get("price", item["price"])
        amount = price["unit_amount"] * item["quantity"]
        off = min(left, -(-session["total_details"]["amount_discount"] * amount // subtotal) if subtotal else 0)
        left -= off
        rows.append(
            {
                "id": item["id"],
                "object": "item",
                "adjustable_quantity": None,
                "amount_discount": off,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount - off,
                "currency": session["currency"],
                "description": world.get("product", price["product"])["name"],
                "metadata": {},
                "price": price,
                "quantity": item["quantity"],
            }
        )
    return rows


def price_up(world: World, session: Row) -> None:
    """Work out the amounts (cents) and the discount shown, from the lines and the coupon."""
    subtotal = sum(world.get("price", item["price"])["unit_amount"] * item["quantity"] for item in session["_items"])
    coupon = world.table("coupon").get(session["_coupon"] or "")
    off = amount_off(coupon, subtotal) if coupon else 0
    shown = {"coupon": None if session["_promotion_code"] else session["_coupon"]}
    session.update(
        amount_subtotal=subtotal,
        amount_total=subtotal - off,
        total_details={"amount_discount": off, "amount_shipping": 0, "amount_tax": 0},
        discounts=[{**shown, "promotion_code": session["_promotion_code"]}] if coupon else [],
    )


def amount_off(coupon: Row, cents: int) -> int:
    """What a coupon takes off an amount, in cents."""
    if coupon["percent_off"] is not None:
        return round(cents * float(coupon["percent_off"]) / 100)
    return min(int(coupon["amount_off"]), cents)


def _chosen(params: dict[str, Any]) -> Row:
    """What the caller chose, and what Stripe fills in for what it left out."""
    tax = params.get("automatic_tax", {}).get("enabled", False)
    collects = params.get("tax_id_collection", {})
    return {
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "automatic_tax": {
            "enabled": tax,
            "liability": {"type": "self"} if tax else None,
            "provider": "stripe" if tax else None,
            "status": "requires_location_inputs" if tax else None,
        },
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata") or {},
        "mode": "subscription",
        "payment_method_collection": "always",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "success_url": params["success_url"],
        "tax_id_collection": {"enabled": collects.get("enabled", False), "required": collects.get("required", "never")},
        "ui_mode": "hosted_page",
        "_customer_update": params.get("customer_update", {}),
    }
