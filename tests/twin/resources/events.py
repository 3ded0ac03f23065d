"""Events: made by `World.emit`, listed newest first, kept for thirty days."""

from fnmatch import fnmatchcase

from tests.twin.errors import invalid, missing
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

KEPT = 30 * 86_400


@route("GET", "/v1/events")
def listing(world: World, call: Call) -> Row:
    rows = [event for event in world.rows("event") if _is_kept(world, event)]
    if "type" in call.params and "types" in call.params:
        raise invalid("You may only specify one of these parameters: type, types.")
    kinds = call.params.get("types") or [call.params.get("type", "*")]
    rows = [event for event in rows if any(fnmatchcase(event["type"], kind) for kind in kinds)]
    if "delivery_success" in call.params:
        rows = [event for event in rows if (event["pending_webhooks"] == 0) == call.params["delivery_success"]]
    return page_of(created_within(rows, call), call)


@route("GET", "/v1/events/{id}")
def retrieve(world: World, call: Call) -> Row:
    event = world.get("event", call.path_args["id"])
    if not _is_kept(world, event):
        raise missing("event", event["id"])
    return event


def created_within(rows: list[Row], call: Call) -> list[Row]:
    """Those that the parameter `created` (a time or {gt, gte, lt, lte}) lets through."""
    wanted = call.params.get("created")
    if wanted is None:
        return rows
    if isinstance(wanted, int):
        return [row for row in rows if row["created"] == wanted]
    tests = {
        "gt": lambda at, bound: at > bound,
        "gte": lambda at, bound: at >= bound,
        "lt": lambda at, bound: at < bound,
        "lte": lambda at, bound: at <= bound,
    }
    return [row for row in rows if all(tests[name](row["created"], bound) for name, bound in wanted.items())]


def _is_kept(world: World, event: Row) -> bool:
    return bool(event["created"] > world.now() - KEPT)
