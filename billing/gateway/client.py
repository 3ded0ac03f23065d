"""One client for each key and address, and Stripe's errors as ours.

Stripe's library costs 40 MB and 0.15 s, so it is loaded at the first call and not with this module: an instance
without a key never pays for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings

from billing.gateway.errors import CardDeclined, NoStripeKey, StripeMissing, StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    import stripe

# The version this code is written for: the one of the library that is installed. Events of another are not read.
API_VERSION: Final = "2026-10-28.endive"
LIVE_KEYS = ("sk_live_", "rk_live_")
# The bank wants to hear from the holder. Some calls say so with another status than that of a declined card.
PAYMENT_CODES = (
    "authentication_required",
    "invoice_payment_intent_requires_action",
    "subscription_payment_intent_requires_action",
)
CONNECT_SECONDS, READ_SECONDS = 3, 10
RETRIES = 2
# For reads that are made while a row is locked.
RETRIES_UNDER_LOCK = 1


def is_configured() -> bool:
    """Whether there is a key to ask Stripe with."""
    return bool(settings.STRIPE_SECRET_KEY)


def expects_live() -> bool:
    """Whether the key is of live mode; events of the other mode are not ours."""
    return settings.STRIPE_SECRET_KEY.startswith(LIVE_KEYS)


@contextmanager
def asking(retries: int = RETRIES) -> Iterator["stripe.StripeClient"]:
    """The client for some calls, made again up to `retries` times. Raises GatewayErrors for whatever goes wrong."""
    if not is_configured():
        raise NoStripeKey("STRIPE_SECRET_KEY is not set.")
    client = _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, retries)
    import stripe

    try:
        yield client
    except stripe.StripeError as error:
        raise _translated(error) from error


@lru_cache(maxsize=8)
def _client(key: str, base: str, retries: int) -> "stripe.StripeClient":
    if base:
        _check_other_address(key, base)
    import stripe

    from billing.gateway.transport import Transport

    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        # All four, so that nothing can reach Stripe's own servers by another door.
        base_addresses={"api": base, "files": base, "connect": base, "meter_events": base} if base else None,
        max_network_retries=retries,
        http_client=Transport(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )


def _check_other_address(key: str, base: str) -> None:
    """A live key is for Stripe alone, and no key travels unencrypted."""
    if key.startswith(LIVE_KEYS):
        raise StripeRefused("live_key_elsewhere", "STRIPE_API_BASE is for test keys; a live key goes to Stripe only.")
    parts = urlsplit(base)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise StripeRefused("plain_http", f"STRIPE_API_BASE ({base}) must be https, or http on this machine.")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _translated(error: "stripe.StripeError") -> Exception:
    import stripe

    message = error.user_message or str(error)
    code = _code(error)
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError) or _is_passing(error):
        return StripeUnavailable(message)
    if isinstance(error, stripe.CardError) or code in PAYMENT_CODES:
        return CardDeclined(code, message)
    if code == "resource_missing":
        return StripeMissing(code, message)
    return StripeRefused(code, message)


def _is_passing(error: "stripe.StripeError") -> bool:
    """409: the same key or object is being worked on; 5xx and answers that are none: ask again later."""
    import stripe

    status = error.http_status or 0
    return isinstance(error, stripe.APIError) and (status == 409 or not 400 <= status < 500)


def _code(error: "stripe.StripeError") -> str:
    import stripe

    if isinstance(error, stripe.IdempotencyError):
        return "idempotency_error"
    if isinstance(error, stripe.AuthenticationError):
        return "authentication_error"
    if isinstance(error, stripe.PermissionError):
        return "permission_error"
    return error.code or "invalid_request_error"
