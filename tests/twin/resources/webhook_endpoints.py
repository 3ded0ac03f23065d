"""Webhook endpoints. Their secret is shown once, when they are made."""

from typing import Any
from urllib.parse import urlsplit

from tests.twin.errors import invalid
from tests.twin.routing import Call, page_of, route
from tests.twin.world import API_VERSION, Row, World

MANY = 16  # endpoints that one account may have


def add_endpoint(world: World, url: str, enabled_events: list[str], **more: Any) -> Row:
    """A new endpoint. It signs with the secret the twin was started with, else with one of its own."""
    secret = world.settings.get("webhook_secret") or world.new_id("whsec").replace("whsec_", "whsec_twin")
    return world.add(
        {
            "id": world.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": more.get("api_version"),
            "application": None,
            "created": world.now(),
            "description": more.get("description") or None,
            "enabled_events": enabled_events,
            "livemode": False,
            "metadata": more.get("metadata") or {},
            "status": "enabled",
            "url": url,
            "_secret": secret,
        }
    )


@route("POST", "/v1/webhook_endpoints")
def create(world: World, call: Call) -> Row:
    params = dict(call.params)
    _check(params)
    if len(world.table("webhook_endpoint")) >= MANY:
        raise invalid(f"You have reached the maximum of {MANY} test webhook endpoints.")
    endpoint = add_endpoint(world, params.pop("url"), params.pop("enabled_events"), **params)
    return {**endpoint, "secret": endpoint["_secret"]}


@route("GET", "/v1/webhook_endpoints")
def listing(world: World, call: Call) -> Row:
    return page_of(world.rows("webhook_endpoint"), call)


@route("GET", "/v1/webhook_endpoints/{webhook_endpoint}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("webhook_endpoint", call.path_args["webhook_endpoint"])


@route("POST", "/v1/webhook_endpoints/{webhook_endpoint}")
def update(world: World, call: Call) -> Row:
    endpoint = world.get("webhook_endpoint", call.path_args["webhook_endpoint"])
    params = dict(call.params)
    _check(params)
    disabled = params.pop("disabled", None)
    if disabled is not None:
        endpoint["status"] = "disabled" if disabled else "enabled"
    metadata = params.pop("metadata", {})
    endpoint["metadata"] = merged(endpoint["metadata"], metadata)
    endpoint.update(params)
    endpoint["description"] = endpoint["description"] or None
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}")
def delete(world: World, call: Call) -> Row:
    endpoint = world.get("webhook_endpoint", call.path_args["webhook_endpoint"])
    del world.table("webhook_endpoint")[endpoint["id"]]
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def merged(metadata: dict[str, str], change: dict[str, str] | str) -> dict[str, str]:
    """Metadata after a change: an empty value removes a key, an empty string all of them."""
    if not change or isinstance(change, str):
        return metadata if change == {} else {}
    return {key: value for key, value in {**metadata, **change}.items() if value != ""}


def _check(params: Row) -> None:
    if "url" in params and urlsplit(params["url"]).scheme not in ("http", "https"):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", code="url_invalid")
    if params.get("enabled_events") == []:
        raise invalid("You must choose at least one event.", "enabled_events")
    if params.get("api_version") not in (None, API_VERSION):
        raise invalid(f"The twin speaks {API_VERSION} only.", "api_version")
