"""Invoices that a subscription brings forth."""

from tests.twin.resources.changes import recording
from tests.twin.resources.coupons import lasts
from tests.twin.resources.invoices.draft import Bill, draft, finalize
from tests.twin.resources.invoices.lines import keep_item, line_of, line_of_item, waiting_items
from tests.twin.resources.proration import Part
from tests.twin.world import Row, World


def bill_for(
    world: World,
    subscription: Row,
    parts: list[Part],
    reason: str,
    period: tuple[int, int],
    *,
    with_waiting: bool = True,
    proration_date: int | None = None,
) -> Bill:
    """What an invoice with these parts, and the items that wait, is made of."""
    waiting = waiting_items(world, subscription["id"]) if with_waiting else []
    lines = [line_of_item(world, item) for item in waiting]
    return Bill(
        customer=world.get("customer", subscription["customer"]),
        lines=lines + [line_of(world, part, subscription["id"]) for part in parts],
        reason=reason,
        period=period,
        currency=subscription["currency"],
        subscription=subscription,
        items=waiting,
        discounts=list(subscription["discounts"]),
        proration_date=proration_date,
    )


def open_invoice(world: World, bill: Bill) -> Row:
    """Draft and finalize; discounts that were for one invoice, or are over by now, leave the subscription."""
    invoice = finalize(world, draft(world, bill))
    subscription = bill.subscription
    if subscription is not None:
        now = world.now(subscription["customer"])
        subscription["discounts"] = [id for id in subscription["discounts"] if lasts(world, id, now)]
    return invoice


def keep_for_later(world: World, subscription: Row, parts: list[Part]) -> None:
    """Prorations wait for the next invoice."""
    for part in parts:
        keep_item(world, part, subscription["customer"], subscription["id"])


def final_invoice(world: World, subscription: Row, parts: list[Part], now: int) -> Row | None:
    """The last invoice, for what still waits; None if nothing does."""
    bill = bill_for(world, subscription, parts, "subscription_update", (now, now))
    if not bill.lines:
        return None
    with recording(world, subscription, "customer.subscription.updated"):
        return open_invoice(world, bill)
