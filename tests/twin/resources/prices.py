"""Prices: one-time and recurring amounts for each unit."""

from decimal import Decimal

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import matching, merge_metadata, needed, recording, reference, take
from tests.twin.resources.products import create_product
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World, public

NOT_DONE = ("tiers", "tiers_mode", "custom_unit_amount", "currency_options", "transform_quantity")
MOST_LOOKUP_KEYS = 10


def create_price(world: World, params: Row) -> Row:
    """A new price from Stripe's parameters. Raises TwinError 400 for what Stripe refuses."""
    _check(params)
    row: Row = {
        "id": world.new_id("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": "per_unit",
        "created": world.now(),
        "currency": params["currency"].lower(),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": params.get("nickname"),
        "product": _product(world, params),
        "recurring": _recurring(params.get("recurring")),
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if params.get("recurring") else "one_time",
        **_amount(params),
    }
    _take_lookup_key(world, row, params)
    merge_metadata(row, params)
    world.add(row)
    world.emit("price.created", row)
    return row


def _check(params: Row) -> None:
    needed(params, "currency")
    if unknown := next((name for name in NOT_DONE if name in params), None):
        raise TwinError(501, "api_error", f"The twin does not do prices with {unknown}.")
    if "unit_amount" not in params and "unit_amount_decimal" not in params:
        raise invalid("Missing required param: unit_amount.", "unit_amount", code="parameter_missing")
    if int(params.get("unit_amount", 0)) < 0:
        raise invalid("Invalid non-negative integer", "unit_amount", code="parameter_invalid_integer")
    if bool(params.get("product")) == bool(params.get("product_data")):
        raise invalid("You must specify either `product` or `product_data`.", "product", code="parameter_missing")


def _product(world: World, params: Row) -> str:
    if params.get("product"):
        return str(reference(world, "product", params["product"], "product")["id"])
    return str(create_product(world, params["product_data"])["id"])


def _amount(params: Row) -> Row:
    exact = Decimal(str(params.get("unit_amount_decimal", params.get("unit_amount"))))
    whole = int(exact) if exact == int(exact) else None
    if whole is None:
        raise TwinError(501, "api_error", "The twin does not do fractions of a cent.")
    return {"unit_amount": whole, "unit_amount_decimal": str(whole)}


def _recurring(given: Row | None) -> Row | None:
    if not given:
        return None
    if given.get("usage_type", "licensed") != "licensed":
        raise TwinError(501, "api_error", "The twin does not do metered prices.")
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": "licensed",
    }


def _take_lookup_key(world: World, row: Row, params: Row) -> None:
    if "lookup_key" not in params:
        return
    key = params["lookup_key"] or None
    holder = next((price for price in world.rows("price", lookup_key=key) if price is not row), None) if key else None
    if holder is not None:
        if not params.get("transfer_lookup_key"):
            raise invalid(f"A price (`{holder['id']}`) already uses that lookup key.", "lookup_key")
        with recording(world, holder, "price.updated"):
            holder["lookup_key"] = None
        _refresh_items(world, holder)
    row["lookup_key"] = key


def _refresh_items(world: World, price: Row) -> None:
    """Subscription items show their price inline: keep what they show the price's present state."""
    for subscription in world.table("subscription").values():
        for item in subscription["items"]["data"]:
            if item["price"]["id"] == price["id"]:
                item["price"], item["plan"] = public(price), plan_of(price)


def plan_of(price: Row) -> Row:
    """The recurring price in the older shape that items still show beside it."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": dict(price["metadata"]),
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


@route("POST", "/v1/prices")
def create(world: World, call: Call) -> Row:
    return create_price(world, call.params)


@route("GET", "/v1/prices/{price}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("price", call.path_args["price"])


@route("POST", "/v1/prices/{price}")
def update(world: World, call: Call) -> Row:
    row = world.get("price", call.path_args["price"])
    _take_lookup_key(world, row, call.params)
    with recording(world, row, "price.updated"):
        take(row, call.params, "active", "nickname", "tax_behavior")
        merge_metadata(row, call.params)
    _refresh_items(world, row)
    return row


@route("GET", "/v1/prices")
def list_prices(world: World, call: Call) -> Row:
    params = call.params
    rows = matching(world.rows("price"), call, "active", "currency", "product", "type")
    if keys := params.get("lookup_keys"):
        if len(keys) > MOST_LOOKUP_KEYS:
            raise invalid(f"You may only pass up to {MOST_LOOKUP_KEYS} lookup keys.", "lookup_keys")
        rows = [row for row in rows if row["lookup_key"] in keys]
    for name, value in (params.get("recurring") or {}).items():
        rows = [row for row in rows if row["recurring"] and row["recurring"].get(name) == value]
    return page_of(rows, call)
