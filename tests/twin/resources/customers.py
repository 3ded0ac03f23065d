"""Customers and their balance."""

from copy import deepcopy

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import matching, merge_metadata, needed, recording, reference, take
from tests.twin.resources.invoices.draft import move_balance
from tests.twin.resources.payment_methods import ADDRESS, attach_payment_method, cards_of, owned
from tests.twin.resources.subscriptions.ending import end_all
from tests.twin.resources.subscriptions.rows import live
from tests.twin.resources.tax_ids import add_tax_id
from tests.twin.routing import Call, includes, page_of, route
from tests.twin.world import Row, World

NOT_DONE = ("cash_balance", "source")
PLAIN = (
    "business_name",
    "description",
    "email",
    "individual_name",
    "invoice_prefix",
    "name",
    "next_invoice_sequence",
    "phone",
    "preferred_locales",
    "shipping",
)
BLANK: Row = {
    "object": "customer",
    "address": None,
    "balance": 0,
    "currency": None,
    "customer_account": None,
    "default_source": None,
    "delinquent": False,
    "description": None,
    "discount": None,
    "email": None,
    "invoice_settings": {
        "custom_fields": None,
        "default_payment_method": None,
        "footer": None,
        "rendering_options": None,
    },
    "livemode": False,
    "metadata": {},
    "name": None,
    "next_invoice_sequence": 1,
    "phone": None,
    "preferred_locales": [],
    "shipping": None,
    "tax_exempt": "none",
}


def create_customer(world: World, params: Row) -> Row:
    """A new customer from Stripe's parameters."""
    if clock := params.get("test_clock"):
        reference(world, "test_helpers.test_clock", clock, "test_clock")
    id = world.new_id("cus")
    row: Row = {
        **deepcopy(BLANK),
        "id": id,
        "created": world.now(),
        "invoice_prefix": id[-8:].upper(),
        "test_clock": params.get("test_clock") or None,
    }
    world.add(row)
    try:
        _fill(world, row, params)
    except Exception:
        del world.table("customer")[id]
        raise
    row["created"] = world.now(id)
    world.emit("customer.created", row)
    for given in params.get("tax_id_data") or []:
        add_tax_id(world, id, given["type"], given["value"])
    return row


def _fill(world: World, row: Row, params: Row) -> None:
    """The parameters onto the row; what can be refused is looked at first."""
    if name := next((name for name in NOT_DONE if params.get(name)), None):
        raise TwinError(501, "api_error", f"The twin does not do `{name}` of customers.")
    settings = _settings(world, row, params)
    take(row, params, *PLAIN)
    merge_metadata(row, params)
    if "address" in params:
        given = params["address"]
        row["address"] = None if given == "" else {**dict.fromkeys(ADDRESS), **given}
    if "tax_exempt" in params:
        row["tax_exempt"] = params["tax_exempt"] or "none"
    if "balance" in params:
        move_balance(world, row, int(params["balance"]) - int(row["balance"]), "adjustment")
    row["invoice_settings"].update(settings)


def _settings(world: World, row: Row, params: Row) -> Row:
    """`invoice_settings`, with the card that may be attached by the same request."""
    first = None
    if params.get("payment_method"):
        first = attach_payment_method(world, row["id"], params["payment_method"])
    settings = dict(params.get("invoice_settings") or {})
    id = settings.get("default_payment_method")
    if id and first is not None and id == params["payment_method"]:
        settings["default_payment_method"] = first["id"]
    elif id:
        param = "invoice_settings[default_payment_method]"
        settings["default_payment_method"] = owned(world, id, row["id"], param)
    elif "default_payment_method" in settings:
        settings["default_payment_method"] = None
    return settings


def _kept(world: World, call: Call) -> Row:
    return reference(world, "customer", world.get("customer", call.path_args["customer"])["id"], "customer")


@route("POST", "/v1/customers")
def create(world: World, call: Call) -> Row:
    return create_customer(world, call.params)


@route("GET", "/v1/customers/{customer}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("customer", call.path_args["customer"])


@route("POST", "/v1/customers/{customer}")
def update(world: World, call: Call) -> Row:
    row = _kept(world, call)
    with recording(world, row, "customer.updated"):
        _fill(world, row, call.params)
    return row


@route("DELETE", "/v1/customers/{customer}")
def delete(world: World, call: Call) -> Row:
    """Its subscriptions end with it; what is left answers `deleted`."""
    row = _kept(world, call)
    end_all(world, row["id"])
    for card in cards_of(world, row["id"]):
        card["customer"] = None
    world.emit("customer.deleted", row)
    stub = {"id": row["id"], "object": "customer", "deleted": True, "_created": row["created"]}
    world.table("customer")[row["id"]] = stub
    return stub


@route("GET", "/v1/customers")
def list_customers(world: World, call: Call) -> Row:
    rows = [row for row in world.rows("customer") if not row.get("deleted")]
    return page_of(matching(rows, call, "email", "test_clock"), call)


@route("POST", "/v1/customers/{customer}/balance_transactions")
def create_transaction(world: World, call: Call) -> Row:
    needed(call.params, "amount", "currency")
    row = _kept(world, call)
    if row["currency"] not in (None, call.params["currency"]):
        raise invalid("You cannot combine currencies on a single customer.", "currency")
    with recording(world, row, "customer.updated"):
        row["currency"] = call.params["currency"]
        move_balance(world, row, int(call.params["amount"]), "adjustment")
    made = world.rows("customer_balance_transaction", customer=row["id"])[0]
    take(made, call.params, "description")
    merge_metadata(made, call.params)
    return made


@route("GET", "/v1/customers/{customer}/balance_transactions")
def list_transactions(world: World, call: Call) -> Row:
    return page_of(world.rows("customer_balance_transaction", customer=call.path_args["customer"]), call)


@includes("customer", "subscriptions")
def subscriptions(world: World, customer: Row) -> Row:
    rows = list(live(world, customer["id"]))[::-1]
    url = f"/v1/customers/{customer['id']}/subscriptions"
    return {"object": "list", "data": rows, "has_more": False, "url": url}
