"""What can go wrong between Stripe and its customers, switched on by tests.

For webhooks: `duplicate` (sent that many more times), `reorder`, `delay` (s), `drop`, `burst` (that many at once),
`late_retry` (sent again hours or days later), `hold` (kept until told). True is always, a fraction is a probability.
For the API: `fail_500`, `time_out`, `rate_limit`, `slow`, each a number of times or
{"times": 2, "match": "POST /v1/subscriptions", "seconds": 0.5}. A 500 that is `sticky` belongs to the idempotency key:
Stripe then repeats it for a day, whatever is sent with that key.
The same world seed and the same switches give the same mishaps.
"""

import random
from typing import TYPE_CHECKING, Any

from tests.twin.errors import TwinError, invalid

if TYPE_CHECKING:
    from tests.twin.world import World

WEBHOOKS = frozenset({"duplicate", "reorder", "delay", "drop", "burst", "late_retry", "hold"})
API = frozenset({"fail_500", "time_out", "rate_limit", "slow"})


def switch(world: "World", orders: dict[str, Any]) -> None:
    """Change the switches that are named; False or 0 turns one off. Raises TwinError 400 for an unknown one."""
    unknown = sorted(set(orders) - WEBHOOKS - API)
    if unknown:
        raise invalid(f"No such chaos: {', '.join(unknown)}. There is {', '.join(sorted(WEBHOOKS | API))}.")
    for name, value in orders.items():
        if not value:
            world.chaos.pop(name, None)
        elif name in API:
            world.chaos[name] = {"times": value} if isinstance(value, int) else dict(value)
        else:
            world.chaos[name] = value
    world.dirty.set()


def happens(world: "World", name: str, dice: random.Random) -> bool:
    """Whether this webhook mishap strikes now."""
    value = world.chaos.get(name, False)
    if isinstance(value, float) and value < 1:
        return dice.random() < value
    return bool(value)


def strike(world: "World", name: str, operation: str) -> dict[str, Any] | None:
    """Take one of the remaining API mishaps of this kind if it concerns `operation` ("POST /v1/customers")."""
    switched: dict[str, Any] | None = world.chaos.get(name)
    if switched is None or switched.get("match", "") not in operation:
        return None
    switched["times"] = switched.get("times", 1) - 1
    if switched["times"] <= 0:
        del world.chaos[name]
    world.dirty.set()
    return switched


def failure() -> TwinError:
    return TwinError(500, "api_error", "An unknown error occurred.")


def too_many() -> TwinError:
    return TwinError(
        429,
        "invalid_request_error",
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
    )
