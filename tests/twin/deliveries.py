"""Webhooks: which event goes to which endpoint, when, and what became of it.

A delivery is a row `{id, event, type, endpoint, state, due, order, attempt, status}` in `world.deliveries`; its state
is queued, held, burst (waiting for company), delivered, failed (given up) or dropped.
"""

import json
import random
import time
from typing import TYPE_CHECKING, Any

import stripe

from tests.twin import chaos
from tests.twin.errors import invalid

if TYPE_CHECKING:
    from tests.twin.world import World

Row = dict[str, Any]

# Seconds from one attempt to the next, in the twin's time: more than three days together, then it is given up.
BACKOFF = (300, 1800, 7200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200, 43_200)
BURST_PATIENCE = 2.0  # seconds that a burst waits for one more
SHUFFLE = 0.3  # seconds within which reordered deliveries are spread
LATEST = 3 * 86_400  # s: how late the latest retry of a delivered event can come


def clock(world: "World") -> float:
    """The twin's time with fractions; deliveries know no test clocks."""
    return time.time() + world.offset


def queue(world: "World", event: Row) -> None:
    """Plan the deliveries of this event to every enabled endpoint that asked for its type."""
    for endpoint in world.table("webhook_endpoint").values():
        wanted = endpoint["enabled_events"]
        if endpoint["status"] == "enabled" and ("*" in wanted or event["type"] in wanted):
            event["pending_webhooks"] += 1
            _plan(world, event, endpoint)
    world.post.set()


def _plan(world: "World", event: Row, endpoint: Row) -> None:
    number = len(world.deliveries)
    dice = random.Random(f"{world.seed}:delivery:{number}")
    if chaos.happens(world, "drop", dice):
        _add(world, event, endpoint, dice, state="dropped")
        return
    again = world.chaos.get("duplicate", 0)
    copies = int(again) if again >= 1 else int(chaos.happens(world, "duplicate", dice))
    for _ in range(1 + copies):
        _add(world, event, endpoint, dice)
    if chaos.happens(world, "late_retry", dice):
        late = _add(world, event, endpoint, dice)
        state = "held" if world.chaos.get("hold") else "queued"
        late.update(state=state, due=clock(world) + dice.randint(3600, LATEST))


def _add(world: "World", event: Row, endpoint: Row, dice: random.Random, state: str = "queued") -> Row:
    due = clock(world) + float(world.chaos.get("delay", 0))
    number = len(world.deliveries)
    order = float(number)
    if chaos.happens(world, "reorder", dice):
        spread = dice.random()
        due, order = due + spread * SHUFFLE, spread
    if state == "queued" and world.chaos.get("hold"):
        state = "held"
    elif state == "queued" and world.chaos.get("burst"):
        state = "burst"
    row = {"id": f"whd_{number}", "event": event["id"], "type": event["type"], "endpoint": endpoint["id"]}
    row.update(state=state, due=due, order=order, attempt=0, status=None)
    world.deliveries.append(row)
    return row


def due_now(world: "World") -> list[Row]:
    """The deliveries to send now, in order; a burst comes due when it is complete or has waited long enough."""
    now = clock(world)
    waiting = [row for row in world.deliveries if row["state"] == "burst"]
    if waiting and (len(waiting) >= int(world.chaos.get("burst", 0)) or waiting[-1]["due"] + BURST_PATIENCE <= now):
        for row in waiting:
            row.update(state="queued", due=min(row["due"], now))
    rows = [row for row in world.deliveries if row["state"] == "queued" and row["due"] <= now]
    return sorted(rows, key=lambda row: (row["due"], row["order"]))


def held(world: "World", order: str = "given", which: list[str] | None = None) -> list[Row]:
    """The held deliveries that are due: all, or those whose id, event or type is in `which`.

    `order` is given, reverse or shuffle.
    """
    rows = [row for row in world.deliveries if row["state"] == "held" and row["due"] <= clock(world)]
    if which is not None:
        wanted = set(which)
        rows = [row for row in rows if wanted & {row["id"], row["event"], row["type"]}]
    rows.sort(key=lambda row: row["order"])
    if order == "reverse":
        rows.reverse()
    elif order == "shuffle":
        random.Random(f"{world.seed}:held:{len(world.deliveries)}").shuffle(rows)
    elif order != "given":
        raise invalid("`order` is given, reverse or shuffle.", "order")
    return rows


def signed(world: "World", row: Row) -> Row | None:
    """What to send for this delivery: {id, type, url, payload, signature}; None if event or endpoint are gone.

    The signature carries real time whatever the twin's clock says: the receiver compares it with its own.
    """
    event = world.table("event").get(row["event"])
    endpoint = world.table("webhook_endpoint").get(row["endpoint"])
    if event is None or endpoint is None or endpoint["status"] != "enabled":
        row["state"] = "failed"
        return None
    payload = json.dumps(event, indent=2)
    header = stripe.WebhookSignature.generate_signature_header(payload, endpoint["_secret"])
    sent = {"id": row["id"], "event": row["event"], "type": row["type"], "url": endpoint["url"]}
    return {**sent, "payload": payload, "signature": header}


def attempted(world: "World", row: Row, status: int | None) -> None:
    """Note the receiver's answer (None: there was none): done, or queued again with backoff, or given up."""
    was_held = row["state"] == "held"
    row.update(status=status, attempt=row["attempt"] + 1)
    world.dirty.set()
    if status is not None and 200 <= status < 300:
        row["state"] = "delivered"
        event = world.table("event").get(row["event"])
        if event is not None:
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
    elif row["attempt"] > len(BACKOFF):
        row["state"] = "failed"
    elif not was_held:
        row.update(state="queued", due=clock(world) + BACKOFF[row["attempt"] - 1])
