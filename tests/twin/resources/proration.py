"""What a change in the middle of a period costs: integer cents, to the second."""

from dataclasses import dataclass
from typing import Any

from tests.twin.resources.periods import day_of

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One line of an invoice to come; `amount` in cents, below zero for a credit."""

    amount: int
    description: str
    start: int
    end: int
    price: Row
    quantity: int
    item: str
    proration: bool = False
    credited: Row | None = None


def rest_of(amount: int, start: int, end: int, at: int) -> int:
    """The part of `amount` (cents for start..end) that belongs to at..end; half a cent is rounded away from zero."""
    if not start < end:
        return 0
    left = min(max(end - at, 0), end - start)
    cents, rest = divmod(abs(amount) * left, end - start)
    cents += 2 * rest >= end - start
    return cents if amount >= 0 else -cents


def amount_of(price: Row, quantity: int) -> int:
    """Cents for one whole period."""
    return int(price["unit_amount"] or 0) * quantity


def credit(item: Row, at: int, name: str) -> Part:
    """What comes back of the item's unused time: a share of what was really billed for it (flexible billing)."""
    billed = item["_billed"]
    cents = rest_of(billed["amount"], billed["start"], billed["end"], at)
    return Part(
        amount=-cents,
        description=f"Unused time on {_of(billed['quantity'], name)} after {day_of(at)}",
        start=at,
        end=item["current_period_end"],
        price=item["price"],
        quantity=billed["quantity"],
        item=item["id"],
        proration=True,
        credited={"invoice": billed["invoice"], "invoice_line_items": [billed["line"]]} if billed["line"] else None,
    )


def debit(item: Row, at: int, name: str, natural: tuple[int, int]) -> Part:
    """What the rest of the item's period costs at its price and quantity.

    `natural` is the whole period (start, end) that the price is for; the item's own may begin later or end sooner.
    """
    end, quantity = item["current_period_end"], item["quantity"]
    cents = amount_of(item["price"], quantity)
    return Part(
        amount=rest_of(cents, *natural, at) - rest_of(cents, *natural, end),
        description=f"Remaining time on {_of(quantity, name)} after {day_of(at)}",
        start=at,
        end=end,
        price=item["price"],
        quantity=quantity,
        item=item["id"],
        proration=True,
    )


def whole(item: Row, start: int, end: int, name: str) -> Part:
    """A full period of the item."""
    price, quantity = item["price"], item["quantity"]
    unit = f"{int(price['unit_amount'] or 0) / 100:.2f}"
    every = price["recurring"]["interval"]
    return Part(
        amount=amount_of(price, quantity),
        description=f"{quantity} × {name} (at ${unit} / {every})",
        start=start,
        end=end,
        price=price,
        quantity=quantity,
        item=item["id"],
    )


def _of(quantity: int, name: str) -> str:
    return name if quantity == 1 else f"{quantity} × {name}"
