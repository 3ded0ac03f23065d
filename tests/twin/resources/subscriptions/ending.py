"""How subscriptions end: canceled now or later, expired before they began, ended with their customer."""

from tests.twin.errors import invalid
from tests.twin.resources.changes import recording
from tests.twin.resources.invoices.draft import void
from tests.twin.resources.invoices.lines import waiting_items
from tests.twin.resources.subscriptions.pending import drop_pending
from tests.twin.resources.subscriptions.rows import ENDED
from tests.twin.world import Row, World

REQUESTED, UNPAID = "cancellation_requested", "payment_failed"


def cancel(world: World, subscription: Row, *, reason: str = REQUESTED, details: Row | None = None) -> Row:
    """End it now. Its open invoices stay, but nobody collects them by himself any more."""
    if subscription["status"] == "incomplete":
        return expire_incomplete(world, subscription)
    now = world.now(subscription["customer"])
    drop_pending(world, subscription, expired=False)
    schedule = world.table("subscription_schedule").get(subscription["schedule"] or "")
    subscription.update(
        status="canceled",
        canceled_at=subscription["canceled_at"] or now,
        ended_at=now,
        cancel_at_period_end=False,
        schedule=None,
    )
    note_details(subscription, details, reason)
    for invoice in invoices_of(world, subscription, "open"):
        with recording(world, invoice, "invoice.updated"):
            invoice.update(auto_advance=False, next_payment_attempt=None)
    if schedule is not None and schedule["status"] in ("active", "not_started"):
        schedule.update(status="canceled", canceled_at=now, current_phase=None)
        world.emit(f"subscription_schedule.{'aborted' if reason == UNPAID else 'canceled'}", schedule)
    world.emit("customer.subscription.deleted", subscription)
    return subscription


def drop_waiting(world: World, subscription: Row) -> None:
    """Take away prorations that were never invoiced."""
    for item in waiting_items(world, subscription["id"]):
        del world.table("invoiceitem")[item["id"]]
        world.emit("invoiceitem.deleted", item)


def note_details(subscription: Row, given: Row | None, reason: str | None) -> None:
    """Why it is canceled, by the customer's words and ours."""
    for name, value in (given or {}).items():
        subscription["cancellation_details"][name] = None if value == "" else value
    if reason is not None:
        subscription["cancellation_details"]["reason"] = reason


def invoices_of(world: World, subscription: Row, status: str) -> list[Row]:
    """The subscription's invoices in this status, newest first."""
    return world.rows("invoice", status=status, _subscription=subscription["id"])


def expire_incomplete(world: World, subscription: Row) -> Row:
    """The first invoice was not paid in time, or nobody wants it any more: it is voided, the subscription never was."""
    now = world.now(subscription["customer"])
    for invoice in invoices_of(world, subscription, "open"):
        void(world, invoice)
    with recording(world, subscription, "customer.subscription.updated"):
        subscription.update(status="incomplete_expired", ended_at=now, canceled_at=now)
    return subscription


def cancel_later(world: World, subscription: Row, params: Row, period_end: int) -> None:
    """`cancel_at` and `cancel_at_period_end` of an update. Raises TwinError 400 for a time that has passed."""
    now = world.now(subscription["customer"])
    if params.get("cancel_at") and params.get("cancel_at_period_end"):
        raise invalid("You cannot pass both `cancel_at` and `cancel_at_period_end`.", "cancel_at")
    if "cancel_at" in params:
        at = params["cancel_at"]
        if at in ("min_period_end", "max_period_end", "max_billed_until"):
            at = period_end
        if at and int(at) <= now:
            raise invalid("`cancel_at` must be in the future.", "cancel_at")
        _set(subscription, int(at) if at else None, False, now)
    if "cancel_at_period_end" in params:
        wanted = bool(params["cancel_at_period_end"])
        if wanted or subscription["cancel_at_period_end"]:
            _set(subscription, period_end if wanted else None, wanted, now)


def _set(subscription: Row, at: int | None, at_period_end: bool, now: int) -> None:
    subscription.update(cancel_at=at, cancel_at_period_end=at_period_end, canceled_at=now if at else None)
    subscription["cancellation_details"]["reason"] = REQUESTED if at else None


def end_all(world: World, customer: str) -> None:
    """The customer was deleted."""
    for subscription in list(world.table("subscription").values()):
        if subscription["customer"] == customer and subscription["status"] not in ENDED:
            cancel(world, subscription)
