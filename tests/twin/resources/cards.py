"""Stripe's test cards and what each of them does."""

from dataclasses import dataclass
from typing import Any

from tests.twin.errors import TwinError, invalid

GOOD = "pays"
REFUSED = "declines"  # already when it is attached
REFUSED_LATER = "declines when charged"
ASKS_ONCE = "asks, unless it was set up and nobody is there"  # 3D Secure; with its holder in session each time
ASKS_ALWAYS = "asks each time"


@dataclass(frozen=True)
class Card:
    """`reason` is the `decline_code` of a card that declines."""

    number: str
    brand: str
    behaviour: str = GOOD
    reason: str = "generic_decline"

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = [
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa"),
    Card("5555555555554444", "mastercard"),
    Card("378282246310005", "amex"),
    Card("4000000000000002", "visa", REFUSED),
    Card("4000000000009995", "visa", REFUSED, "insufficient_funds"),
    Card("4000000000000069", "visa", REFUSED, "expired_card"),
    Card("4000000000000341", "visa", REFUSED_LATER),
    Card("4000002500003155", "visa", ASKS_ONCE),
    Card("4000002760003184", "visa", ASKS_ALWAYS),
    Card("4000000000003220", "visa", ASKS_ALWAYS),
]
BY_NUMBER = {card.number: card for card in CARDS}
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "tok_visa": "4242424242424242",
    "tok_chargeCustomerFail": "4000000000000341",
    "tok_chargeDeclined": "4000000000000002",
}
MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
}


def card_of(number_or_token: str) -> Card:
    """The test card by its number (spaces allowed) or by a token such as `pm_card_visa`. Raises TwinError 402."""
    number = TOKENS.get(number_or_token, number_or_token.replace(" ", ""))
    card = BY_NUMBER.get(number)
    if card is None:
        raise TwinError(
            402, "card_error", "Your card number is incorrect.", code="incorrect_number", param="number"
        )
    return card


def declined(reason: str, **extra: Any) -> TwinError:
    """402 as for a card that its bank declines."""
    code = "expired_card" if reason == "expired_card" else "card_declined"
    shown = None if reason == "expired_card" else reason
    return TwinError(402, "card_error", MESSAGES[reason], code=code, decline_code=shown, **extra)


def check_expiry(month: int, year: int) -> None:
    """Raises TwinError 402 for a month that is none."""
    if not 1 <= month <= 12:
        message = "Your card's expiration month is invalid."
        raise TwinError(402, "card_error", message, code="invalid_expiry_month", param="exp_month")
    if not 1990 <= year <= 2100:
        raise invalid("Your card's expiration year is invalid.", "exp_year", code="invalid_expiry_year")
