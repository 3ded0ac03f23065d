"""The card fields of every page that takes one, the cards there are, and what a person may get wrong in them."""

import re
from datetime import UTC, datetime
from typing import Any

from tests.twin.pages.acts import BadForm, act
from tests.twin.pages.html import Html, el, field, join
from tests.twin.resources.cards import ASKS_ALWAYS, ASKS_ONCE, card_of
from tests.twin.world import Row, World

CARDS = (
    ("4242 4242 4242 4242", "is good"),
    ("4000 0000 0000 0002", "is declined at once"),
    ("4000 0000 0000 0341", "can be saved, and is declined whenever it is charged"),
    ("4000 0025 0000 3155", "asks for confirmation (3-D Secure) when it is saved and at an upgrade; then it is good"),
    ("4000 0027 6000 3184", "asks for confirmation (3-D Secure) at every payment"),
)


def card_fields() -> Html:
    number = field("Card number", "number", inputmode="numeric", autocomplete="cc-number", required=True)
    expiry = field("Expiry (MM/YY)", "expiry", inputmode="numeric", autocomplete="cc-exp", required=True)
    cvc = field("CVC", "cvc", inputmode="numeric", autocomplete="cc-csc", required=True)
    return join([number, el("div", expiry, cvc, class_="row card")])


def read_card(form: dict[str, str], now: int) -> dict[str, Any]:
    """`card` for POST /v1/payment_methods. Raises BadForm."""
    number = re.sub(r"[ -]", "", form.get("number", ""))
    if not re.fullmatch(r"[0-9]{13,19}", number) or not passes_luhn(number):
        raise BadForm("Your card number is not valid.")
    expiry = re.fullmatch(r"\s*([0-9]{1,2})\s*/\s*(?:20)?([0-9]{2})\s*", form.get("expiry", ""))
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        raise BadForm("Write the expiry as MM/YY.")
    month, year, today = int(expiry[1]), 2000 + int(expiry[2]), datetime.fromtimestamp(now, UTC)
    if (year, month) < (today.year, today.month):
        raise BadForm("Your card has expired.")
    if not re.fullmatch(r"[0-9]{3,4}", form.get("cvc", "").strip()):
        raise BadForm("Write the three or four digits of the CVC.")
    return {"number": number, "exp_month": month, "exp_year": year, "cvc": form["cvc"].strip()}


def new_card(world: World, base_url: str, form: dict[str, str]) -> Row:
    """A payment method out of what was typed. Raises BadForm or TwinError."""
    card = read_card(form, world.now())
    holder = {"billing_details": {"name": form["name"]}} if form.get("name") else {}
    return act(world, base_url, "POST", "/v1/payment_methods", type="card", card=card, **holder)


def passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0


def card_in_words(method: Row | None) -> str:
    """Such as "visa ending in 4242, 12/30"."""
    if method is None:
        return "none"
    card = method["card"]
    return f"{card['brand']} ending in {card['last4']}, {card['exp_month']:02d}/{card['exp_year'] % 100:02d}"


def needs_confirmation(method: Row) -> bool:
    """Whether the bank of this card wants to be asked before it is charged or saved."""
    return card_of(method["_number"]).behaviour in {ASKS_ONCE, ASKS_ALWAYS} and not method["_set_up"]
