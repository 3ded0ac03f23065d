"""Invoices that no subscription makes: items of a plain amount, and the invoice that takes what waits.

Pare makes none. Stripe's own CLI does, for its samples of `invoice.paid` and `invoice.payment_failed`.
"""

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import merge_metadata, needed, reference
from tests.twin.resources.invoices.draft import Bill, draft
from tests.twin.resources.subscriptions.checks import check_currency
from tests.twin.routing import Call, route
from tests.twin.world import Row, World

TAKEN = {"customer", "amount", "currency", "description", "metadata"}


@route("POST", "/v1/invoiceitems")
def create_item(world: World, call: Call) -> Row:
    params = call.params
    needed(params, "customer", "amount", "currency")
    if set(params) - TAKEN:
        raise TwinError(501, "api_error", f"The twin makes invoice items without {sorted(set(params) - TAKEN)}.")
    customer = reference(world, "customer", params["customer"], "customer")
    check_currency(customer, params["currency"])
    row = world.add(_item(world, customer, params))
    merge_metadata(row, params)
    world.emit("invoiceitem.created", row)
    return row


@route("DELETE", "/v1/invoiceitems/{invoiceitem}")
def delete_item(world: World, call: Call) -> Row:
    row = world.get("invoiceitem", call.path_args["invoiceitem"])
    if row["invoice"] is not None:
        raise invalid("You cannot delete an invoice item that is attached to an invoice.")
    del world.table("invoiceitem")[row["id"]]
    world.emit("invoiceitem.deleted", row)
    return {"id": row["id"], "object": "invoiceitem", "deleted": True}


def invoice_of_items(world: World, customer: Row, params: Row) -> Row:
    """A draft of the customer's waiting items, or an empty one. Raises TwinError 501 for what Pare never asks."""
    known = {"customer", "description", "metadata", "auto_advance", "pending_invoice_items_behavior"}
    if set(params) - known:
        raise TwinError(501, "api_error", f"The twin makes invoices without {sorted(set(params) - known)}.")
    wanted = params.get("pending_invoice_items_behavior") == "include"
    items = world.rows("invoiceitem", customer=customer["id"], invoice=None, _subscription=None) if wanted else []
    currency = items[0]["currency"] if items else customer["currency"] or "usd"
    now = world.now(customer["id"])
    lines = [_line(world, item) for item in items]
    invoice = draft(world, Bill(customer, lines, "manual", (now, now), currency, items=items))
    invoice.update(auto_advance=params.get("auto_advance", False), description=params.get("description") or None)
    merge_metadata(invoice, params)
    return invoice


def _item(world: World, customer: Row, params: Row) -> Row:
    now, amount = world.now(customer["id"]), params["amount"]
    return {
        "id": world.new_id("ii"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": params["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "date": now,
        "description": params.get("description") or None,
        "discountable": amount >= 0,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "net_amount": amount,
        "parent": None,
        "period": {"start": now, "end": now},
        "pricing": None,
        "proration": False,
        "proration_details": {"credited_items": None, "discount_amounts": []},
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": customer.get("test_clock"),
        "_subscription": None,
    }


def _line(world: World, item: Row) -> Row:
    details = {"invoice_item": item["id"], "proration": False, "subscription": None}
    return {
        "id": world.new_id("il"),
        "object": "line_item",
        **{name: item[name] for name in ("amount", "currency", "description", "discountable", "period", "pricing")},
        "discount_amounts": [],
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": {**details, "proration_details": {"credited_items": None}},
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "pretax_credit_amounts": [],
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": None,
        "subtotal": item["amount"],
        "taxes": [],
    }
