"""Lines of invoices, invoice items that wait for one, and what they add up to."""

from collections.abc import Iterable

from tests.twin.resources.coupons import taken_off
from tests.twin.resources.proration import Part
from tests.twin.world import Row, World


def line_of(world: World, part: Part, subscription: str, item: str | None = None) -> Row:
    """An invoice line of a subscription; `item` is the invoice item that it was. `invoice` is filled in later."""
    parent = _parent(part, subscription, item)
    return {
        "id": world.new_id("il"),
        "object": "line_item",
        "amount": part.amount,
        "currency": part.price["currency"],
        "description": part.description,
        "discount_amounts": [],
        # The discount of what is given back is in the amount already (`proration_discounts`: included).
        "discountable": part.amount >= 0 or not part.proration,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": {"start": part.start, "end": part.end},
        "pretax_credit_amounts": [],
        "pricing": _pricing(part.price),
        "quantity": part.quantity,
        "quantity_decimal": str(part.quantity),
        "subscription": subscription,
        "subtotal": part.amount,
        "taxes": [],
    }


def line_of_item(world: World, item: Row) -> Row:
    """The line that a waiting invoice item becomes."""
    return line_of(world, Part(**item["_part"]), item["_subscription"], item["id"])


def _parent(part: Part, subscription: str, invoice_item: str | None) -> Row:
    credited = part.credited if part.amount <= 0 and part.proration else None
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": invoice_item,
            "proration": part.proration,
            "proration_details": {"credited_items": credited},
            "subscription": subscription,
            "subscription_item": part.item,
        },
        "type": "subscription_item_details",
    }


def _pricing(price: Row) -> Row:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def keep_item(world: World, part: Part, customer: str, subscription: str) -> Row:
    """An invoice item that waits for the subscription's next invoice."""
    now = world.now(customer)
    row: Row = {
        "id": world.new_id("ii"),
        "object": "invoiceitem",
        "amount": part.amount,
        "currency": part.price["currency"],
        "customer": customer,
        "customer_account": None,
        "date": now,
        "description": part.description,
        "discountable": part.amount >= 0,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "net_amount": part.amount,
        "parent": {
            "subscription_details": {"subscription": subscription, "subscription_item": part.item},
            "type": "subscription_details",
        },
        "period": {"start": part.start, "end": part.end},
        "pricing": _pricing(part.price),
        "proration": part.proration,
        "proration_details": {"credited_items": None, "discount_amounts": []},
        "quantity": part.quantity,
        "quantity_decimal": str(part.quantity),
        "tax_rates": [],
        "test_clock": world.get("customer", customer).get("test_clock"),
    }
    row["_subscription"] = subscription
    row["_part"] = dict(vars(part))  # whole, for the line it becomes
    world.add(row)
    world.emit("invoiceitem.created", row)
    return row


def waiting_items(world: World, subscription: str) -> list[Row]:
    """Invoice items of the subscription that are on no invoice yet, oldest first."""
    return world.rows("invoiceitem", invoice=None, _subscription=subscription)[::-1]


def total_up(world: World, invoice: Row, discounts: Iterable[str]) -> None:
    """Fill in the totals of an invoice from its lines, with these discounts taken off."""
    lines = invoice["lines"]["data"]
    subtotal = sum(line["amount"] for line in lines)
    taken: list[Row] = []
    for discount in discounts:
        cuts = _cuts(world, discount, lines)
        for line, cut in cuts:
            line["discount_amounts"].append({"amount": cut, "discount": discount})
        taken.append({"amount": sum(cut for _, cut in cuts), "discount": discount})
    total = subtotal - sum(cut["amount"] for cut in taken)
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=total,
        total_discount_amounts=taken,
        total_pretax_credit_amounts=[{"type": "discount", "credit_balance_transaction": None, **cut} for cut in taken],
        total_taxes=[],
    )


def _cuts(world: World, discount: str, lines: list[Row]) -> list[tuple[Row, int]]:
    """What the discount takes off each line: a percentage of each, or an amount from the first lines on."""
    open_lines = [(line, _left(line)) for line in lines if line["discountable"]]
    coupon = world.get("coupon", world.get("discount", discount)["source"]["coupon"])
    if coupon["percent_off"] is not None:
        return [(line, taken_off(world, discount, left)) for line, left in open_lines]
    pool, cuts = taken_off(world, discount, sum(left for _, left in open_lines)), []
    for line, left in open_lines:
        cut = max(0, min(pool, left))
        pool -= cut
        cuts.append((line, cut))
    return cuts


def _left(line: Row) -> int:
    return int(line["amount"]) - sum(int(cut["amount"]) for cut in line["discount_amounts"])
