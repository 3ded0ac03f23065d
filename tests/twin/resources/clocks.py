"""Test clocks: a time of their own for the customers made on them."""

from tests.twin import clockwork
from tests.twin.errors import TwinError, invalid
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

TABLE = "test_helpers.test_clock"
LIFE = 30 * 86_400
FARTHEST = 2 * 366 * 86_400  # s: two of the longest periods at once
MANY = 100


@route("POST", "/v1/test_helpers/test_clocks")
def create(world: World, call: Call) -> Row:
    if call.params["frozen_time"] < 0:
        raise invalid("Invalid frozen_time.", "frozen_time")
    if len(world.table(TABLE)) >= MANY:
        raise TwinError(400, "invalid_request_error", f"You may have {MANY} test clocks.")
    row = world.add(
        {
            "id": world.new_id("clock"),
            "object": TABLE,
            "created": world.now(),
            "deletes_after": world.now() + LIFE,
            "frozen_time": call.params["frozen_time"],
            "livemode": False,
            "name": call.params.get("name"),
            "status": "ready",
            "status_details": {},
        }
    )
    world.emit("test_helpers.test_clock.created", row)
    return row


@route("GET", "/v1/test_helpers/test_clocks")
def listing(world: World, call: Call) -> Row:
    return page_of(world.rows(TABLE), call)


@route("GET", "/v1/test_helpers/test_clocks/{test_clock}")
def retrieve(world: World, call: Call) -> Row:
    return world.get(TABLE, call.path_args["test_clock"])


@route("POST", "/v1/test_helpers/test_clocks/{test_clock}/advance")
def advance(world: World, call: Call) -> Row:
    """Everything that falls due on the way happens before the answer, which still says `advancing`, as Stripe's does.
    """
    clock = world.get(TABLE, call.path_args["test_clock"])
    to = call.params["frozen_time"]
    if to <= clock["frozen_time"]:
        raise invalid("You must specify a time later than the clock's present one.", "frozen_time")
    if to > clock["frozen_time"] + FARTHEST:
        raise invalid("A clock advances by at most two intervals of its longest subscription.", "frozen_time")
    clock.update(status="advancing", status_details={"advancing": {"target_frozen_time": to}})
    world.emit("test_helpers.test_clock.advancing", clock)
    answer = dict(clock)
    for customer in _customers(world, clock):
        clockwork.run_until(world, to, customer)
    clock.update(frozen_time=to, status="ready", status_details={})
    world.emit("test_helpers.test_clock.ready", clock)
    return answer


@route("DELETE", "/v1/test_helpers/test_clocks/{test_clock}")
def delete(world: World, call: Call) -> Row:
    """The clock goes, and with it its customers and all that is theirs."""
    clock = world.get(TABLE, call.path_args["test_clock"])
    gone = set(_customers(world, clock))
    for rows in world.tables.values():
        for id in [id for id, row in rows.items() if id in gone or row.get("customer") in gone]:
            del rows[id]
    del world.table(TABLE)[clock["id"]]
    world.emit("test_helpers.test_clock.deleted", clock)
    return {"id": clock["id"], "object": TABLE, "deleted": True}


def _customers(world: World, clock: Row) -> list[str]:
    return [id for id, row in world.table("customer").items() if row.get("test_clock") == clock["id"]]
