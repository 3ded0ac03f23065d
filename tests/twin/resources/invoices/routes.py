"""The API of invoices and of invoice items."""

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import matching, merge_metadata, needed, recording, reference, take, within
from tests.twin.resources.invoices.draft import Bill, draft, finalize
from tests.twin.resources.invoices.lines import line_of_item, waiting_items
from tests.twin.resources.invoices.manual import invoice_of_items
from tests.twin.resources.subscriptions.collecting import collect, pay_invoice, void_invoice, write_off
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

ONE = "/v1/invoices/{invoice}"


def _named(world: World, call: Call) -> Row:
    return world.get("invoice", call.path_args["invoice"], "invoice")


@route("GET", ONE)
def retrieve(world: World, call: Call) -> Row:
    return _named(world, call)


@route("GET", "/v1/invoices")
def list_invoices(world: World, call: Call) -> Row:
    params = call.params
    of = {"_subscription": params["subscription"]} if "subscription" in params else {}
    rows = matching(world.rows("invoice", **of), call, "customer", "status", "collection_method")
    rows = [row for row in rows if within(row["due_date"], params.get("due_date"))]
    return page_of(rows, call)


@route("GET", f"{ONE}/lines")
def list_lines(world: World, call: Call) -> Row:
    return page_of(_named(world, call)["lines"]["data"], call)


@route("POST", "/v1/invoices")
def create(world: World, call: Call) -> Row:
    """For what waits on a subscription, or for items of no subscription."""
    params = call.params
    needed(params, "customer")
    customer = reference(world, "customer", params["customer"], "customer")
    if not params.get("subscription"):
        return invoice_of_items(world, customer, params)
    subscription = reference(world, "subscription", params["subscription"], "subscription")
    items = waiting_items(world, subscription["id"])
    if not items:
        raise invalid("Nothing to invoice for subscription", code="invoice_no_subscription_line_items")
    now = world.now(customer["id"])
    lines = [line_of_item(world, item) for item in items]
    bill = Bill(customer, lines, "manual", (now, now), subscription["currency"], subscription, items)
    with recording(world, subscription, "customer.subscription.updated"):
        invoice = draft(world, bill)
    invoice["auto_advance"] = bool(params.get("auto_advance", False))
    merge_metadata(invoice, params)
    return invoice


@route("POST", ONE)
def update(world: World, call: Call) -> Row:
    invoice = _named(world, call)
    unknown = set(call.params) - {"auto_advance", "metadata", "description", "default_payment_method"}
    if unknown:
        raise TwinError(501, "api_error", f"The twin does not change {sorted(unknown)} of invoices.")
    if "description" in call.params and invoice["status"] != "draft":
        raise invalid("Finalized invoices can't be updated in this way", "description", code="invoice_not_editable")
    with recording(world, invoice, "invoice.updated"):
        take(invoice, call.params, "auto_advance", "description", "default_payment_method")
        merge_metadata(invoice, call.params)
    return invoice


@route("POST", f"{ONE}/finalize")
def finalize_invoice(world: World, call: Call) -> Row:
    invoice = finalize(world, _named(world, call))
    if "auto_advance" in call.params:
        invoice["auto_advance"] = call.params["auto_advance"]
    if not invoice["amount_due"]:
        collect(world, invoice)
    return invoice


@route("POST", f"{ONE}/pay")
def pay(world: World, call: Call) -> Row:
    return pay_invoice(world, _named(world, call)["id"], call.params)


@route("POST", f"{ONE}/void")
def void(world: World, call: Call) -> Row:
    return void_invoice(world, _named(world, call)["id"])


@route("POST", f"{ONE}/mark_uncollectible")
def mark_uncollectible(world: World, call: Call) -> Row:
    return write_off(world, _named(world, call)["id"])


@route("GET", "/v1/invoiceitems")
def list_items(world: World, call: Call) -> Row:
    rows = world.rows("invoiceitem")
    for name in ("customer", "invoice"):
        if name in call.params:
            rows = [row for row in rows if row[name] == call.params[name]]
    if "pending" in call.params:
        rows = [row for row in rows if (row["invoice"] is None) == call.params["pending"]]
    return page_of(rows, call)


@route("GET", "/v1/invoiceitems/{invoiceitem}")
def retrieve_item(world: World, call: Call) -> Row:
    return world.get("invoiceitem", call.path_args["invoiceitem"])
