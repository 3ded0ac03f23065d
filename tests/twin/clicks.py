"""Clicking the twin's pages without a browser: load, fill in the fields that are there, press a button, follow.

What a page does not offer cannot be clicked: a missing field, button or link raises LookupError.
"""

import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit

CARDS = {
    "good": "4242424242424242",
    "decline": "4000000000000002",
    "decline later": "4000000000000341",
    "3ds": "4000002500003155",
    "3ds always": "4000002760003184",
}
TIMEOUT = 30.0
MOST_REDIRECTS = 10
SKIPPED = {"script", "style", "title"}


@dataclass
class Form:
    """One form: its fields with the values they have, its labels, its buttons as (text, name, value)."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str | None, str | None]] = field(default_factory=list)


@dataclass(frozen=True)
class Screen:
    """What a person sees after a click. `left_for`: the address of another site that the twin sent the browser to."""

    url: str
    status: int = 200
    text: str = ""
    forms: tuple[Form, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    alert: str = ""
    left_for: str | None = None

    def press(self, button: str, **values: str) -> "Screen":
        """Fill in fields by name, and press the button whose text begins so."""
        for form in self.forms:
            for text, name, value in form.buttons:
                if text.startswith(button):
                    missing = sorted(set(values) - set(form.fields))
                    if missing:
                        raise LookupError(f"The form of {text!r} has no field {missing}; it has {sorted(form.fields)}.")
                    pressed = {name: value or ""} if name else {}
                    return load(urljoin(self.url, form.action), {**form.fields, **values, **pressed})
        raise LookupError(f"No button {button!r} on {self.url}: {self.text[:300]}")

    def follow(self, link: str) -> "Screen":
        """Click the first link with this text."""
        return load(urljoin(self.url, self.address_of(link)))

    def address_of(self, link: str) -> str:
        for text, address in self.links:
            if text == link:
                return address
        raise LookupError(f"No link {link!r} on {self.url}; there are {[text for text, _ in self.links]}.")

    def has_button(self, text: str) -> bool:
        return any(shown.startswith(text) for form in self.forms for shown, _, _ in form.buttons)


def load(url: str, form: dict[str, str] | None = None) -> Screen:
    """GET the address, or POST the form to it, and go where it redirects as long as that is the same site."""
    site = urlsplit(url).netloc
    for _ in range(MOST_REDIRECTS):
        status, body, location = _fetch(url, form)
        if location is None:
            return _read(url, status, body)
        url, form = urljoin(url, location), None
        if urlsplit(url).netloc != site:
            return Screen(url, status, left_for=url)
    raise LookupError(f"{url} keeps redirecting.")


def card_fields(card: str, expiry: str = "12/34", cvc: str = "123") -> dict[str, str]:
    """The fields of a card by its name in CARDS or by its number."""
    return {"number": CARDS.get(card, card), "expiry": expiry, "cvc": cvc}


class Portal:
    """A person in the customer portal; `screen` is what they see now."""

    def __init__(self, url: str) -> None:
        self.screen = load(url)

    def update_card(self, card: str = "good", *, bank: str = "Complete", **more: str) -> Screen:
        return self._see(_answer_bank(self.screen.press("Save card", **{**card_fields(card), **more}), bank))

    def cancel(self) -> Screen:
        return self._see(self.screen.press("Cancel subscription"))

    def resume(self) -> Screen:
        return self._see(self.screen.press("Keep subscription"))

    def switch(self, price: str) -> Screen:
        return self._see(self.screen.press("Switch plan", price=price))

    def save_details(self, **values: str) -> Screen:
        return self._see(self.screen.press("Save details", **values))

    def add_vat_id(self, number: str) -> Screen:
        return self._see(self.screen.press("Add VAT ID", vat=number))

    def remove_vat_id(self, number: str) -> Screen:
        return self._see(self.screen.press(f"Remove {number}"))

    def _see(self, screen: Screen) -> Screen:
        self.screen = screen
        return screen


class Clicks:
    """What a person does on the pages that Stripe hosts."""

    def open(self, url: str) -> Screen:
        return load(url)

    def pay_checkout(
        self, url: str, card: str = "good", *, code: str = "", bank: str = "Complete", **more: str
    ) -> Screen:
        """Pay on a Checkout page; `left_for` is then the success address. A refusal is in `alert`.

        `code` is a promotion code, `bank` the answer to 3-D Secure ("Complete", "Fail", "" none); `more` are fields
        by name: name, business, vat, line1, city, postal_code, country, expiry, cvc.
        """
        screen = load(url)
        if code:
            screen = screen.press("Apply code", code=code)
            if screen.alert:
                return screen
        return _answer_bank(screen.press("Pay", **{**card_fields(card), **more}), bank)

    def pay_invoice(self, url: str, card: str = "good", *, bank: str = "Complete") -> Screen:
        """Pay an open invoice on its hosted page with this card."""
        return _answer_bank(load(url).press("Pay", **card_fields(card)), bank)

    def portal(self, url: str) -> Portal:
        """Open the customer portal."""
        return Portal(url)


def _answer_bank(screen: Screen, answer: str) -> Screen:
    return screen.press(answer) if answer and "/3ds/" in screen.url else screen


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **more: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def _fetch(url: str, form: dict[str, str] | None) -> tuple[int, str, str | None]:
    data = None if form is None else urlencode(form).encode()
    try:
        answer = _OPENER.open(urllib.request.Request(url, data), timeout=TIMEOUT)
    except HTTPError as error:
        answer = error
    with answer:
        location = answer.headers["Location"] if answer.status == 303 else None
        return answer.status, answer.read().decode("utf-8", "replace"), location


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.alerts: list[str] = []
        self.open: list[tuple[str, dict[str, str | None], int]] = []
        self.form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.form = Form(values["action"] or "")
            self.forms.append(self.form)
        elif tag == "input" and self.form is not None:
            self.form.fields[values["name"] or ""] = values.get("value") or ""
        elif tag == "select" and self.form is not None:
            self.form.fields[values["name"] or ""] = ""
        elif tag == "option" and self.form is not None:
            name = next(reversed(self.form.fields))
            self.form.fields[name] = self.form.fields[name] or values.get("value") or ""
        if tag not in {"input", "link", "meta"}:
            self.open.append((tag, values, len(self.words)))

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(tag in SKIPPED for tag, _, _ in self.open):
            self.words.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        opened, values, start = self.open.pop()
        if opened != tag:
            raise ValueError(f"</{tag}> closes <{opened}>.")
        text = " ".join(self.words[start:])
        if tag == "button" and self.form is not None:
            self.form.buttons.append((text, values.get("name"), values.get("value")))
        elif tag == "a":
            self.links.append((text, values["href"] or ""))
        elif tag == "form":
            self.form = None
        if values.get("role") == "alert":
            self.alerts.append(text)


def _read(url: str, status: int, body: str) -> Screen:
    reader = _Reader()
    reader.feed(body)
    text = " ".join(reader.words)
    return Screen(url, status, text, tuple(reader.forms), tuple(reader.links), " ".join(reader.alerts))
