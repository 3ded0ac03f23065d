"""Webhooks as Stripe writes them, and as others might."""

import hashlib
import hmac
import json
import time
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from billing.gateway.client import API_VERSION

ADDRESS = "/webhooks/stripe"


def event(customer: str = "cus_1", id: str = "evt_1", **fields: Any) -> dict[str, Any]:
    """A snapshot event about a subscription of the customer."""
    return {
        "id": id,
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": {"id": "sub_1", "object": "subscription", "customer": customer}},
        "livemode": False,
        "type": "customer.subscription.updated",
        **fields,
    }


def sign(body: bytes, *, at: float | None = None, secret: str = "") -> str:
    """The header that Stripe would send with this body, with the first of our secrets unless told another."""
    secret = secret or settings.STRIPE_WEBHOOK_SECRETS[0]
    signed_at = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{signed_at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={signed_at},v1={digest}"


def post(body: bytes | dict[str, Any], signature: str | None = None, **extra: Any) -> HttpResponse:
    """From a stranger's client, as Stripe is one: no session, no CSRF token. Signed rightly unless told otherwise."""
    raw = json.dumps(body).encode() if isinstance(body, dict) else body
    headers = {"Stripe-Signature": sign(raw) if signature is None else signature}
    client = Client(enforce_csrf_checks=True)
    answer: Any = client.post(ADDRESS, raw, content_type="application/json; charset=utf-8", headers=headers, **extra)
    return answer  # type: ignore[no-any-return]
