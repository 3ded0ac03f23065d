"""Webhooks: what is queued for which endpoint."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.twin.world import World


def queue(world: "World", event: dict[str, Any]) -> None:
    """Queue this event for every enabled endpoint that asked for its type."""
    for endpoint in world.table("webhook_endpoint").values():
        wanted = endpoint["enabled_events"]
        if endpoint["status"] == "enabled" and ("*" in wanted or event["type"] in wanted):
            world.deliveries.append({"event": event["id"], "endpoint": endpoint["id"], "state": "queued"})
            event["pending_webhooks"] += 1
