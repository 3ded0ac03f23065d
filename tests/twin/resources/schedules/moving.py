"""A schedule at work: it enters phases, changes its subscription, lets it go or ends it."""

from tests.twin.resources.changes import merge_metadata, recording
from tests.twin.resources.coupons import make_discount
from tests.twin.resources.subscriptions.changing import carry_out
from tests.twin.resources.subscriptions.ending import cancel
from tests.twin.resources.subscriptions.pending import drop_pending
from tests.twin.resources.subscriptions.planning import Change, plan_change
from tests.twin.resources.subscriptions.rows import items_of, period_end
from tests.twin.world import Row, World


def subscription_of(world: World, schedule: Row) -> Row:
    return world.get("subscription", schedule["subscription"])


def current_of(schedule: Row) -> Row | None:
    """The phase that is on."""
    start = (schedule["current_phase"] or {}).get("start_date")
    return next((phase for phase in schedule["phases"] if phase["start_date"] == start), None)


def step(world: World, schedule: Row) -> None:
    """The current phase is over: enter the next one, or end as `end_behavior` says."""
    current = current_of(schedule)
    after = [phase for phase in schedule["phases"] if current and phase["start_date"] >= current["end_date"]]
    if after:
        enter(world, schedule, after[0])
    elif schedule["end_behavior"] == "cancel":
        complete(world, schedule)
    else:
        release(world, schedule)


def enter(world: World, schedule: Row, phase: Row) -> None:
    """Begin a phase; a pending update of the subscription is dropped with its invoice."""
    subscription = subscription_of(world, schedule)
    drop_pending(world, subscription, expired=True)
    with recording(world, schedule, "subscription_schedule.updated"):
        schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}
    apply_phase(world, subscription, phase, phase["proration_behavior"], phase["billing_cycle_anchor"] == "phase_start")


def apply_phase(world: World, subscription: Row, phase: Row, proration: str, anchor_now: bool = False) -> None:
    """Make the subscription what the phase says; a trial that it does not name is over."""
    params: Row = {"items": _difference(subscription, phase), "proration_behavior": proration}
    if anchor_now:
        params["billing_cycle_anchor"] = {"type": "now"}
    if phase["trial_end"] is None and (subscription["trial_end"] or 0) > world.now(subscription["customer"]):
        params["trial_end"] = "now"
    with recording(world, subscription, "customer.subscription.updated"):
        merge_metadata(subscription, phase)
        _take_settings(world, subscription, phase)
        if params["items"] or anchor_now or "trial_end" in params:
            carry_out(world, subscription, plan_change(world, subscription, params), {"off_session": True})


def _take_settings(world: World, subscription: Row, phase: Row) -> None:
    """The phase's card and text, else the schedule's; its discounts and no others."""
    settings = world.get("subscription_schedule", subscription["schedule"])["default_settings"]
    for name in ("default_payment_method", "description"):
        value = phase[name] if phase[name] is not None else settings[name]
        if value is not None:
            subscription[name] = value
    tax = phase["automatic_tax"] or settings["automatic_tax"]
    subscription["automatic_tax"] = {**subscription["automatic_tax"], "enabled": tax["enabled"]}
    for discount in phase["discounts"]:
        if discount["discount"] is None:
            # Redeemed once: from now on the phase names the discount that it became.
            made = make_discount(world, discount, customer=subscription["customer"], subscription=subscription["id"])
            discount.update(coupon=None, discount=made["id"], promotion_code=None)
    subscription["discounts"] = [discount["discount"] for discount in phase["discounts"]]


def _difference(subscription: Row, phase: Row) -> list[Row]:
    """Item parameters that turn the subscription's items into the phase's; an item lives on with its price only."""
    wanted = {item["price"]: item["quantity"] for item in phase["items"]}
    changes: list[Row] = []
    for item in items_of(subscription):
        quantity = wanted.pop(item["price"]["id"], None)
        if quantity is None:
            changes.append({"id": item["id"], "deleted": True})
        elif quantity != item["quantity"]:
            changes.append({"id": item["id"], "quantity": quantity})
    return changes + [{"price": price, "quantity": quantity} for price, quantity in wanted.items()]


def coming(world: World, subscription: Row) -> Change:
    """What the schedule will have made of the subscription when its present period ends."""
    schedule = world.table("subscription_schedule").get(subscription["schedule"] or "")
    end = period_end(subscription)
    phases = schedule["phases"] if schedule else []
    phase = next((phase for phase in phases if phase["start_date"] == end), None)
    params: Row = {"items": _difference(subscription, phase) if phase else [], "proration_behavior": "none"}
    with world.at(end):
        return plan_change(world, subscription, params)


def note_cancel(world: World, schedule: Row) -> None:
    """A schedule that ends with a cancellation shows its day on the subscription."""
    subscription = subscription_of(world, schedule)
    with recording(world, subscription, "customer.subscription.updated"):
        if schedule["end_behavior"] == "cancel":
            subscription["cancel_at"] = schedule["phases"][-1]["end_date"]
        elif not subscription["cancel_at_period_end"]:
            subscription["cancel_at"] = None


def release(world: World, schedule: Row, *, keep_cancel: bool = False) -> Row:
    """Let the subscription go on by itself."""
    subscription = subscription_of(world, schedule)
    schedule.update(
        status="released",
        current_phase=None,
        released_at=world.now(schedule["customer"]),
        released_subscription=subscription["id"],
        subscription=None,
    )
    with recording(world, subscription, "customer.subscription.updated"):
        subscription["schedule"] = None
        if schedule["end_behavior"] == "cancel" and not keep_cancel:
            subscription.update(cancel_at=None, cancel_at_period_end=False, canceled_at=None)
            subscription["cancellation_details"]["reason"] = None
    world.emit("subscription_schedule.released", schedule)
    return schedule


def complete(world: World, schedule: Row) -> None:
    """The last phase is over and the subscription ends with it."""
    subscription = subscription_of(world, schedule)
    schedule.update(status="completed", current_phase=None, completed_at=world.now(schedule["customer"]))
    cancel(world, subscription)
    world.emit("subscription_schedule.completed", schedule)
