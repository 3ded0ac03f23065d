"""Schedules and their phases as JSON rows; what Stripe refuses about phases."""

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import needed, reference
from tests.twin.resources.periods import add
from tests.twin.resources.subscriptions.checks import checked_price, checked_quantity
from tests.twin.resources.subscriptions.pending import phase_item
from tests.twin.resources.subscriptions.rows import interval_of, items_of
from tests.twin.world import Row, World

OPEN = ("not_started", "active")
PHASE_DONE = {
    "automatic_tax",
    "billing_cycle_anchor",
    "collection_method",
    "currency",
    "default_payment_method",
    "description",
    "discounts",
    "duration",
    "end_date",
    "items",
    "metadata",
    "proration_behavior",
    "start_date",
    "trial_end",
}


def new_schedule(world: World, subscription: Row) -> Row:
    """A schedule around a running subscription: one phase, the present period."""
    now = world.now(subscription["customer"])
    first = items_of(subscription)[0]
    phase = new_phase(
        subscription,
        [phase_item(item["price"], item["quantity"]) for item in items_of(subscription)],
        first["current_period_start"],
        first["current_period_end"],
        _terms(subscription),
    )
    return {
        "id": world.new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": dict(subscription["billing_mode"]),
        "canceled_at": None,
        "completed_at": None,
        "created": now,
        "current_phase": {"end_date": phase["end_date"], "start_date": phase["start_date"]},
        "customer": subscription["customer"],
        "customer_account": None,
        "default_settings": _settings(subscription),
        "end_behavior": "cancel" if subscription["cancel_at_period_end"] else "release",
        "livemode": False,
        "metadata": {},
        "pause_schedules": [],
        "phases": [phase],
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": subscription["test_clock"],
    }


def _terms(subscription: Row) -> Row:
    """What the running phase takes over from the subscription, and an update of the schedule has to repeat."""
    terms: Row = {"discounts": [{"discount": id} for id in subscription["discounts"]]}
    if subscription["automatic_tax"]["enabled"]:
        terms["automatic_tax"] = {"enabled": True}
    if subscription["status"] == "trialing":
        terms["trial_end"] = subscription["trial_end"]
    return terms


def _settings(subscription: Row) -> Row:
    return {
        "application_fee_percent": None,
        "automatic_tax": dict(subscription["automatic_tax"]),
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": "charge_automatically",
        "default_payment_method": subscription["default_payment_method"],
        "description": subscription["description"],
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "days_until_due": None,
            "description": None,
            "footer": None,
            "issuer": {"account": None, "type": "self"},
        },
        "on_behalf_of": None,
        "transfer_data": None,
    }


def new_phase(subscription: Row, items: list[Row], start: int, end: int, given: Row) -> Row:
    """A phase as Stripe shows it."""
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "automatic_tax": _automatic_tax(given),
        "billing_cycle_anchor": given.get("billing_cycle_anchor"),
        "billing_thresholds": None,
        "collection_method": None,
        "currency": subscription["currency"],
        "default_payment_method": given.get("default_payment_method"),
        "default_tax_rates": [],
        "description": given.get("description"),
        "discounts": [_discount(one) for one in given.get("discounts") or []],
        "end_date": end,
        "invoice_settings": None,
        "items": items,
        "metadata": dict(given.get("metadata") or {}),
        "on_behalf_of": None,
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "transfer_data": None,
        "trial_end": given.get("trial_end"),
    }


def _automatic_tax(given: Row) -> Row | None:
    wanted = given.get("automatic_tax")
    return wanted and {"disabled_reason": None, "enabled": wanted["enabled"], "liability": None}


def wanted_phases(world: World, schedule: Row, subscription: Row, given: list[Row]) -> list[Row]:
    """The phases that an update asks for. Raises TwinError 400 for what Stripe refuses, 501 for what only it can do."""
    _check_start(schedule, given)
    phases: list[Row] = []
    for place, wanted in enumerate(given):
        where = f"phases[{place}]"
        unknown = set(wanted) - PHASE_DONE
        if unknown or wanted.get("collection_method") == "send_invoice":
            raise TwinError(501, "api_error", f"The twin does not do {sorted(unknown) or 'send_invoice'} of phases.")
        _check_discounts(world, wanted, where)
        start = phases[-1]["end_date"] if phases else int(wanted["start_date"])
        if int(wanted.get("start_date") or start) != start:
            raise invalid(
                f"The subscription schedule's phase at index {place} must start where the one before it ends.",
                f"{where}[start_date]",
            )
        items = _items(world, subscription, wanted, where)
        end = _end(world, wanted, where, start, items, last=place == len(given) - 1)
        phases.append(new_phase(subscription, items, start, end, wanted))
    current = (schedule["current_phase"] or {}).get("start_date")
    if current is not None and current not in [phase["start_date"] for phase in phases]:
        raise invalid("You can not modify the start date of the current phase.", "phases")
    return phases


def _check_start(schedule: Row, given: list[Row]) -> None:
    if not given or given[0].get("start_date") in (None, ""):
        raise invalid("Missing at least one phase with a `start_date` to anchor end dates to.", "phases")
    known = {phase["start_date"] for phase in schedule["phases"]}
    start = given[0]["start_date"]
    if start == "now" or int(start) not in known:
        raise invalid("You can not modify the start date of the current phase.", "phases[0][start_date]")


def _discount(given: Row) -> Row:
    return {name: given.get(name) for name in ("coupon", "discount", "promotion_code")}


def _check_discounts(world: World, wanted: Row, where: str) -> None:
    for place, given in enumerate(wanted.get("discounts") or []):
        for kind in ("coupon", "discount", "promotion_code"):
            if kind in given:
                reference(world, kind, given[kind], f"{where}[discounts][{place}][{kind}]")


def _items(world: World, subscription: Row, wanted: Row, where: str) -> list[Row]:
    needed(wanted, "items")
    items = []
    for place, item in enumerate(wanted["items"]):
        at = f"{where}[items][{place}]"
        id = item.get("price") or item.get("plan") or ""
        price = checked_price(world, id, f"{at}[price]", subscription["currency"])
        items.append(phase_item(price, checked_quantity(item.get("quantity", 1), f"{at}[quantity]")))
    return items


def _end(world: World, wanted: Row, where: str, start: int, items: list[Row], *, last: bool) -> int:
    end, duration = wanted.get("end_date"), wanted.get("duration")
    if end is not None and duration is not None:
        raise invalid("You may only specify one of these parameters: duration, end_date.", f"{where}[duration]")
    if duration is not None:
        return add(start, duration["interval"], int(duration.get("interval_count", 1)))
    if end is None:
        if not last:
            raise invalid("Every phase but the last must have a `duration` or an `end_date`.", f"{where}[end_date]")
        return add(start, *interval_of(world.get("price", items[0]["price"])))
    moment = world.now() if end == "now" else int(end)
    if moment <= start:
        raise invalid("The phase must end after it starts.", f"{where}[end_date]")
    return moment
