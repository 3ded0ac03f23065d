"""The customer portal: its configurations, and sessions that open `pages/portal.py` for one customer."""

import secrets
from copy import deepcopy
from typing import Any

from tests.twin.errors import TwinError, invalid, missing
from tests.twin.resources.changes import needed, reference
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World

UNUSED_LIFE, IDLE_LIFE = 300, 3600  # seconds: until it is first opened, and after it was last used
OFF: Row = {"enabled": False}
FEATURES: dict[str, Row] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}
FLOWS = ("payment_method_update", "subscription_cancel")  # each needs the feature of the same name
OTHER_FLOWS = ("customer_update", "subscription_pause", "subscription_update", "subscription_update_confirm")


@route("POST", "/v1/billing_portal/configurations")
def create_configuration(world: World, call: Call) -> Row:
    if call.params.get("login_page", {}).get("enabled"):
        raise TwinError(501, "api_error", "The twin has no log-in page for the portal.")
    configuration: Row = {
        "id": world.new_id("bpc"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url")),
        "created": world.now(),
        "default_return_url": None,
        "features": deepcopy(FEATURES),
        "is_default": False,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": world.now(),
    }
    _apply(world, configuration, call.params)
    world.emit("billing_portal.configuration.created", configuration)
    return world.add(configuration)


@route("POST", "/v1/billing_portal/configurations/{configuration}")
def update_configuration(world: World, call: Call) -> Row:
    configuration = _configuration(world, call.path_args["configuration"])
    _apply(world, configuration, call.params)
    configuration["updated"] = world.now()
    world.emit("billing_portal.configuration.updated", configuration)
    return configuration


@route("GET", "/v1/billing_portal/configurations/{configuration}")
def retrieve_configuration(world: World, call: Call) -> Row:
    return _configuration(world, call.path_args["configuration"])


@route("GET", "/v1/billing_portal/configurations")
def list_configurations(world: World, call: Call) -> Row:
    wanted = {name: call.params[name] for name in ("active", "is_default") if name in call.params}
    return page_of(world.rows("billing_portal.configuration", **wanted), call)


@route("POST", "/v1/billing_portal/sessions")
def create_session(world: World, call: Call) -> Row:
    params = call.params
    needed(params, "customer")
    customer = reference(world, "customer", params["customer"], "customer")
    configuration = _configuration_for(world, params)
    secret = secrets.token_urlsafe(32)
    session = {
        "id": world.new_id("bps"),
        "object": "billing_portal.session",
        "after_expiration": None,
        "configuration": configuration["id"],
        "created": world.now(customer["id"]),
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(world, params.get("flow_data"), configuration, customer),
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url", configuration["default_return_url"]),
        "url": f"{call.base_url}/p/session/{secret}",
        "_secret": secret,
        "_used": None,
    }
    world.emit("billing_portal.session.created", session)
    return world.add(session)


def open_session(world: World, secret: str) -> Row | None:
    """The session with this secret, marked as used now; None when there is none or it has expired."""
    for session in world.rows("billing_portal.session"):
        if secrets.compare_digest(session["_secret"], secret):
            now, used = world.now(session["customer"]), session["_used"]
            if now > (session["created"] + UNUSED_LIFE if used is None else used + IDLE_LIFE):
                return None
            session["_used"] = now
            return session
    return None


def _apply(world: World, configuration: Row, params: dict[str, Any]) -> None:
    for name, given in params.get("features", {}).items():
        _check_feature(world, name, given)
    for name, given in params.get("features", {}).items():
        configuration["features"][name].update({key: [] if value == "" else value for key, value in given.items()})
    configuration["business_profile"].update(params.get("business_profile", {}))
    for product in configuration["features"]["subscription_update"]["products"]:
        product["adjustable_quantity"] = {"maximum": None, "minimum": 1, **product.get("adjustable_quantity", OFF)}
    for name in ("active", "default_return_url", "metadata", "name"):
        if name in params:
            configuration[name] = params[name] if params[name] != "" else None
    if configuration["metadata"] is None:
        configuration["metadata"] = {}


def _check_feature(world: World, name: str, given: dict[str, Any]) -> None:
    if name == "subscription_pause" and given.get("enabled"):
        raise TwinError(501, "api_error", "The twin does not pause subscriptions in the portal.")
    if name == "customer_update" and given["enabled"] and not given.get("allowed_updates"):
        raise invalid(
            "You must provide at least one allowed update.", "features[customer_update][allowed_updates]"
        )
    if name == "subscription_update" and given["enabled"]:
        for field in ("default_allowed_updates", "products"):
            if not given.get(field):
                raise invalid(f"Missing required param: features[subscription_update][{field}].", f"features[{name}]")
        for product in given["products"]:
            reference(world, "product", product["product"], "features[subscription_update][products]")
            for price in product["prices"]:
                reference(world, "price", price, "features[subscription_update][products]")


def _configuration(world: World, id: str) -> Row:
    return world.get("billing_portal.configuration", id, "configuration")


def _configuration_for(world: World, params: dict[str, Any]) -> Row:
    if "configuration" not in params:
        raise invalid(
            "No configuration provided and your test mode default configuration has not been created. Provide a "
            "configuration or create your default by saving your customer portal settings in test mode."
        )
    configuration = world.table("billing_portal.configuration").get(params["configuration"])
    if configuration is None:
        message = f"No such configuration: '{params['configuration']}'"
        raise invalid(message, "configuration", code="resource_missing")
    if not configuration["active"]:
        raise invalid(f"The configuration {configuration['id']} is not active.", "configuration")
    return configuration


def _flow(world: World, given: dict[str, Any] | None, configuration: Row, customer: Row) -> Row | None:
    if given is None:
        return None
    kind = given["type"]
    if kind not in FLOWS:
        raise TwinError(501, "api_error", f"The twin does not know the portal flow {kind}.")
    if not configuration["features"][kind]["enabled"]:
        raise invalid(f"The portal configuration does not have {kind} enabled.", "flow_data[type]")
    flow = {
        "type": kind,
        "after_completion": _after_completion(given.get("after_completion")),
        **dict.fromkeys((*OTHER_FLOWS, "subscription_cancel")),
    }
    if kind == "subscription_cancel":
        aim = given.get(kind, {}).get("subscription")
        subscription = reference(world, "subscription", aim or "", "flow_data[subscription_cancel][subscription]")
        if subscription["customer"] != customer["id"]:
            raise missing("subscription", subscription["id"], "flow_data[subscription_cancel][subscription]")
        flow[kind] = {"subscription": subscription["id"], "retention": None}
    return flow


def _after_completion(given: dict[str, Any] | None) -> Row:
    given = given or {"type": "portal_homepage"}
    if given["type"] == "redirect" and "redirect" not in given:
        raise invalid("Missing required param: flow_data[after_completion][redirect].", "flow_data[after_completion]")
    return {"hosted_confirmation": None, "redirect": None, **given}
