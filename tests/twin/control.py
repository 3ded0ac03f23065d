"""What tests tell the twin, as JSON under `/_twin/`."""

import json
from collections.abc import Callable
from typing import Any

from tests.twin import chaos, clockwork, deliveries
from tests.twin.api import Twin
from tests.twin.errors import TwinError, invalid
from tests.twin.replies import Reply, Request, json_reply
from tests.twin.world import public

DAY = 86_400
TIMELESS = {"reset", "calls"}  # answered even by a world in which the clockwork fails
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
            if name not in TIMELESS:
                clockwork.run_until(twin.world, twin.world.now())
            return json_reply(200, verb(twin, order))
    except (TwinError, ValueError, TypeError) as error:
        return json_reply(400, {"error": {"message": str(error)}})
    except Exception as error:
        twin.crashed(request)
        return json_reply(500, {"error": {"message": f"The twin itself failed: {error!r}"}})


def reset(twin: Twin, order: Order) -> Order:
    """Empty the world. {"seed": str, "start": epoch s} make it the same again; {"webhook": url} adds an endpoint."""
    twin.start(order.get("seed"), order.get("start"), order.get("webhook"))
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
    world.post.set()
    return {"now": world.now()}


def truth(twin: Twin, order: Order) -> Order:
    """Every table, rows as Stripe would show them."""
    return {name: public(rows) for name, rows in twin.world.tables.items()}


def calls(twin: Twin, order: Order) -> Order:
    """Every (method, template) asked for since the reset with counts by verdict, and the twin's own failures."""
    seen = [{"method": key[0], "template": key[1], **counts} for key, counts in sorted(twin.calls.items())]
    return {"calls": seen, "crashes": twin.crashes}


def switches(twin: Twin, order: Order) -> Order:
    """Turn mishaps on and off, see `chaos`."""
    chaos.switch(twin.world, order)
    return twin.world.chaos


def configure(twin: Twin, order: Order) -> Order:
    """Change settings of the account that Stripe has in its dashboard, such as what follows the last failed retry."""
    twin.world.settings.update(order)
    return twin.world.settings


def state(twin: Twin, order: Order) -> Order:
    """How the twin stands; `due` counts the webhooks that are about to be sent."""
    world = twin.world
    rows = {name: len(table) for name, table in world.tables.items()}
    due = sum(row["state"] in ("queued", "burst") and row["due"] <= deliveries.clock(world) for row in world.deliveries)
    told = {"now": world.now(), "offset": world.offset, "chaos": world.chaos, "settings": world.settings}
    return {**told, "rows": rows, "due": due}


def delivered(twin: Twin, order: Order) -> Order:
    """Every delivery of the account's life."""
    return {"deliveries": twin.world.deliveries}


def deliver(twin: Twin, order: Order) -> Order:
    """Let go what is held: {"order": given|reverse|shuffle, "which": [ids, events or types], "pull": bool}.

    With `pull` the caller gets the signed letters to carry them itself and then reports; else they are sent.
    """
    world = twin.world
    rows = deliveries.held(world, order.get("order", "given"), order.get("which"))
    if order.get("pull"):
        letters = [deliveries.signed(world, row) for row in rows]
        return {"letters": [letter for letter in letters if letter is not None]}
    for place, row in enumerate(rows):
        row.update(state="queued", due=deliveries.clock(world), order=float(place))
    world.post.set()
    return {"sent": len(rows)}


def report(twin: Twin, order: Order) -> Order:
    """What became of pulled letters: {"results": {delivery id: HTTP status}}. What failed stays held."""
    results = order.get("results", {})
    for row in twin.world.deliveries:
        if row["id"] in results and row["state"] == "held":
            deliveries.attempted(twin.world, row, results[row["id"]])
    return {}


ORDERS: dict[tuple[str, str], Callable[[Twin, Order], Order]] = {
    ("POST", "reset"): reset,
    ("POST", "advance"): advance,
    ("GET", "truth"): truth,
    ("GET", "calls"): calls,
    ("GET", "state"): state,
    ("POST", "chaos"): switches,
    ("POST", "settings"): configure,
    ("GET", "deliveries"): delivered,
    ("POST", "deliver"): deliver,
    ("POST", "report"): report,
}
