"""What a change of a subscription would do: worked out without writing anything, for updates and previews alike."""

from copy import deepcopy
from dataclasses import dataclass, field, replace

from tests.twin.errors import invalid
from tests.twin.resources.periods import add, period_at
from tests.twin.resources.proration import Part, amount_of, credit, debit, rest_of, whole
from tests.twin.resources.subscriptions.items import next_items
from tests.twin.resources.subscriptions.rows import NOTHING_BILLED, interval_of, items_of, name_of
from tests.twin.world import Row, World


@dataclass
class Change:
    """The items as they will be; `prorations` and, after a reset of the cycle, `wholes` to bill."""

    at: int
    items: list[Row]
    prorations: list[Part] = field(default_factory=list)
    wholes: list[Part] = field(default_factory=list)
    anchor: int | None = None
    bill_now: bool = False
    trial_end: int | None = None  # the trial that begins or goes on
    ends_trial: bool = False


def plan_change(world: World, subscription: Row, params: Row) -> Change:
    """The change that these parameters of an update make. Raises TwinError 400 for what Stripe refuses."""
    now = world.now(subscription["customer"])
    old = items_of(subscription)
    period = _shared_period(subscription, now)
    change = Change(_date(subscription, params, now), next_items(world, subscription, params.get("items", []), period))
    trial = params.get("trial_end")
    behaviour = params.get("proration_behavior", "create_prorations")
    if trial not in (None, "now"):
        return _into_trial(world, change, old, int(trial), now, behaviour)
    trialing = subscription["status"] == "trialing"
    change.ends_trial = trialing and (trial == "now" or _anchor_now(params))
    if trialing and not change.ends_trial:
        return change
    if change.ends_trial or _anchor_now(params) or _resets(old, change.items):
        _restart(world, change, old, now, behaviour)
    elif behaviour != "none":
        _prorate(world, change, old, int(subscription["billing_cycle_anchor"]))
        change.bill_now = behaviour == "always_invoice" and bool(change.prorations)
    return change


def _anchor_now(params: Row) -> bool:
    return (params.get("billing_cycle_anchor") or {}).get("type") == "now"


def _date(subscription: Row, params: Row, now: int) -> int:
    if not params.get("proration_date"):
        return now
    at = int(params["proration_date"])
    start = max(int(item["current_period_start"]) for item in items_of(subscription))
    end = min(int(item["current_period_end"]) for item in items_of(subscription))
    if not start <= at <= end:
        raise invalid(
            "Cannot specify a proration date outside of the current period of the subscription.", "proration_date"
        )
    return at


def _shared_period(subscription: Row, now: int) -> tuple[int, int]:
    item = items_of(subscription)[0]
    return int(item["current_period_start"]), int(item["current_period_end"])


def _into_trial(world: World, change: Change, old: list[Row], end: int, now: int, behaviour: str) -> Change:
    """A trial until `end`: what was paid for the time from now on is given back with the next invoice."""
    if end <= now:
        raise invalid("Invalid trial_end: it must be in the future.", "trial_end")
    if behaviour != "none":
        change.prorations = _credits(world, old, change.at)
    for item in change.items:
        item.update(current_period_start=now, current_period_end=end, _billed=dict(NOTHING_BILLED))
    change.trial_end = change.anchor = end
    return change


def _resets(old: list[Row], new: list[Row]) -> bool:
    """A new interval, or the first price above zero, begins a new cycle."""
    was = {interval_of(item["price"]) for item in old}
    will = {interval_of(item["price"]) for item in new}
    free = sum(amount_of(item["price"], item["quantity"]) for item in old) == 0
    costs = sum(amount_of(item["price"], item["quantity"]) for item in new) > 0
    return was != will or (free and costs)


def _restart(world: World, change: Change, old: list[Row], now: int, behaviour: str) -> None:
    """Give back what is left of every item and bill full periods from now on."""
    if behaviour != "none":
        change.prorations = _credits(world, old, change.at)
    for item in change.items:
        item["current_period_start"], item["current_period_end"] = now, add(now, *interval_of(item["price"]))
        change.wholes.append(whole_of(world, item))
    change.anchor, change.bill_now = now, True


def _credits(world: World, items: list[Row], at: int) -> list[Part]:
    return [credit(item, at, name_of(world, item["price"])) for item in items if _has_rest(item, at)]


def _has_rest(item: Row, at: int) -> bool:
    return int(item["_billed"]["amount"]) != 0 and int(item["_billed"]["end"]) > at


def _prorate(world: World, change: Change, old: list[Row], anchor: int) -> None:
    """A credit for each item that changed or went, a debit for each that changed or came."""
    before = {item["id"]: item for item in old}
    after = {item["id"]: item for item in change.items}
    for id, item in before.items():
        if _differs(item, after.get(id)) and item["_billed"]["end"] > change.at:
            change.prorations.append(credit(item, change.at, name_of(world, item["price"])))
    for id, item in after.items():
        if _differs(before.get(id), item) and item["current_period_end"] > change.at:
            natural = period_at(anchor, *interval_of(item["price"]), change.at)
            part = debit(item, change.at, name_of(world, item["price"]), natural)
            change.prorations.append(part)
            item["_billed"] = billed(part)


def _differs(before: Row | None, after: Row | None) -> bool:
    if before is None or after is None:
        return True
    return (before["price"]["id"], before["quantity"]) != (after["price"]["id"], after["quantity"])


def billed(part: Part) -> Row:
    """What an item remembers of its last bill, for the credit it may get."""
    return {**NOTHING_BILLED, "amount": part.amount, "start": part.start, "end": part.end, "quantity": part.quantity}


def whole_of(world: World, item: Row) -> Part:
    return whole(item, item["current_period_start"], item["current_period_end"], name_of(world, item["price"]))


def next_periods(world: World, subscription: Row) -> tuple[list[Row], list[Part]]:
    """Copies of the items in their next period, and what that period costs: less if the subscription ends in it."""
    items, parts = deepcopy(items_of(subscription)), []
    last = subscription["cancel_at"]
    for item in items:
        start, end = _following(subscription, item)
        item.update(current_period_start=start, current_period_end=end)
        part = whole_of(world, item)
        if last is not None and start < last < end:
            item["current_period_end"] = last
            part = replace(part, amount=part.amount - rest_of(part.amount, start, end, last), end=last)
        parts.append(part)
    return items, parts


def _following(subscription: Row, item: Row) -> tuple[int, int]:
    """The period after the item's: up to the next border counted from the anchor."""
    start = int(item["current_period_end"])
    return start, period_at(int(subscription["billing_cycle_anchor"]), *interval_of(item["price"]), start)[1]
