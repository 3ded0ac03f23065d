"""The next invoice, or the one a change would bring, without writing anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import reference
from tests.twin.resources.coupons import make_discount
from tests.twin.resources.invoices.draft import Bill, compose
from tests.twin.resources.proration import Part, credit
from tests.twin.resources.schedules.moving import coming
from tests.twin.resources.subscriptions.billing import bill_for
from tests.twin.resources.subscriptions.checks import check_done, check_open
from tests.twin.resources.subscriptions.creating import first_parts, prepared
from tests.twin.resources.subscriptions.ending import cancel_later
from tests.twin.resources.subscriptions.pending import apply_change
from tests.twin.resources.subscriptions.planning import Change, next_periods, plan_change
from tests.twin.resources.subscriptions.rows import ENDED, items_of, live, name_of, period_end
from tests.twin.routing import Call, route
from tests.twin.world import Row, World

DONE = {"automatic_tax", "currency", "customer", "discounts", "preview_mode", "schedule", "subscription"}
DETAILS_DONE = {
    "billing_cycle_anchor",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "cancel_now",
    "items",
    "metadata",
    "proration_behavior",
    "proration_date",
    "trial_end",
}
CHANGES = {"billing_cycle_anchor", "items", "trial_end"}


@route("POST", "/v1/invoices/create_preview")
def create_preview(world: World, call: Call) -> Row:
    return preview(world, call.params)


def preview(world: World, params: Row) -> Row:
    """The invoice that would come next, or at once with these changes. Raises TwinError 404 if none would."""
    details = params.get("subscription_details") or {}
    unknown = (set(params) - DONE - {"subscription_details"}) | (set(details) - DETAILS_DONE)
    if unknown:
        raise TwinError(501, "api_error", f"The twin does not preview {sorted(unknown)}.")
    check_done({"billing_mode": details.get("billing_mode")} if details.get("billing_mode") else {})
    subscription = _aim(world, params)
    if subscription is None:
        bill = _of_new(world, params, details)
    else:
        bill = _of_change(world, deepcopy(subscription), details, params.get("preview_mode") == "recurring")
    with _discounts(world, params.get("discounts"), bill) as discounted:
        return _shown(world, discounted)


def _aim(world: World, params: Row) -> Row | None:
    """The subscription to look at; None for one that does not exist yet."""
    if params.get("schedule"):
        schedule = reference(world, "subscription_schedule", params["schedule"], "schedule")
        return world.get("subscription", schedule["subscription"] or schedule["released_subscription"])
    if params.get("subscription"):
        return reference(world, "subscription", params["subscription"], "subscription")
    if not params.get("customer"):
        raise invalid("You must specify `customer`, `subscription` or `schedule`.", "customer")
    if (params.get("subscription_details") or {}).get("items"):
        return None
    customer = reference(world, "customer", params["customer"], "customer")
    soonest = sorted(live(world, customer["id"]), key=period_end)
    if not soonest:
        raise _none(customer["id"])
    return soonest[0]


def _none(customer: str) -> TwinError:
    message = f"No upcoming invoices for customer: {customer}"
    return TwinError(404, "invalid_request_error", message, code="invoice_upcoming_none")


def _of_new(world: World, params: Row, details: Row) -> Bill:
    customer = reference(world, "customer", params["customer"], "customer")
    wanted: Row = {name: details[name] for name in ("trial_end", "proration_behavior", "metadata") if name in details}
    subscription = prepared(world, customer, details["items"], wanted)
    now = world.now(customer["id"])
    parts = first_parts(world, subscription, wanted)
    return bill_for(world, subscription, parts, "upcoming", (now, now))


def _of_change(world: World, subscription: Row, details: Row, recurring: bool) -> Bill:
    """What a copy of the subscription would be billed after these changes."""
    now = world.now(subscription["customer"])
    if subscription["status"] in (*ENDED, "paused"):
        raise _none(subscription["customer"])
    check_open(subscription, {name: 0 for name in details if name in CHANGES})
    if details.get("cancel_now"):
        return _of_cancel(world, subscription, details, now)
    if {"cancel_at", "cancel_at_period_end"} & set(details):
        cancel_later(world, subscription, details, period_end(subscription))
    change = plan_change(world, subscription, details) if CHANGES & set(details) else None
    if change is None:
        return _of_next(world, subscription, recurring)
    if change.bill_now and not recurring:
        parts = change.prorations + change.wholes
        return bill_for(world, subscription, parts, "upcoming", (now, now), proration_date=change.at)
    apply_change(subscription, change, now)
    return _of_renewal(world, subscription, change.prorations, recurring, change)


def _of_next(world: World, subscription: Row, recurring: bool) -> Bill:
    """The invoice that comes if nothing is changed but what a schedule changes."""
    change, end = coming(world, subscription), period_end(subscription)
    apply_change(subscription, change, end)
    if change.anchor is None:
        return _of_renewal(world, subscription, [], recurring, None)
    return bill_for(world, subscription, change.wholes, "upcoming", (end, end))


def _of_cancel(world: World, subscription: Row, details: Row, now: int) -> Bill:
    parts = []
    if details.get("proration_behavior", "create_prorations") != "none" and subscription["status"] != "trialing":
        at = int(details.get("proration_date") or now)
        parts = [credit(item, at, name_of(world, item["price"])) for item in items_of(subscription)]
    bill = bill_for(world, subscription, parts, "upcoming", (now, now), proration_date=now)
    if not bill.lines:
        raise _none(subscription["customer"])
    return bill


def _of_renewal(
    world: World, subscription: Row, prorations: list[Part], recurring: bool, change: Change | None
) -> Bill:
    """The invoice of the next period; nothing of it if the subscription ends before."""
    end = period_end(subscription)
    period = (int(items_of(subscription)[0]["current_period_start"]), end)
    ends = subscription["cancel_at"] is not None and subscription["cancel_at"] <= end
    wholes = [] if ends else next_periods(world, subscription)[1]
    parts = wholes if recurring else prorations + wholes
    date = change.at if change and prorations else None
    bill = bill_for(world, subscription, parts, "upcoming", period, with_waiting=not recurring, proration_date=date)
    if not bill.lines:
        raise _none(subscription["customer"])
    return bill


@contextmanager
def _discounts(world: World, given: object, bill: Bill) -> Iterator[Bill]:
    """The bill with the discounts that were asked for; they are gone again after it."""
    if not isinstance(given, list):
        yield replace(bill, discounts=[]) if given == "" else bill
        return
    tables = {name: deepcopy(world.table(name)) for name in ("coupon", "promotion_code", "discount")}
    try:
        made = [make_discount(world, one, customer=bill.customer["id"]) for one in given]
        yield replace(bill, discounts=[discount["id"] for discount in made])
    finally:
        world.tables.update(tables)


def _shown(world: World, bill: Bill) -> Row:
    row = compose(world, bill, world.new_id("upcoming_in"))
    subscription = bill.subscription
    row["ending_balance"] = row["_ending_balance"]
    if subscription is not None and row["period_end"] > row["created"]:
        row["created"] = row["period_end"]
    row["next_payment_attempt"] = row["created"] + 3600
    return row
