"""What moves the money of an invoice: its payment intent, the charges, the invoice payment that ties them."""

from copy import deepcopy

from tests.twin.resources.cards import MESSAGES, card_of
from tests.twin.resources.changes import recording
from tests.twin.routing import Call, includes, page_of, route
from tests.twin.world import Row, World

BLANK: Row = {
    "object": "payment_intent",
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": None,
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic",
    "confirmation_method": "automatic",
    "customer_account": None,
    "last_payment_error": None,
    "latest_charge": None,
    "livemode": False,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {},
    "payment_method_types": ["card"],
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": "off_session",
    "shipping": None,
    "source": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "requires_payment_method",
    "transfer_data": None,
    "transfer_group": None,
}


def expect_payment(world: World, invoice: Row) -> None:
    """The payment intent and invoice payment of a newly opened invoice."""
    now, id = world.now(invoice["customer"]), world.new_id("pi")
    world.add(_intent(id, world, invoice, now))
    world.add(
        {
            "id": world.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "created": now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": id, "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def payment_of(world: World, invoice: Row) -> Row | None:
    """The invoice payment of an invoice that had something to pay."""
    return next(iter(world.rows("invoice_payment", invoice=invoice["id"])), None)


def intent_of(world: World, invoice: Row) -> Row | None:
    payment = payment_of(world, invoice)
    return world.get("payment_intent", payment["payment"]["payment_intent"]) if payment else None


def succeed(world: World, invoice: Row, method: Row | None) -> None:
    """Money came in for all that is due; without a card it was paid elsewhere."""
    payment, intent = payment_of(world, invoice), intent_of(world, invoice)
    if payment is None or intent is None:
        return
    payment.update(status="paid", amount_paid=invoice["amount_due"])
    payment["status_transitions"]["paid_at"] = world.now(invoice["customer"])
    if method is None:
        cancel_intent(world, intent)
        return
    charge = _charge(world, invoice, intent, method, None)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
        payment_method=method["id"],
    )
    world.emit("charge.succeeded", charge)
    world.emit("payment_intent.succeeded", intent)


def decline(world: World, invoice: Row, method: Row, reason: str) -> None:
    """The card's bank said no."""
    intent = intent_of(world, invoice)
    if intent is None:
        return
    charge = _charge(world, invoice, intent, method, reason)
    error = {"code": "card_declined", "decline_code": reason, "message": MESSAGES[reason], "type": "card_error"}
    intent.update(
        status="requires_payment_method", latest_charge=charge["id"], last_payment_error=error, payment_method=None
    )
    intent["next_action"] = None
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)


def ask(world: World, invoice: Row, method: Row) -> None:
    """The card wants its holder to pass 3D Secure; the invoice's page is where."""
    intent = intent_of(world, invoice)
    if intent is None:
        return
    action = {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": None, "url": invoice["hosted_invoice_url"]},
    }
    intent.update(status="requires_action", next_action=action, payment_method=method["id"])
    world.emit("payment_intent.requires_action", intent)


def cancel_payment(world: World, invoice: Row) -> None:
    """Nothing is expected any more."""
    payment, intent = payment_of(world, invoice), intent_of(world, invoice)
    if payment is None or intent is None:
        return
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = world.now(invoice["customer"])
    cancel_intent(world, intent)


def cancel_intent(world: World, intent: Row) -> None:
    with recording(world, intent, "payment_intent.canceled"):
        intent.update(status="canceled", canceled_at=world.now(intent["customer"]), cancellation_reason="void_invoice")


def _intent(id: str, world: World, invoice: Row, now: int) -> Row:
    update = invoice["billing_reason"] == "subscription_update"
    return {
        **deepcopy(BLANK),
        "id": id,
        "amount": invoice["amount_due"],
        "client_secret": f"{id}_secret_{world.new_id('s')[2:]}",
        "created": now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": "Subscription update" if update else "Subscription",
    }


def _charge(world: World, invoice: Row, intent: Row, method: Row, reason: str | None) -> Row:
    paid = reason is None
    return world.add(
        {
            "id": world.new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if paid else 0,
            "amount_refunded": 0,
            "balance_transaction": None,
            "billing_details": dict(method["billing_details"]),
            "captured": paid,
            "created": world.now(invoice["customer"]),
            "currency": intent["currency"],
            "customer": invoice["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_code": None if paid else "card_declined",
            "failure_message": None if reason is None else MESSAGES[reason],
            "fraud_details": {},
            "livemode": False,
            "metadata": {},
            "paid": paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "receipt_url": f"{invoice['hosted_invoice_url']}/receipt" if paid else None,
            "refunded": False,
            "status": "succeeded" if paid else "failed",
            "_last4": card_of(method["_number"]).last4,
        }
    )


@includes("invoice", "payments")
def payments(world: World, invoice: Row) -> Row:
    rows = world.rows("invoice_payment", invoice=invoice["id"])
    return {"object": "list", "data": rows, "has_more": False, "url": f"/v1/invoice_payments?invoice={invoice['id']}"}


@includes("invoice", "confirmation_secret")
def confirmation_secret(world: World, invoice: Row) -> Row | None:
    intent = intent_of(world, invoice)
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


@route("GET", "/v1/invoice_payments")
def list_payments(world: World, call: Call) -> Row:
    rows = world.rows("invoice_payment")
    for name in ("invoice", "status"):
        if name in call.params:
            rows = [row for row in rows if row[name] == call.params[name]]
    return page_of(rows, call)


@route("GET", "/v1/invoice_payments/{invoice_payment}")
def retrieve_payment(world: World, call: Call) -> Row:
    return world.get("invoice_payment", call.path_args["invoice_payment"])


@route("GET", "/v1/payment_intents/{intent}")
def retrieve_intent(world: World, call: Call) -> Row:
    return world.get("payment_intent", call.path_args["intent"])


@route("GET", "/v1/charges/{charge}")
def retrieve_charge(world: World, call: Call) -> Row:
    return world.get("charge", call.path_args["charge"])
