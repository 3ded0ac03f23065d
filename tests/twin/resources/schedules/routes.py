"""The API of subscription schedules."""

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import matching, merge_metadata, recording, reference
from tests.twin.resources.schedules.moving import apply_phase, current_of, note_cancel, release, step, subscription_of
from tests.twin.resources.schedules.rows import OPEN, new_schedule, wanted_phases
from tests.twin.resources.subscriptions.routes import cancel_subscription
from tests.twin.resources.subscriptions.rows import RUNNING
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

ONE = "/v1/subscription_schedules/{schedule}"
DONE_TO_IT = {"update": "updated", "release": "released", "cancel": "canceled"}
DONE = {"end_behavior", "expand", "metadata", "phases", "proration_behavior"}


def _named(world: World, call: Call, verb: str | None = None) -> Row:
    """The schedule of the address; with a verb (update, release, cancel) it must be open."""
    schedule = world.get("subscription_schedule", call.path_args["schedule"], "schedule")
    if verb and schedule["status"] not in OPEN:
        raise invalid(
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` status. It "
            f"must be in `not_started`, `active` status to be {DONE_TO_IT[verb]}."
        )
    return schedule


def create_schedule(world: World, subscription: str) -> Row:
    """A schedule that takes over a running subscription, as `from_subscription`. Raises TwinError 400."""
    row = reference(world, "subscription", subscription, "from_subscription")
    if row["schedule"]:
        raise invalid(
            f"You cannot migrate a subscription that is already attached to a schedule: `{row['schedule']}`.",
            "from_subscription",
        )
    if row["status"] not in RUNNING:
        raise invalid(
            f"You cannot migrate a subscription that is in the `{row['status']}` status.", "from_subscription"
        )
    schedule = world.add(new_schedule(world, row))
    with recording(world, row, "customer.subscription.updated"):
        row["schedule"] = schedule["id"]
    world.emit("subscription_schedule.created", schedule)
    return schedule


@route("POST", "/v1/subscription_schedules")
def create(world: World, call: Call) -> Row:
    if not call.params.get("from_subscription"):
        raise TwinError(501, "api_error", "The twin makes schedules of existing subscriptions only.")
    if others := set(call.params) - {"from_subscription"}:
        raise invalid(f"You cannot set `{sorted(others)[0]}` if `from_subscription` is set.", sorted(others)[0])
    return create_schedule(world, call.params["from_subscription"])


@route("GET", ONE)
def retrieve(world: World, call: Call) -> Row:
    return _named(world, call)


@route("POST", ONE)
def update(world: World, call: Call) -> Row:
    return update_schedule(world, _named(world, call, "update"), call.params)


def update_schedule(world: World, schedule: Row, params: Row) -> Row:
    """Give an open schedule other phases or another end. Raises TwinError 400."""
    if unknown := set(params) - DONE:
        raise TwinError(501, "api_error", f"The twin does not change {sorted(unknown)} of schedules.")
    if params.get("end_behavior", "release") not in ("release", "cancel"):
        raise TwinError(501, "api_error", "The twin ends schedules by `release` or `cancel`.")
    subscription = subscription_of(world, schedule)
    phases = wanted_phases(world, schedule, subscription, params["phases"]) if "phases" in params else None
    with recording(world, schedule, "subscription_schedule.updated"):
        merge_metadata(schedule, params)
        schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
        if phases is not None:
            _put_phases(world, schedule, phases, params.get("proration_behavior", "create_prorations"))
    if schedule["status"] == "active":
        note_cancel(world, schedule)
    return schedule


def _put_phases(world: World, schedule: Row, phases: list[Row], proration: str) -> None:
    """Phases that are over stay as they were; the current one takes effect at once."""
    now = world.now(schedule["customer"])
    start = schedule["current_phase"]["start_date"]
    past = [phase for phase in schedule["phases"] if phase["start_date"] < start]
    schedule["phases"] = past + [phase for phase in phases if phase["start_date"] >= start]
    current = current_of(schedule)
    assert current is not None, "wanted_phases lets none through without it"
    schedule["current_phase"]["end_date"] = current["end_date"]
    if current["end_date"] <= now:
        step(world, schedule)
    else:
        apply_phase(world, subscription_of(world, schedule), current, proration)


@route("POST", f"{ONE}/release")
def release_schedule(world: World, call: Call) -> Row:
    keep = bool(call.params.get("preserve_cancel_date"))
    return release(world, _named(world, call, "release"), keep_cancel=keep)


@route("POST", f"{ONE}/cancel")
def cancel(world: World, call: Call) -> Row:
    schedule = _named(world, call, "cancel")
    params = call.params
    cancel_subscription(
        world,
        schedule["subscription"],
        invoice_now=params.get("invoice_now", True),
        prorate=params.get("prorate", True),
    )
    return schedule


@route("GET", "/v1/subscription_schedules")
def list_schedules(world: World, call: Call) -> Row:
    rows = matching(world.rows("subscription_schedule"), call, "customer")
    if "scheduled" in call.params:
        rows = [row for row in rows if (row["status"] == "not_started") == call.params["scheduled"]]
    return page_of(rows, call)
