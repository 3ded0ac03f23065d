"""The page of an invoice, where an open one is paid with a card, and its PDF.

Labels that tests rely on: those of the card, the buttons "Pay ..." and "Confirm with your bank", the link "PDF".
"""

from tests.twin.errors import TwinError
from tests.twin.pages import threeds
from tests.twin.pages.acts import BadForm, act, form, go, hosted, show
from tests.twin.pages.cards import card_fields, needs_confirmation, new_card
from tests.twin.pages.html import Child, Html, alert, button, day, el, facts, money, table
from tests.twin.pages.pdf import text_pdf
from tests.twin.resources.invoices.intents import intent_of
from tests.twin.resources.subscriptions.collecting import collect, confirm_3ds, fail_3ds
from tests.twin.routing import Page, Visit
from tests.twin.world import Row, World

PDF = {"Content-Type": "application/pdf", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@hosted("GET", "/invoice/{invoice}")
def open_page(world: World, visit: Visit) -> Page:
    return page_of(world, _invoice(world, visit))


@hosted("POST", "/invoice/{invoice}")
def pay(world: World, visit: Visit) -> Page:
    """Pay with the card that was typed; it stays with the customer."""
    invoice = _invoice(world, visit)
    if invoice["status"] != "open":
        return go(_path(invoice))
    try:
        method = new_card(world, visit.base_url, visit.form)
        if needs_confirmation(method):
            return threeds.ask(world, "invoice", invoice["id"], method, _purpose(invoice), {})
        _attach(world, visit, invoice, method)
        act(world, visit.base_url, "POST", f"/v1/invoices/{invoice['id']}/pay", payment_method=method["id"])
    except (BadForm, TwinError) as error:
        return page_of(world, invoice, str(error))
    return go(_path(invoice))


@hosted("POST", "/invoice/{invoice}/confirm")
def confirm(world: World, visit: Visit) -> Page:
    """Go to the bank that asked when this invoice was charged."""
    invoice = _invoice(world, visit)
    method = _asking(world, invoice)
    if method is None:
        return go(_path(invoice))
    return threeds.ask(world, "invoice again", invoice["id"], method, _purpose(invoice), {})


@threeds.after("invoice")
def confirmed(world: World, visit: Visit, challenge: Row, passed: bool) -> Page:
    invoice = world.get("invoice", challenge["_target"])
    if not passed or invoice["status"] != "open":
        return page_of(world, invoice, "" if passed else threeds.FAILED)
    try:
        _attach(world, visit, invoice, world.get("payment_method", challenge["_method"]))
    except TwinError as error:
        return page_of(world, invoice, str(error))
    collect(world, invoice, challenge["_method"], authenticated=True)
    return go(_path(invoice))


@threeds.after("invoice again")
def confirmed_again(world: World, visit: Visit, challenge: Row, passed: bool) -> Page:
    invoice = world.get("invoice", challenge["_target"])
    if invoice["status"] == "open":
        if not passed:
            fail_3ds(world, invoice)
            return page_of(world, invoice, threeds.FAILED)
        confirm_3ds(world, invoice)
    return go(_path(invoice))


@hosted("GET", "/invoice/{invoice}/pdf")
def pdf(world: World, visit: Visit) -> Page:
    invoice = _invoice(world, visit)
    name = f"invoice-{invoice['number']}.pdf"
    headers = {**PDF, "Content-Disposition": f'inline; filename="{name}"'}
    return Page(text_pdf(_in_words(invoice)).decode("ascii"), headers=headers)


def page_of(world: World, invoice: Row, problem: str = "") -> Page:
    """The invoice, and the way to pay it while it is open."""
    currency = invoice["currency"]
    lines = [
        [line["description"], line["quantity"], money(line["amount"], currency)] for line in invoice["lines"]["data"]
    ]
    parts: list[Child] = [
        alert(problem) if problem else None,
        facts([(term, value) for term, value in _facts(invoice)]),
        table("Lines", ("What for", "Quantity", "Amount"), lines, empty="This invoice has no lines."),
        facts(_totals(invoice)),
        el("p", el("a", "PDF", href=f"{_path(invoice)}/pdf")),
        _payment(world, invoice) if invoice["status"] == "open" else None,
    ]
    return show(f"Invoice {invoice['number']}", el("section", parts), status=402 if problem else 200)


def _payment(world: World, invoice: Row) -> Html:
    confirm_first: list[Child] = []
    if method := _asking(world, invoice):
        sentence = f"The bank of the card ending in {method['card']['last4']} wants you to confirm this payment."
        ask = el("p", button("Confirm with your bank"))
        confirm_first = [form(f"{_path(invoice)}/confirm", el("p", sentence), ask)]
    due = money(invoice["amount_remaining"], invoice["currency"])
    entry = form(_path(invoice), card_fields(), el("p", button(f"Pay {due}")))
    return el("div", *confirm_first, el("h2", "Pay by card"), entry)


def _facts(invoice: Row) -> list[tuple[str, str]]:
    tax_ids = ", ".join(tax["value"] for tax in invoice["customer_tax_ids"] or [])
    rows = [
        ("For", invoice["customer_name"] or invoice["customer_email"] or invoice["customer"]),
        ("VAT ID", tax_ids),
        ("Date", day(invoice["created"])),
        ("Period", f"{day(invoice['period_start'])} to {day(invoice['period_end'])}"),
        ("Status", invoice["status"]),
    ]
    return [(term, value) for term, value in rows if value]


def _totals(invoice: Row) -> list[tuple[str, Child]]:
    currency = invoice["currency"]
    off = sum(cut["amount"] for cut in invoice["total_discount_amounts"] or [])
    rows: list[tuple[str, Child]] = [("Subtotal", money(invoice["subtotal"], currency))]
    if off:
        rows.append(("Discount", money(-off, currency)))
    rows += [("Total", money(invoice["total"], currency)), ("Paid", money(invoice["amount_paid"], currency))]
    return [*rows, ("Due", money(invoice["amount_remaining"], currency))]


def _in_words(invoice: Row) -> list[str]:
    """The lines of the PDF."""
    head = [f"Invoice {invoice['number']}", "Stripe twin (test): not a real invoice", ""]
    lines = [
        f"{line['description'][:50]:<50} {money(line['amount'], invoice['currency']):>16}"
        for line in invoice["lines"]["data"]
    ]
    totals = [f"{term:<50} {value:>16}" for term, value in _totals(invoice)]
    return [*head, *(f"{term}: {value}" for term, value in _facts(invoice)), "", *lines, "", *totals]


def _asking(world: World, invoice: Row) -> Row | None:
    """The card whose bank waits for its holder to confirm."""
    intent = intent_of(world, invoice)
    if intent is None or intent["status"] != "requires_action":
        return None
    return world.table("payment_method").get(intent["payment_method"])


def _attach(world: World, visit: Visit, invoice: Row, method: Row) -> None:
    path = f"/v1/payment_methods/{method['id']}/attach"
    act(world, visit.base_url, "POST", path, customer=invoice["customer"])


def _purpose(invoice: Row) -> str:
    return f"{money(invoice['amount_remaining'], invoice['currency'])} to Pare."


def _path(invoice: Row) -> str:
    return f"/invoice/{invoice['id']}"


def _invoice(world: World, visit: Visit) -> Row:
    invoice = world.table("invoice").get(visit.path_args["invoice"])
    if invoice is None or invoice["status"] == "draft":
        raise TwinError(404, "invalid_request_error", "There is no such invoice.")
    return invoice
