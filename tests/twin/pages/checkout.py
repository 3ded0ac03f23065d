"""The page of a checkout session: what it costs, a card, a VAT ID, a promotion code, Pay.

Labels that tests rely on: "Card number", "Expiry (MM/YY)", "CVC", "VAT ID", "Business name", "Promotion code", the
buttons "Pay ...", "Apply code", "Remove code", and the link "Back".
"""

import re
import secrets
from typing import Any

from tests.twin.errors import TwinError
from tests.twin.pages import threeds
from tests.twin.pages.acts import BadForm, act, form, go, hosted, show, sorry
from tests.twin.pages.cards import card_fields, needs_confirmation, new_card
from tests.twin.pages.html import Child, Html, alert, button, el, facts, field, money, table
from tests.twin.resources import checkout
from tests.twin.resources.coupons import code_named
from tests.twin.resources.subscriptions.checks import check_currency
from tests.twin.resources.subscriptions.collecting import collect
from tests.twin.routing import Page, Visit
from tests.twin.world import Row, World

ADDRESS = (
    ("Address", "line1", "address-line1"),
    ("City", "city", "address-level2"),
    ("Postal code", "postal_code", "postal-code"),
    ("Country (two letters)", "country", "country"),
)


@hosted("GET", "/c/pay/{session}/{secret}")
def open_page(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    return closed(session) if session["status"] != "open" else ready(world, session, {})


@hosted("POST", "/c/pay/{session}/{secret}")
def pay(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    if session["status"] != "open":
        return closed(session)
    try:
        _read_tax_id(session, visit.form)
        _read_address(session, visit.form)
        method = new_card(world, visit.base_url, visit.form)
    except (BadForm, TwinError) as error:
        return ready(world, session, visit.form, str(error))
    if needs_confirmation(method):
        purpose = f"{money(session['amount_total'], session['currency'])} to Pare."
        return threeds.ask(world, "checkout", session["id"], method, purpose, visit.form)
    return finish(world, visit.base_url, session, method, visit.form)


@hosted("POST", "/c/pay/{session}/{secret}/code")
def apply_code(world: World, visit: Visit) -> Page:
    session = _session(world, visit)
    if session["status"] != "open" or not session["allow_promotion_codes"]:
        return closed(session)
    if visit.form.get("remove"):
        session.update(_promotion_code=None, _coupon=None)
        checkout.price_up(world, session)
        return go(_path(session))
    try:
        code = code_named(world, visit.form.get("code", ""), session["customer"])
        coupon = world.get("coupon", code["promotion"]["coupon"])
        if coupon["currency"] not in (None, session["currency"]):
            raise BadForm("This promotion code is for another currency.")
    except (BadForm, TwinError) as error:
        return ready(world, session, {}, str(error))
    session.update(_promotion_code=code["id"], _coupon=coupon["id"])
    checkout.price_up(world, session)
    return go(_path(session))


@threeds.after("checkout")
def confirmed(world: World, visit: Visit, challenge: Row, passed: bool) -> Page:
    session = world.get("checkout.session", challenge["_target"])
    if session["status"] != "open":
        return closed(session)
    if not passed:
        return ready(world, session, challenge["_typed"], threeds.FAILED)
    method = world.get("payment_method", challenge["_method"])
    return finish(world, visit.base_url, session, method, challenge["_typed"], asked=True)


def finish(
    world: World, base_url: str, session: Row, method: Row, typed: dict[str, str], *, asked: bool = False
) -> Page:
    """Charge the card and start the subscription, or say on the page why not; then nothing was made.

    `asked`: the bank has confirmed this payment already.
    """
    customer = world.get("customer", session["customer"])
    try:
        if customer.get("deleted"):
            raise BadForm("The customer of this session has been deleted. Go back and start again.")
        check_currency(customer, session["currency"])
        act(world, base_url, "POST", f"/v1/payment_methods/{method['id']}/attach", customer=customer["id"])
        behaviour = "default_incomplete" if asked else "error_if_incomplete"
        subscription = _subscribe(world, base_url, session, method, behaviour)
        if asked and subscription["status"] == "incomplete":
            invoice = world.get("invoice", subscription["latest_invoice"])
            collect(world, invoice, method["id"], authenticated=True)
    except (BadForm, TwinError) as error:
        if method["customer"] is not None:
            act(world, base_url, "POST", f"/v1/payment_methods/{method['id']}/detach")
        return ready(world, session, typed, str(error))
    details = _save_details(world, base_url, session, typed)
    checkout.complete(world, session, subscription, details)
    return go(checkout.success_url(session))


def _subscribe(world: World, base_url: str, session: Row, method: Row, behaviour: str) -> Row:
    chosen = session["_subscription_data"]
    more = {name: chosen[name] for name in ("metadata", "description") if name in chosen}
    if session["_promotion_code"]:
        more["discounts"] = [{"promotion_code": session["_promotion_code"]}]
    elif session["_coupon"]:
        more["discounts"] = [{"coupon": session["_coupon"]}]
    if session["automatic_tax"]["enabled"]:
        more["automatic_tax"] = {"enabled": True}
    return act(
        world,
        base_url,
        "POST",
        "/v1/subscriptions",
        customer=session["customer"],
        items=[{"price": item["price"], "quantity": item["quantity"]} for item in session["_items"]],
        default_payment_method=method["id"],
        payment_behavior=behaviour,
        **more,
    )


def _save_details(world: World, base_url: str, session: Row, typed: dict[str, str]) -> Row:
    """Keep name, address and VAT ID with the customer as the session allows; gives `customer_details`."""
    path = f"/v1/customers/{session['customer']}"
    customer, may = world.get("customer", session["customer"]), session["_customer_update"]
    address, tax_id = _read_address(session, typed), _read_tax_id(session, typed)
    new: dict[str, Any] = {"address": address} if address and may.get("address") == "auto" else {}
    if typed.get("business") and may.get("name") == "auto":
        new["name"] = typed["business"]
    if new:
        act(world, base_url, "POST", path, **new)
    known = {(row["type"], row["value"]) for row in world.rows("tax_id", customer=customer["id"])}
    if tax_id and tax_id not in known:
        act(world, base_url, "POST", f"{path}/tax_ids", type=tax_id[0], value=tax_id[1])
    return {
        "address": {"line2": None, "state": None, **address} if address else customer["address"],
        "business_name": typed.get("business") or None,
        "email": customer["email"],
        "individual_name": typed.get("name") or None,
        "name": customer["name"],
        "phone": customer["phone"],
        "tax_exempt": customer["tax_exempt"],
        "tax_ids": [{"type": tax_id[0], "value": tax_id[1]}] if tax_id else [],
    }


def closed(session: Row) -> Page:
    if session["status"] == "complete":
        return sorry("Already paid", "This checkout session is complete: nothing more is charged here.", 200)
    return show(
        "This page has expired",
        el("p", "Nothing was charged."),
        _back(session),
    )


def ready(world: World, session: Row, typed: dict[str, str], problem: str = "") -> Page:
    """The page with everything on it; after a problem with its sentence, status 402 and what was typed, but no card."""
    total = money(session["amount_total"], session["currency"])
    holder = field("Name on the card", "name", typed.get("name", ""), autocomplete="cc-name")
    fields: list[Child] = [card_fields(), holder]
    if _wants_address(session):
        fields += [
            field(label, name, typed.get(name, ""), autocomplete=hint, required=True) for label, name, hint in ADDRESS
        ]
    if session["tax_id_collection"]["enabled"]:
        fields.append(field("Business name", "business", typed.get("business", ""), autocomplete="organization"))
        fields.append(field("VAT ID", "vat", typed.get("vat", ""), hint="With its country, such as DE123456789."))
    return show(
        "Subscribe",
        alert(problem) if problem else None,
        _summary(world, session),
        _promotion(world, session) if session["allow_promotion_codes"] else None,
        el("section", el("h2", "Pay by card"), form(_path(session), *fields, el("p", button(f"Pay {total}")))),
        _back(session),
        status=402 if problem else 200,
    )


def _summary(world: World, session: Row) -> Html:
    currency, lines = session["currency"], checkout.line_items(world, session)
    rows = [[line["description"], line["quantity"], money(line["amount_subtotal"], currency)] for line in lines]
    recurring = lines[0]["price"]["recurring"]
    period = f"{recurring['interval_count']} {recurring['interval']}s" if recurring["interval_count"] > 1 else None
    totals = [("Total due today", money(session["amount_total"], currency))]
    if off := session["total_details"]["amount_discount"]:
        totals.insert(0, ("Discount", money(-off, currency)))
    return el(
        "section",
        el("h2", "What you subscribe to"),
        table("Lines", ("Plan", "Quantity", "Amount"), rows, empty="Nothing."),
        facts([*totals, ("Renews every", period or recurring["interval"])]),
    )


def _promotion(world: World, session: Row) -> Html:
    action = f"{_path(session)}/code"
    if id := session["_promotion_code"]:
        code = world.get("promotion_code", id)["code"]
        remove = form(action, el("p", f"Code {code} is applied. ", button("Remove code", "remove", "1", quiet=True)))
        return el("section", el("h2", "Promotion code"), remove)
    entry = [field("Promotion code", "code", required=True), el("p", button("Apply code", quiet=True), class_="field")]
    return el("section", el("h2", "Discount"), form(action, el("div", entry, class_="row")))


def _back(session: Row) -> Html | None:
    return el("p", el("a", "Back", href=session["cancel_url"])) if session["cancel_url"] else None


def _wants_address(session: Row) -> bool:
    return bool(session["billing_address_collection"] == "required" or session["automatic_tax"]["enabled"])


def _read_address(session: Row, typed: dict[str, str]) -> dict[str, str] | None:
    if not _wants_address(session):
        return None
    address = {name: typed.get(name, "").strip() for _, name, _ in ADDRESS}
    if not all(address.values()):
        raise BadForm("Fill in the whole address.")
    address["country"] = address["country"].upper()
    if not re.fullmatch(r"[A-Z]{2}", address["country"]):
        raise BadForm("Write the country as two letters, such as DE.")
    return address


def _read_tax_id(session: Row, typed: dict[str, str]) -> tuple[str, str] | None:
    """Stripe's type and the number. Raises BadForm."""
    number = re.sub(r"[ .-]", "", typed.get("vat", "")).upper()
    if not session["tax_id_collection"]["enabled"] or not number:
        return None
    if not re.fullmatch(r"[A-Z]{2}[0-9A-Z]{6,12}", number):
        raise BadForm("Write the VAT ID with its country, such as DE123456789.")
    if not typed.get("business", "").strip():
        raise BadForm("A VAT ID needs the name of the business.")
    return {"GB": "gb_vat", "CH": "ch_vat", "NO": "no_vat"}.get(number[:2], "eu_vat"), number


def _path(session: Row) -> str:
    return f"/c/pay/{session['id']}/{session['_secret']}"


def _session(world: World, visit: Visit) -> Row:
    session = world.table("checkout.session").get(visit.path_args["session"])
    if session is None or not secrets.compare_digest(session["_secret"], visit.path_args["secret"]):
        raise TwinError(404, "invalid_request_error", "There is no such checkout page.")
    return session


