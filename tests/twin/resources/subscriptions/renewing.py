"""The end of a period: the next one begins and is billed."""

from tests.twin.resources.changes import recording
from tests.twin.resources.invoices.draft import draft
from tests.twin.resources.payment_methods import default_method
from tests.twin.resources.subscriptions.billing import bill_for, open_invoice
from tests.twin.resources.subscriptions.collecting import collect, note_billed
from tests.twin.resources.subscriptions.ending import cancel
from tests.twin.resources.subscriptions.planning import next_periods
from tests.twin.resources.subscriptions.rows import items_of, period_end, put_items
from tests.twin.world import Row, World


def renew(world: World, subscription: Row) -> None:
    """Bill the period that begins now; a trial that ends without a card goes as its settings say."""
    if subscription["status"] == "trialing" and ends_without_card(world, subscription):
        return
    before = (items_of(subscription)[0]["current_period_start"], period_end(subscription))
    with recording(world, subscription, "customer.subscription.updated"):
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        items, parts = next_periods(world, subscription)
        put_items(subscription, items)
        bill = bill_for(world, subscription, parts, "subscription_cycle", before)
        if subscription["status"] == "unpaid":
            # Nothing is collected while it is unpaid: the invoice stays a draft that nobody advances.
            draft(world, bill)["auto_advance"] = False
            return
        invoice = open_invoice(world, bill)
        note_billed(subscription, invoice)
    collect(world, invoice)


def ends_without_card(world: World, subscription: Row) -> bool:
    """The end of a trial without a card: True if the subscription was cancelled or paused instead of being billed."""
    behaviour = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    method = default_method(world, subscription["customer"], subscription["default_payment_method"])
    if method is not None or behaviour == "create_invoice":
        return False
    if behaviour == "cancel":
        cancel(world, subscription)
        return True
    with recording(world, subscription, "customer.subscription.updated"):
        pause(world, subscription, "trial_end_without_payment_method")
    world.emit("customer.subscription.paused", subscription)
    return True


def pause(world: World, subscription: Row, reason: str) -> None:
    """Stop billing until it is resumed. To be called where the subscription is being recorded."""
    now = world.now(subscription["customer"])
    paused = {"subscription": {"type": reason}, "transitioned_at": now, "type": "subscription"}
    subscription.update(status="paused", status_details={"paused": paused})
