"""Products."""

from tests.twin.errors import invalid
from tests.twin.resources.changes import matching, merge_metadata, needed, recording, take
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

PLAIN = (
    "active",
    "name",
    "description",
    "images",
    "marketing_features",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "tax_details",
    "unit_label",
    "url",
)


def create_product(world: World, params: Row) -> Row:
    """A new product from Stripe's parameters; `id` may be given."""
    needed(params, "name")
    id = params.get("id") or world.new_id("prod")
    if id in world.table("product"):
        raise invalid("Product already exists.", "id", code="resource_already_exists")
    now = world.now()
    row: Row = {
        "id": id,
        "object": "product",
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "tax_details": None,
        "type": params.get("type", "service"),
        "unit_label": None,
        "updated": now,
        "url": None,
    }
    take(row, params, *PLAIN)
    merge_metadata(row, params)
    world.add(row)
    world.emit("product.created", row)
    return row


@route("POST", "/v1/products")
def create(world: World, call: Call) -> Row:
    # Here for the cycle: a price names its product, and a product may be made together with its price.
    from tests.twin.resources.prices import create_price

    row = create_product(world, call.params)
    if data := call.params.get("default_price_data"):
        row["default_price"] = create_price(world, {**data, "product": row["id"]})["id"]
    return row


@route("GET", "/v1/products/{id}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("product", call.path_args["id"])


@route("POST", "/v1/products/{id}")
def update(world: World, call: Call) -> Row:
    row = world.get("product", call.path_args["id"])
    with recording(world, row, "product.updated"):
        take(row, call.params, *PLAIN, "default_price")
        merge_metadata(row, call.params)
        row["updated"] = world.now()
    return row


@route("DELETE", "/v1/products/{id}")
def delete(world: World, call: Call) -> Row:
    row = world.get("product", call.path_args["id"])
    if world.rows("price", product=row["id"]):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    del world.table("product")[row["id"]]
    world.emit("product.deleted", row)
    return {"id": row["id"], "object": "product", "deleted": True}


@route("GET", "/v1/products")
def list_products(world: World, call: Call) -> Row:
    rows = matching(world.rows("product"), call, "active", "shippable", "url")
    ids = call.params.get("ids")
    return page_of([row for row in rows if not ids or row["id"] in ids], call)
