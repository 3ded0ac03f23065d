"""An invoice from its lines: composed, drafted, finalized, voided."""

from copy import deepcopy
from dataclasses import dataclass, field

from tests.twin.errors import invalid
from tests.twin.resources.changes import recording, reference
from tests.twin.resources.invoices.intents import cancel_payment, expect_payment
from tests.twin.resources.invoices.lines import total_up
from tests.twin.world import Row, World

SMALLEST_CHARGE = 50  # cents; less is kept on the customer's balance for the next invoice
BLANK: Row = {
    "object": "invoice",
    "account_country": "US",
    "account_name": "Pare",
    "account_tax_ids": None,
    "amount_overpaid": 0,
    "amount_paid": 0,
    "amount_paid_off_stripe": 0,
    "amount_shipping": 0,
    "application": None,
    "attempt_count": 0,
    "attempted": False,
    "auto_advance": True,
    "automatically_finalizes_at": None,
    "collection_method": "charge_automatically",
    "custom_fields": None,
    "customer_account": None,
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "due_date": None,
    "effective_at": None,
    "ending_balance": None,
    "footer": None,
    "from_invoice": None,
    "hosted_invoice_url": None,
    "invoice_pdf": None,
    "issuer": {"account": None, "type": "self"},
    "last_finalization_error": None,
    "latest_revision": None,
    "livemode": False,
    "metadata": {},
    "next_payment_attempt": None,
    "number": None,
    "on_behalf_of": None,
    "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
    "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0,
    "receipt_number": None,
    "rendering": None,
    "shipping_cost": None,
    "shipping_details": None,
    "statement_descriptor": None,
    "status_details": None,
    "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
    "threshold_reason": None,
    "webhooks_delivered_at": None,
    "_failures": 0,
}


@dataclass(frozen=True)
class Bill:
    """What an invoice is to be made of. `period` is (start, end) as the invoice shows it."""

    customer: Row
    lines: list[Row]
    reason: str
    period: tuple[int, int]
    currency: str
    subscription: Row | None = None
    items: list[Row] = field(default_factory=list)  # the waiting invoice items among the lines
    discounts: list[str] = field(default_factory=list)
    proration_date: int | None = None


def compose(world: World, bill: Bill, id: str) -> Row:
    """The draft as a row, with totals and the customer's balance weighed in; nothing is stored."""
    now = world.now(bill.customer["id"])
    row = {**deepcopy(BLANK), **_of_customer(bill.customer), **_of_subscription(world, bill)}
    row.update(
        id=id,
        billing_reason=bill.reason,
        created=now,
        currency=bill.currency,
        discounts=list(bill.discounts),
        lines={
            "object": "list",
            "data": bill.lines,
            "has_more": False,
            "url": f"/v1/invoices/{id}/lines",
        },
        period_start=bill.period[0],
        period_end=bill.period[1],
        status="draft",
        _subscription=bill.subscription["id"] if bill.subscription else None,
    )
    for line in bill.lines:
        line["invoice"] = id
    total_up(world, row, bill.discounts)
    due, balance = weigh_balance(row["total"], int(bill.customer["balance"] or 0))
    row.update(
        amount_due=due,
        amount_remaining=due,
        starting_balance=int(bill.customer["balance"] or 0),
        _ending_balance=balance,
    )
    return row


def weigh_balance(total: int, balance: int) -> tuple[int, int]:
    """Cents to pay and the balance that is left (below zero: credit), of an invoice of `total`."""
    owed = total + balance
    return (0, owed) if owed < SMALLEST_CHARGE else (owed, 0)


def draft(world: World, bill: Bill) -> Row:
    """A stored draft; its waiting items belong to it now, and it is the subscription's latest invoice."""
    row = world.add(compose(world, bill, world.new_id("in")))
    for item in bill.items:
        item["invoice"] = row["id"]
    if bill.customer["currency"] is None:
        with recording(world, bill.customer, "customer.updated"):
            bill.customer["currency"] = bill.currency
    if bill.subscription is not None:
        bill.subscription["latest_invoice"] = row["id"]
    world.emit("invoice.created", row)
    return row


