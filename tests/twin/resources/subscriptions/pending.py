"""Pending updates: changes that wait until their invoice is paid."""

from copy import deepcopy

from tests.twin.resources.changes import recording
from tests.twin.resources.invoices.draft import void
from tests.twin.resources.subscriptions.planning import Change
from tests.twin.resources.subscriptions.rows import period_end, put_items
from tests.twin.world import Row, World

LONGEST_WAIT = 23 * 3600


def make_pending(world: World, subscription: Row, change: Change, invoice: Row) -> None:
    """Keep the change until its invoice is paid: at most 23 hours, and not past the period or trial."""
    limits = [world.now(subscription["customer"]) + LONGEST_WAIT, period_end(subscription)]
    expires = min([*limits, subscription["trial_end"]] if subscription["status"] == "trialing" else limits)
    subscription["_pending"] = {
        "invoice": invoice["id"],
        "items": change.items,
        "anchor": change.anchor,
        "trial_end": change.trial_end,
        "ends_trial": change.ends_trial,
        "expires_at": expires,
        "fresh": True,  # within the request that made it; paid at once it never was pending
    }
    subscription["pending_update"] = {
        "billing_cycle_anchor": change.anchor,
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": None,
        "expires_at": expires,
        "metadata": None,
        "subscription_items": change.items,
        "trial_end": change.trial_end,
        "trial_from_plan": None,
    }


def apply_pending(world: World, subscription: Row) -> None:
    """Its invoice was paid: the change is made. To be called where the subscription is being recorded."""
    pending = subscription["_pending"]
    apply_change(
        subscription,
        Change(
            at=0,
            items=pending["items"],
            anchor=pending["anchor"],
            trial_end=pending["trial_end"],
            ends_trial=pending["ends_trial"],
        ),
        world.now(subscription["customer"]),
    )
    subscription["_pending"] = subscription["pending_update"] = None
    follow_items(world, subscription)
    if not pending["fresh"]:
        world.emit("customer.subscription.pending_update_applied", subscription)


def apply_change(subscription: Row, change: Change, now: int) -> None:
    """Make a planned change of the items and the cycle."""
    put_items(subscription, change.items)
    if change.anchor is not None:
        subscription["billing_cycle_anchor"] = change.anchor
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = period_end(subscription)
    if change.trial_end is not None:
        subscription.update(status="trialing", trial_start=now, trial_end=change.trial_end, _warned=False)
    if change.ends_trial:
        subscription.update(status="active", trial_end=now)


def follow_items(world: World, subscription: Row) -> None:
    """What was changed on the subscription itself splits its schedule's current phase: another begins, to the same end.

    The phases to come stay as they were planned. Stripe says that some changes do not reach the schedule, and not
    which: with `settings.phases_follow` false none does.
    """
    if not subscription["schedule"] or not world.settings.get("phases_follow", True):
        return
    schedule = world.get("subscription_schedule", subscription["schedule"])
    start = (schedule["current_phase"] or {}).get("start_date")
    phase = next((phase for phase in schedule["phases"] if phase["start_date"] == start), None)
    items = [phase_item(item["price"], item["quantity"]) for item in subscription["items"]["data"]]
    now = world.now(subscription["customer"])
    if phase is None or phase["items"] == items:
        return
    with recording(world, schedule, "subscription_schedule.updated"):
        if now > phase["start_date"]:
            rest = {**deepcopy(phase), "start_date": now}
            schedule["phases"].insert(schedule["phases"].index(phase) + 1, rest)
            schedule["current_phase"] = {"end_date": rest["end_date"], "start_date": now}
            phase["end_date"], phase = now, rest
        phase["items"] = items


def phase_item(price: Row, quantity: int) -> Row:
    """An item of a schedule's phase."""
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "plan": price["id"],
        "price": price["id"],
        "quantity": quantity,
        "tax_rates": [],
    }


def drop_pending(world: World, subscription: Row, *, expired: bool) -> None:
    """Forget the pending update; its invoice is voided if it still is open."""
    pending = subscription["_pending"]
    if pending is None:
        return
    with recording(world, subscription, "customer.subscription.updated"):
        subscription["_pending"] = subscription["pending_update"] = None
        invoice = world.get("invoice", pending["invoice"])
        if invoice["status"] == "open":
            void(world, invoice)
    if expired:
        world.emit("customer.subscription.pending_update_expired", subscription)
