"""What the customer portal shows; `portal.py` does what people ask for there."""

from tests.twin.pages.acts import form, show
from tests.twin.pages.cards import card_fields, card_in_words
from tests.twin.pages.html import Child, Html, alert, button, choice, day, el, facts, field, money, table
from tests.twin.routing import Page
from tests.twin.world import Row, World

GONE = {"canceled", "incomplete_expired"}
DETAILS = (("Name", "name", "name"), ("Email", "email", "email"), ("Phone", "phone", "tel"))


def home(world: World, session: Row, problem: str = "") -> Page:
    """The portal's first page: a section for each feature that is on."""
    features = world.get("billing_portal.configuration", session["configuration"])["features"]
    customer = world.get("customer", session["customer"])
    parts: list[Child] = [_subscriptions(world, session, features)]
    if features["payment_method_update"]["enabled"]:
        parts.append(_card(world, session, customer))
    if features["customer_update"]["enabled"]:
        parts.append(_details(world, session, customer, features["customer_update"]["allowed_updates"]))
    if features["invoice_history"]["enabled"]:
        parts.append(_invoices(world, customer))
    who = el("p", f"For {customer['name'] or customer['email'] or customer['id']}.")
    return show("Customer portal", alert(problem) if problem else None, who, *parts, return_link(session))


def card_page(world: World, session: Row, problem: str = "") -> Page:
    customer = world.get("customer", session["customer"])
    return show(
        "Update your card",
        alert(problem) if problem else None,
        _card(world, session, customer),
        return_link(session),
        status=402 if problem else 200,
    )


def cancel_page(world: World, session: Row) -> Page:
    aim = session["flow"]["subscription_cancel"]["subscription"]
    subscription = world.get("subscription", aim)
    return show("Cancel your subscription", _subscription(world, session, subscription, features_of(world, session)))


def _card(world: World, session: Row, customer: Row) -> Html:
    current = world.table("payment_method").get(customer["invoice_settings"]["default_payment_method"] or "")
    rows: list[tuple[str, Child]] = [("Your default", card_in_words(current))]
    for subscription in _living(world, session):
        if subscription["default_payment_method"]:
            own = world.get("payment_method", subscription["default_payment_method"])
            rows.append((f"{_plan(world, subscription)} is paid by", card_in_words(own)))
    entry = form(f"{path_of(session)}/card", card_fields(), el("p", button("Save card")))
    return el("section", el("h2", "Card"), facts(rows), entry)


def _subscriptions(world: World, session: Row, features: Row) -> list[Html]:
    living = _living(world, session)
    none = el("section", el("h2", "Subscription"), el("p", "There is no subscription.", class_="note"))
    return [_subscription(world, session, row, features) for row in living] or [none]


def _subscription(world: World, session: Row, subscription: Row, features: Row) -> Html:
    item = subscription["items"]["data"][0]
    price, end = item["price"], subscription["cancel_at"]
    if subscription["cancel_at_period_end"]:
        end = item["current_period_end"]
    amount = money(price["unit_amount"] * item["quantity"], price["currency"])
    rows: list[tuple[str, Child]] = [
        ("Plan", _plan(world, subscription)),
        ("Quantity", item["quantity"]),
        ("Price", f"{amount} every {price['recurring']['interval']}"),
        ("Status", subscription["status"].replace("_", " ")),
        ("Ends on" if end else "Renews on", day(end or item["current_period_end"])),
    ]
    path = f"{path_of(session)}/subscriptions/{subscription['id']}"
    acts: list[Child] = []
    if features["subscription_cancel"]["enabled"]:
        acts.append(
            form(f"{path}/resume", button("Keep subscription"))
            if end
            else form(f"{path}/cancel", button("Cancel subscription", quiet=True))
        )
    if features["subscription_update"]["enabled"] and not end:
        acts.append(_switch(world, f"{path}/switch", features["subscription_update"], price["id"]))
    return el("section", el("h2", "Subscription"), facts(rows), el("div", acts, class_="row"))


def _switch(world: World, action: str, feature: Row, present: str) -> Html | None:
    prices = [world.get("price", id) for id in offered(feature) if id != present]
    options = [
        (
            price["id"],
            f"{world.get('product', price['product'])['name']}, {money(price['unit_amount'], price['currency'])} "
            f"every {price['recurring']['interval']}",
        )
        for price in prices
    ]
    return form(action, choice("Another plan", "price", options), button("Switch plan")) if options else None


def _details(world: World, session: Row, customer: Row, allowed: list[str]) -> Html:
    parts: list[Child] = [el("h2", "Billing details")]
    shown = [
        field(label, name, customer[name] or "", autocomplete=hint) for label, name, hint in DETAILS if name in allowed
    ]
    if shown:
        parts.append(form(f"{path_of(session)}/details", *shown, el("p", button("Save details", quiet=True))))
    if "tax_id" in allowed:
        action = f"{path_of(session)}/tax_ids"
        for row in world.rows("tax_id", customer=customer["id"]):
            drop = button(f"Remove {row['value']}", "remove", row["id"], quiet=True)
            parts.append(form(action, el("p", f"{row['value']} ({row['type']}) ", drop)))
        entry = [field("VAT ID", "vat", required=True), el("p", button("Add VAT ID", quiet=True), class_="field")]
        parts.append(form(action, el("div", entry, class_="row")))
    return el("section", parts)


def _invoices(world: World, customer: Row) -> Html:
    rows = [
        [
            day(invoice["created"]),
            el("a", invoice["number"] or invoice["id"], href=invoice["hosted_invoice_url"]),
            money(invoice["total"], invoice["currency"]),
            invoice["status"],
            el("a", "PDF", href=invoice["invoice_pdf"], aria_label=f"PDF of {invoice['number']}"),
        ]
        for invoice in world.rows("invoice", customer=customer["id"])
        if invoice["status"] != "draft"
    ]
    columns = ("Date", "Invoice", "Amount", "Status", "File")
    return el("section", el("h2", "Invoices"), table("Your invoices", columns, rows, empty="There are none yet."))


def _living(world: World, session: Row) -> list[Row]:
    return [row for row in world.rows("subscription", customer=session["customer"]) if row["status"] not in GONE]


def _plan(world: World, subscription: Row) -> str:
    price = subscription["items"]["data"][0]["price"]
    return str(world.get("product", price["product"])["name"])


def offered(feature: Row) -> list[str]:
    return [price for product in feature["products"] for price in product["prices"]]


def features_of(world: World, session: Row) -> Row:
    features: Row = world.get("billing_portal.configuration", session["configuration"])["features"]
    return features


def return_link(session: Row) -> Html | None:
    return el("p", el("a", "Return to the site", href=session["return_url"])) if session["return_url"] else None


def path_of(session: Row) -> str:
    return f"/p/session/{session['_secret']}"
