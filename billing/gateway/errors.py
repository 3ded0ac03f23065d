"""What can go wrong at Stripe's door.

    GatewayError
    ├── NoStripeKey         no key is set: there is nothing to ask
    ├── StripeUnavailable   no answer, or one that says "later": try the same again
    └── StripeRefused       a final no, with Stripe's code and sentence
        ├── CardDeclined    the bank said no, or wants to hear from the card's holder
        ├── StripeMissing   no such customer, subscription, price, ...
        └── BadSignature    a message that says it is Stripe's and is not, or is not of now
"""


class GatewayError(Exception):
    """Anything that keeps a call to Stripe from its answer."""


class NoStripeKey(GatewayError):
    """STRIPE_SECRET_KEY is not set."""


class StripeUnavailable(GatewayError):
    """Time-out, broken connection, 409, 429 or 5xx. Whether the call was carried out is not known."""


class StripeRefused(GatewayError):
    """Stripe answered no. `code` is Stripe's (`resource_missing`, ...) or its error type; `message` its sentence."""

    def __init__(self, code: str, message: str):
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class CardDeclined(StripeRefused):
    """The payment did not go through."""


class StripeMissing(StripeRefused):
    """What the call names is not there, or not any more."""


class BadSignature(StripeRefused):
    """No secret of ours signed this body, or it was signed more than five minutes from now."""
