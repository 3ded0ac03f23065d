"""What tests tell the twin, as JSON under `/_twin/`."""

import json
from collections.abc import Callable
from typing import Any

from tests.twin import clockwork
from tests.twin.api import Reply, Request, Twin, json_reply
from tests.twin.errors import TwinError, invalid
from tests.twin.world import public

DAY = 86_400
Order = dict[str, Any]


def answer(twin: Twin, request: Request) -> Reply:
    """Carry out one order. Never raises for what a caller can get wrong."""
    name = request.path.removeprefix("/_twin/")
    verb = ORDERS.get((request.method, name))
    if verb is None:
        return json_reply(404, {"error": {"message": f"No such order: {request.method} {request.path}"}})
    try:
        order = json.loads(request.body or b"{}")
        if not isinstance(order, dict):
            raise invalid("An order is a JSON object.")
        with twin.world.lock:
            return json_reply(200, verb(twin, order))
    except (TwinError, ValueError) as error:
        return json_reply(400, {"error": {"message": str(error)}})


def reset(twin: Twin, order: Order) -> Order:
    """Empty the world: {"seed": str, "start": epoch s} make it the same again."""
    twin.world.clear(order.get("seed"), order.get("start"))
    twin.calls.clear()
    twin.crashes.clear()
    return {"now": twin.world.now()}


def advance(twin: Twin, order: Order) -> Order:
    """Move time on by {"seconds"} or {"days"}, or {"to": epoch s}, doing on the way what time does."""
    world = twin.world
    now = world.now()
    to = int(order.get("to", now + order.get("seconds", 0) + order.get("days", 0) * DAY))
    if to < now:
        raise invalid("Time does not go back.")
    clockwork.run_until(world, to)
    world.offset += to - world.now()
    world.dirty.set()
    return {"now": world.now()}


def truth(twin: Twin, order: Order) -> Order:
    """Every table, rows as Stripe would show them."""
    return {name: public(rows) for name, rows in twin.world.tables.items()}


def calls(twin: Twin, order: Order) -> Order:
    """Every (method, template) asked for since the reset with counts by verdict, and the twin's own failures."""
    seen = [{"method": key[0], "template": key[1], **counts} for key, counts in sorted(twin.calls.items())]
    return {"calls": seen, "crashes": twin.crashes}


def state(twin: Twin, order: Order) -> Order:
    """How the twin stands."""
    world = twin.world
    rows = {name: len(table) for name, table in world.tables.items()}
    return {"now": world.now(), "offset": world.offset, "chaos": world.chaos, "settings": world.settings, "rows": rows}


ORDERS: dict[tuple[str, str], Callable[[Twin, Order], Order]] = {
    ("POST", "reset"): reset,
    ("POST", "advance"): advance,
    ("GET", "truth"): truth,
    ("GET", "calls"): calls,
    ("GET", "state"): state,
}
