"""Stripe's pages: Checkout, where a team subscribes, and the portal, where it looks after card and invoices."""

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from django.conf import settings
from django.core.cache import cache

from billing.gateway.cards import keep_one_card
from billing.gateway.client import asking
from billing.gateway.errors import StripeMissing, StripeRefused
from billing.gateway.reading import checkout_from
from billing.gateway.types import LiveCheckout

if TYPE_CHECKING:
    import stripe
    from stripe.params.billing_portal import SessionCreateParams

# How `set_up` marks the portal configuration that it made.
PORTAL_MARK = ("pare", "portal")
PORTAL_CACHED_SECONDS = 3600
PAGE = 100


def start_checkout(
    *,
    customer_id: str,
    price_id: str,
    quantity: int,
    success_url: str,
    cancel_url: str,
    expires_at: int,
    client_reference: str,
    key: str,
) -> LiveCheckout:
    """A page where the customer subscribes. Stripe writes the session's id into `{CHECKOUT_SESSION_ID}` of
    `success_url`. `expires_at` is in epoch seconds, 30 minutes to 24 hours from now; `client_reference` is the team.
    """
    with asking() as client:
        session = client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer_id,
                "client_reference_id": client_reference,
                "line_items": [{"price": price_id, "quantity": quantity}],
                "success_url": success_url,
                "cancel_url": cancel_url,
                "expires_at": expires_at,
                "allow_promotion_codes": True,
                # Paid in what our pages said: else Stripe may offer another currency, at another amount each month.
                "adaptive_pricing": {"enabled": False},
                # A change cannot wait for the payment of a bank debit, whatever the account takes otherwise.
                "allowed_payment_method_types": ["card", "link"],
                "automatic_tax": {"enabled": settings.STRIPE_AUTOMATIC_TAX},
                "billing_address_collection": "auto",
                # A VAT id needs the name, automatic tax the address, on the customer.
                "customer_update": {"name": "auto", "address": "auto"},
                "payment_method_collection": "always",
                "subscription_data": {"metadata": {"pare_team": client_reference}},
                "tax_id_collection": {"enabled": True},
            },
            {"idempotency_key": key},
        )
    return checkout_from(session)


def fetch_checkout(session_id: str) -> LiveCheckout:
    """The session as it is now. Raises StripeMissing."""
    with asking() as client:
        return checkout_from(client.v1.checkout.sessions.retrieve(session_id))


def expire_checkout(session_id: str, *, key: str) -> None:
    """End an open session; one that has ended already is left as it is."""
    try:
        with asking() as client:
            client.v1.checkout.sessions.expire(session_id, {}, {"idempotency_key": key})
    except StripeMissing:
        raise
    except StripeRefused:
        if fetch_checkout(session_id).state == "open":
            raise


def open_portal(
    *, customer_id: str, return_url: str, flow: Literal["", "payment_method_update"], key: str
) -> str:
    """The address of a portal session, good for some minutes. With a flow it goes straight there and back.

    The card that is charged becomes the customer's own on the way, for that is the one which people change there.
    """
    with asking() as client:
        keep_one_card(client, customer_id, key)
    try:
        return _portal_session(customer_id, return_url, flow, _portal_configuration(), key)
    except StripeMissing as error:
        # The configuration may be gone since it was cached; a missing customer is the caller's to hear of.
        if "configuration" not in error.message or not cache.delete(_portal_cache_key()):
            raise
    return _portal_session(customer_id, return_url, flow, _portal_configuration(), f"{key}-2")


def _portal_session(customer_id: str, return_url: str, flow: str, configuration: str, key: str) -> str:
    params: SessionCreateParams = {"customer": customer_id, "return_url": return_url}
    if configuration:
        params["configuration"] = configuration
    if flow == "payment_method_update":
        back: Literal["redirect"] = "redirect"
        params["flow_data"] = {
            "type": "payment_method_update",
            "after_completion": {"type": back, "redirect": {"return_url": return_url}},
        }
    with asking() as client:
        return client.v1.billing_portal.sessions.create(params, {"idempotency_key": key}).url


def _portal_configuration() -> str:
    """The id of the one that `set_up` made; "" (the account's default) before that."""
    name = _portal_cache_key()
    known: str | None = cache.get(name)
    if known is None:
        with asking() as client:
            found = find_portal_configuration(client)
        known = found.id if found else ""
        cache.set(name, known, PORTAL_CACHED_SECONDS)
    return known


def forget_portal_configuration() -> None:
    """Look it up anew next time."""
    cache.delete(_portal_cache_key())


def _portal_cache_key() -> str:
    account = sha256(f"{settings.STRIPE_SECRET_KEY} {settings.STRIPE_API_BASE}".encode()).hexdigest()
    return f"billing:portal:{account[:32]}"


def find_portal_configuration(client: "stripe.StripeClient") -> "stripe.billing_portal.Configuration | None":
    """The portal configuration with our mark."""
    name, mark = PORTAL_MARK
    for found in client.v1.billing_portal.configurations.list({"active": True, "limit": PAGE}).auto_paging_iter():
        if found.metadata and found.metadata.to_dict().get(name) == mark:
            return found
    return None
