"""The API of subscriptions and of their items."""

from tests.twin.errors import TwinError, invalid, missing
from tests.twin.resources.changes import matching, needed, recording, within
from tests.twin.resources.proration import credit
from tests.twin.resources.subscriptions import ending
from tests.twin.resources.subscriptions.billing import final_invoice, keep_for_later
from tests.twin.resources.subscriptions.changing import update_subscription
from tests.twin.resources.subscriptions.checks import check_open
from tests.twin.resources.subscriptions.collecting import collect
from tests.twin.resources.subscriptions.creating import create_subscription
from tests.twin.resources.subscriptions.rows import ENDED, items_of, name_of, period_end
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

ONE = "/v1/subscriptions/{subscription_exposed_id}"


def _named(world: World, call: Call) -> Row:
    return world.get("subscription", call.path_args["subscription_exposed_id"], "id")


@route("POST", "/v1/subscriptions")
def create(world: World, call: Call) -> Row:
    params = dict(call.params)
    return create_subscription(world, params.pop("customer", ""), params.pop("items", []), **params)


@route("GET", ONE)
def retrieve(world: World, call: Call) -> Row:
    return _named(world, call)


@route("POST", ONE)
def update(world: World, call: Call) -> Row:
    return update_subscription(world, _named(world, call)["id"], **call.params)


@route("DELETE", ONE)
def cancel(world: World, call: Call) -> Row:
    subscription = _named(world, call)
    if subscription["status"] in ENDED:
        raise missing("subscription", subscription["id"])
    return cancel_subscription(world, subscription["id"], **call.params)


def cancel_subscription(
    world: World,
    id: str,
    *,
    invoice_now: bool = False,
    prorate: bool = False,
    cancellation_details: Row | None = None,
) -> Row:
    """End it at once; `prorate` gives back unused time, `invoice_now` bills what waits (or credits the balance)."""
    subscription = world.get("subscription", id)
    now = world.now(subscription["customer"])
    parts = []
    if prorate and subscription["status"] not in ("incomplete", "trialing"):
        parts = [credit(item, now, name_of(world, item["price"])) for item in items_of(subscription)]
    invoice = None
    if invoice_now and subscription["status"] != "incomplete":
        invoice = final_invoice(world, subscription, parts, now)
    elif parts:
        keep_for_later(world, subscription, parts)
    else:
        ending.drop_waiting(world, subscription)
    ending.cancel(world, subscription, details=cancellation_details)
    if invoice is not None and invoice["status"] == "open":
        collect(world, invoice)
    return subscription


@route("POST", "/v1/subscriptions/{subscription}/resume")
def resume(world: World, call: Call) -> Row:
    subscription = world.get("subscription", call.path_args["subscription"])
    if subscription["status"] != "paused":
        raise invalid("Only a paused subscription can be resumed.")
    anchor = (call.params.get("billing_cycle_anchor") or {}).get("type", "now")
    if anchor != "now" or call.params.get("payment_behavior") == "resume_on_payment_success":
        raise TwinError(501, "api_error", "The twin resumes with a new cycle that is billed at once, nothing else.")
    with recording(world, subscription, "customer.subscription.updated"):
        subscription.update(status="active", status_details=None)
        update_subscription(world, subscription["id"], billing_cycle_anchor={"type": "now"}, proration_behavior="none")
    world.emit("customer.subscription.resumed", subscription)
    return subscription


@route("GET", "/v1/subscriptions")
def list_subscriptions(world: World, call: Call) -> Row:
    params = call.params
    rows = matching(world.rows("subscription"), call, "customer", "collection_method", "test_clock")
    status = params.get("status")
    if status == "ended":
        rows = [row for row in rows if row["status"] in ENDED]
    elif status is None:
        rows = [row for row in rows if row["status"] != "canceled"]
    elif status != "all":
        rows = [row for row in rows if row["status"] == status]
    if "price" in params:
        rows = [row for row in rows if any(item["price"]["id"] == params["price"] for item in items_of(row))]
    rows = [row for row in rows if within(period_end(row), params.get("current_period_end"))]
    return page_of(rows, call)


def _holder(world: World, item: str) -> tuple[Row, Row]:
    """The subscription with this item, and the item."""
    for subscription in world.table("subscription").values():
        for row in items_of(subscription):
            if row["id"] == item:
                return subscription, row
    raise missing("subscription item", item, "item")


@route("POST", "/v1/subscription_items")
def create_item(world: World, call: Call) -> Row:
    needed(call.params, "subscription")
    params = dict(call.params)
    subscription = world.get("subscription", params.pop("subscription"), "subscription")
    known = {item["id"] for item in items_of(subscription)}
    _update_items(world, subscription, {}, params)
    return next((item for item in items_of(subscription) if item["id"] not in known), items_of(subscription)[-1])


@route("GET", "/v1/subscription_items/{item}")
def retrieve_item(world: World, call: Call) -> Row:
    return _holder(world, call.path_args["item"])[1]


@route("POST", "/v1/subscription_items/{item}")
def update_item(world: World, call: Call) -> Row:
    subscription, item = _holder(world, call.path_args["item"])
    _update_items(world, subscription, {"id": item["id"]}, dict(call.params))
    return _holder(world, item["id"])[1]


@route("DELETE", "/v1/subscription_items/{item}")
def delete_item(world: World, call: Call) -> Row:
    subscription, item = _holder(world, call.path_args["item"])
    _update_items(world, subscription, {"id": item["id"], "deleted": True}, dict(call.params))
    return {"id": item["id"], "object": "subscription_item", "deleted": True}


@route("GET", "/v1/subscription_items")
def list_items(world: World, call: Call) -> Row:
    subscription = world.get("subscription", call.params["subscription"], "subscription")
    return page_of(items_of(subscription), call)


def _update_items(world: World, subscription: Row, item: Row, params: Row) -> None:
    """Parameters of an item's own routes, as an update of its subscription."""
    rest = {}
    for name in ("payment_behavior", "proration_behavior", "proration_date", "off_session"):
        if name in params:
            rest[name] = params.pop(name)
    check_open(subscription, {"items": []})
    update_subscription(world, subscription["id"], items=[{**item, **params}], **rest)
