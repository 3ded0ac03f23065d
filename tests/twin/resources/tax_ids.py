"""Tax ids of customers (VAT numbers and the like)."""

from tests.twin.errors import missing
from tests.twin.resources.changes import needed, reference
from tests.twin.routing import Call, includes, page_of, route
from tests.twin.world import Row, World


def add_tax_id(world: World, customer: str, type: str, value: str) -> Row:
    """A new tax id of the customer; the twin leaves its check pending, as Stripe does at first."""
    row: Row = {
        "id": world.new_id("txi"),
        "object": "tax_id",
        "country": type[:2].upper() if type != "eu_vat" else value[:2].upper(),
        "created": world.now(customer),
        "customer": customer,
        "customer_account": None,
        "livemode": False,
        "owner": {
            "account": None,
            "application": None,
            "customer": customer,
            "customer_account": None,
            "type": "customer",
        },
        "type": type,
        "value": value,
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }
    world.add(row)
    world.emit("customer.tax_id.created", row)
    return row


def _of_customer(world: World, call: Call) -> Row:
    row = world.get("tax_id", call.path_args["id"])
    if row["customer"] != call.path_args["customer"]:
        raise missing("tax id", row["id"])
    return row


@route("POST", "/v1/customers/{customer}/tax_ids")
def create(world: World, call: Call) -> Row:
    needed(call.params, "type", "value")
    customer = reference(world, "customer", call.path_args["customer"], "customer")
    return add_tax_id(world, customer["id"], call.params["type"], call.params["value"])


@route("GET", "/v1/customers/{customer}/tax_ids")
def list_tax_ids(world: World, call: Call) -> Row:
    customer = world.get("customer", call.path_args["customer"])
    return page_of(world.rows("tax_id", customer=customer["id"]), call)


@route("GET", "/v1/customers/{customer}/tax_ids/{id}")
def retrieve(world: World, call: Call) -> Row:
    return _of_customer(world, call)


@route("DELETE", "/v1/customers/{customer}/tax_ids/{id}")
def delete(world: World, call: Call) -> Row:
    row = _of_customer(world, call)
    del world.table("tax_id")[row["id"]]
    world.emit("customer.tax_id.deleted", row)
    return {"id": row["id"], "object": "tax_id", "deleted": True}


@includes("customer", "tax_ids")
def of_customer(world: World, customer: Row) -> Row:
    rows = world.rows("tax_id", customer=customer["id"])
    return {"object": "list", "data": rows, "has_more": False, "url": f"/v1/customers/{customer['id']}/tax_ids"}
