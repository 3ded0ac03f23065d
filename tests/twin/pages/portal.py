"""The customer portal: what the session's configuration allows, for its one customer.

Two things are as at Stripe and easily missed: a new card becomes the customer's default
(`invoice_settings.default_payment_method`) while a default that a subscription has of its own stays and goes first; and
cancelling at the end of a period sets `cancel_at`, with `cancel_at_period_end` false.
"""

import re
from typing import Any

from tests.twin.errors import TwinError
from tests.twin.pages import threeds
from tests.twin.pages.acts import BadForm, act, go, hosted, show
from tests.twin.pages.cards import needs_confirmation, new_card
from tests.twin.pages.html import el
from tests.twin.pages.portal_parts import (
    DETAILS,
    cancel_page,
    card_page,
    features_of,
    home,
    offered,
    path_of,
    return_link,
)
from tests.twin.resources.portal import open_session
from tests.twin.routing import Page, Visit
from tests.twin.world import Row, World


@hosted("GET", "/p/session/{secret}")
def open_page(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    flow = session["flow"]
    if flow and flow["type"] == "payment_method_update" and not visit.query.get("home"):
        return card_page(world, session)
    if flow and flow["type"] == "subscription_cancel" and not visit.query.get("home"):
        return cancel_page(world, session)
    return home(world, session)


@hosted("POST", "/p/session/{secret}/card")
def save_card(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    _feature(world, session, "payment_method_update")
    try:
        method = new_card(world, visit.base_url, visit.form)
    except (BadForm, TwinError) as error:
        return card_page(world, session, str(error))
    if needs_confirmation(method):
        return threeds.ask(world, "portal", session["id"], method, "The card is saved for later payments.", {})
    return _keep_card(world, visit.base_url, session, method)


@threeds.after("portal")
def confirmed(world: World, visit: Visit, challenge: Row, passed: bool) -> Page:
    session = world.get("billing_portal.session", challenge["_target"])
    if not passed:
        return card_page(world, session, threeds.FAILED)
    return _keep_card(world, visit.base_url, session, world.get("payment_method", challenge["_method"]))


@hosted("POST", "/p/session/{secret}/subscriptions/{subscription}/cancel")
def cancel(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    feature = _feature(world, session, "subscription_cancel")
    subscription = _own(world, session, "subscription", visit.path_args["subscription"])
    path = f"/v1/subscriptions/{subscription['id']}"
    if feature["mode"] == "immediately":
        act(world, visit.base_url, "DELETE", path, prorate=feature["proration_behavior"] != "none")
    else:
        end = max(item["current_period_end"] for item in subscription["items"]["data"])
        act(world, visit.base_url, "POST", path, cancel_at=end)
    return _done(session, "subscription_cancel")


@hosted("POST", "/p/session/{secret}/subscriptions/{subscription}/resume")
def resume(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    _feature(world, session, "subscription_cancel")
    subscription = _own(world, session, "subscription", visit.path_args["subscription"])
    change: dict[str, Any] = {"cancel_at": ""}
    if subscription["cancel_at_period_end"]:
        change = {"cancel_at_period_end": False}
    act(world, visit.base_url, "POST", f"/v1/subscriptions/{subscription['id']}", **change)
    return go(path_of(session))


@hosted("POST", "/p/session/{secret}/subscriptions/{subscription}/switch")
def switch(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    feature = _feature(world, session, "subscription_update")
    subscription = _own(world, session, "subscription", visit.path_args["subscription"])
    item, price = subscription["items"]["data"][0], visit.form.get("price", "")
    if price not in offered(feature):
        raise TwinError(400, "invalid_request_error", "This price is not offered here.")
    act(
        world,
        visit.base_url,
        "POST",
        f"/v1/subscriptions/{subscription['id']}",
        items=[{"id": item["id"], "price": price}],
        proration_behavior=feature["proration_behavior"],
    )
    return go(path_of(session))


@hosted("POST", "/p/session/{secret}/details")
def save_details(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    allowed = _feature(world, session, "customer_update")["allowed_updates"]
    new = {name: visit.form[name] for _, name, _ in DETAILS if name in allowed and name in visit.form}
    act(world, visit.base_url, "POST", f"/v1/customers/{session['customer']}", **new)
    return go(path_of(session))


@hosted("POST", "/p/session/{secret}/tax_ids")
def change_tax_ids(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    if "tax_id" not in _feature(world, session, "customer_update")["allowed_updates"]:
        raise _off()
    path = f"/v1/customers/{session['customer']}/tax_ids"
    if old := visit.form.get("remove"):
        act(world, visit.base_url, "DELETE", f"{path}/{old}")
        return go(path_of(session))
    number = re.sub(r"[ .-]", "", visit.form.get("vat", "")).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9A-Z]{6,12}", number):
        return home(world, session, "Write the VAT ID with its country, such as DE123456789.")
    kind = {"GB": "gb_vat", "CH": "ch_vat", "NO": "no_vat"}.get(number[:2], "eu_vat")
    act(world, visit.base_url, "POST", path, type=kind, value=number)
    return go(path_of(session))


def _keep_card(world: World, base_url: str, session: Row, method: Row) -> Page:
    """The card becomes the customer's default. Declined: nothing changes."""
    customer = session["customer"]
    try:
        act(world, base_url, "POST", f"/v1/payment_methods/{method['id']}/attach", customer=customer)
    except TwinError as error:
        return card_page(world, session, str(error))
    default = {"default_payment_method": method["id"]}
    act(world, base_url, "POST", f"/v1/customers/{customer}", invoice_settings=default)
    return _done(session, "payment_method_update")


def _done(session: Row, kind: str) -> Page:
    """Where the flow says to go once its one thing is done; the portal's first page without a flow."""
    flow = session["flow"]
    if flow and flow["type"] == kind:
        after = flow["after_completion"]
        if after["type"] == "redirect":
            return go(after["redirect"]["return_url"])
        if after["type"] == "hosted_confirmation":
            message = (after["hosted_confirmation"] or {}).get("custom_message") or "Your change is saved."
            return show("Done", el("p", message), return_link(session))
    return go(f"{path_of(session)}?home=1")


def _feature(world: World, session: Row, name: str) -> Row:
    feature: Row = features_of(world, session)[name]
    if not feature["enabled"]:
        raise _off()
    return feature


def _off() -> TwinError:
    return TwinError(403, "invalid_request_error", "The configuration of this portal does not allow this.")


def _own(world: World, session: Row, kind: str, id: str) -> Row:
    row = world.get(kind, id)
    if row["customer"] != session["customer"]:
        raise TwinError(404, "invalid_request_error", f"No such {kind}.")
    return row


def _session(world: World, visit: Visit) -> Row:
    session = open_session(world, visit.path_args["secret"])
    if session is None:
        raise TwinError(404, "invalid_request_error", "This portal session has expired. Go back and open it again.")
    if world.get("customer", session["customer"]).get("deleted"):
        raise TwinError(404, "invalid_request_error", "The customer of this session has been deleted.")
    return session
