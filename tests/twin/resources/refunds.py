"""Refunds of charges."""

from tests.twin.errors import invalid
from tests.twin.resources.changes import matching, merge_metadata, reference
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World


def create_refund(world: World, params: Row) -> Row:
    """Give back all or a part of a charge, named by itself or by its payment intent. Raises TwinError 400."""
    if params.get("payment_intent"):
        intent = reference(world, "payment_intent", params["payment_intent"], "payment_intent")
        charge = world.table("charge").get(intent["latest_charge"] or "")
    else:
        charge = reference(world, "charge", params.get("charge", ""), "charge")
    if charge is None or not charge["paid"]:
        raise invalid("This payment has no successful charge to refund.")
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = int(params.get("amount", left))
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise invalid(f"Refund amount ({amount}) is not between 1 and the unrefunded amount ({left}).", "amount")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    row: Row = {
        "id": world.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": world.now(charge["customer"]),
        "currency": charge["currency"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    merge_metadata(row, params)
    world.add(row)
    world.emit("refund.created", row)
    world.emit("charge.refunded", charge)
    return row


@route("POST", "/v1/refunds")
def create(world: World, call: Call) -> Row:
    return create_refund(world, call.params)


@route("GET", "/v1/refunds/{refund}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("refund", call.path_args["refund"], "refund")


@route("GET", "/v1/refunds")
def list_refunds(world: World, call: Call) -> Row:
    return page_of(matching(world.rows("refund"), call, "charge", "payment_intent"), call)