def finalize(world: World, row: Row) -> Row:
    """Open the invoice: it gets its number, its pages, the balance is used, a payment is expected."""
    if row["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    customer = reference(world, "customer", row["customer"], "customer")
    now = world.now(customer["id"])
    address = f"{world.base_url}/invoice/{row['id']}"
    due, balance = weigh_balance(row["total"], int(customer["balance"] or 0))
    row.update(
        status="open",
        amount_due=due,
        amount_remaining=due,
        auto_advance=row["auto_advance"],
        automatically_finalizes_at=None,
        effective_at=now,
        ending_balance=balance,
        hosted_invoice_url=address,
        invoice_pdf=f"{address}/pdf",
        number=f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
        starting_balance=int(customer["balance"] or 0),
    )
    row["status_transitions"]["finalized_at"] = now
    customer["next_invoice_sequence"] += 1
    with recording(world, customer, "customer.updated"):
        move_balance(world, customer, balance - int(customer["balance"] or 0), _why(row), row["id"])
    if due:
        expect_payment(world, row)
    world.emit("invoice.finalized", row)
    return row


def _why(row: Row) -> str:
    return "invoice_too_small" if 0 < row["ending_balance"] < SMALLEST_CHARGE else "applied_to_invoice"


def move_balance(world: World, customer: Row, cents: int, type: str, invoice: str | None = None) -> None:
    """Change the customer's balance by `cents` (below zero: in the customer's favour) and write it down."""
    if cents == 0:
        return
    customer["balance"] = int(customer["balance"] or 0) + cents
    world.add(
        {
            "id": world.new_id("cbtxn"),
            "object": "customer_balance_transaction",
            "amount": cents,
            "checkout_session": None,
            "created": world.now(customer["id"]),
            "credit_note": None,
            "currency": customer["currency"] or "usd",
            "customer": customer["id"],
            "customer_account": None,
            "description": None,
            "ending_balance": customer["balance"],
            "invoice": invoice,
            "livemode": False,
            "metadata": {},
            "type": type,
        }
    )


def void(world: World, row: Row) -> Row:
    """Take an open invoice back: what it used of the balance returns. Raises TwinError 400 for any other."""
    if row["status"] not in ("open", "uncollectible"):
        raise invalid(
            f"You can only void open invoices; this invoice is {row['status']}.", code="status_transition_invalid"
        )
    customer = world.get("customer", row["customer"])
    row.update(status="void", next_payment_attempt=None, auto_advance=False)
    row["status_transitions"]["voided_at"] = world.now(customer["id"])
    cancel_payment(world, row)
    if not customer.get("deleted"):
        with recording(world, customer, "customer.updated"):
            used = row["ending_balance"] - row["starting_balance"]
            move_balance(world, customer, -used, "unapplied_from_invoice", row["id"])
    world.emit("invoice.voided", row)
    return row


def _of_customer(customer: Row) -> Row:
    return {
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "test_clock": customer["test_clock"],
    }


def _of_subscription(world: World, bill: Bill) -> Row:
    subscription = bill.subscription
    ids = world.rows("tax_id", customer=bill.customer["id"])
    row: Row = {
        "automatic_tax": _automatic_tax(bool(subscription and subscription["automatic_tax"]["enabled"])),
        "customer_tax_ids": [{"type": tax["type"], "value": tax["value"]} for tax in ids],
        "parent": None,
    }
    if subscription is not None:
        row["parent"] = {
            "quote_details": None,
            "subscription_details": {
                "metadata": dict(subscription["metadata"]),
                "subscription": subscription["id"],
                "subscription_proration_date": bill.proration_date,
            },
            "type": "subscription_details",
        }
    return row


def _automatic_tax(enabled: bool) -> Row:
    return {
        "disabled_reason": None,
        "enabled": enabled,
        "liability": {"account": None, "type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "complete" if enabled else None,
    }
