"""Stripe's events as doorbells: who rang, when, about what kind of thing. What they carry is not read."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal

import msgspec
from django.conf import settings

from billing.gateway.client import asking
from billing.gateway.errors import BadSignature, StripeRefused
from billing.gateway.reading import moment
from billing.gateway.types import EventHead

TOLERANCE_SECONDS = 300
PAGE = 100
MOST_EVENTS = 20_000
# What a webhook endpoint of ours is rung for. Every one of these concerns one customer.
EVENT_TYPES: Final = (
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.finalization_failed",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "subscription_schedule.aborted",
    "subscription_schedule.canceled",
    "subscription_schedule.completed",
    "subscription_schedule.created",
    "subscription_schedule.expiring",
    "subscription_schedule.released",
    "subscription_schedule.updated",
)


class _Data(msgspec.Struct):
    object: dict[str, Any]


class _Event(msgspec.Struct):
    """The part of a snapshot event that is read."""

    object: Literal["event"]
    id: str
    type: str
    api_version: str | None
    created: int
    livemode: bool
    data: _Data


_READER = msgspec.json.Decoder(_Event)


def events_since(created_after: datetime) -> Iterator[EventHead]:
    """The events of our kinds after that moment, oldest first; Stripe keeps them for 30 days.

    Of more than 20,000 events only the newest are given: whoever needs the older ones asks for each customer's state.
    """
    with asking() as client:
        listed = client.v1.events.list({"created": {"gt": int(created_after.timestamp())}, "limit": PAGE})
        heads = [
            _head(event.id, event.type, event.api_version, event.livemode, event.created, event.data.object)
            for event in islice(listed.auto_paging_iter(), MOST_EVENTS)
            if event.type in EVENT_TYPES
        ]
    yield from reversed(heads)


def read_event(body: bytes, signature: str, now: float) -> EventHead:
    """The head of a webhook's raw body, once a secret of ours is found to have signed it.

    `now` is in epoch seconds. Raises BadSignature; StripeRefused `unreadable_event` if the body is signed and no
    event of ours, for instance a "thin" one.
    """
    _check_signature(body, signature, now)
    try:
        event = _READER.decode(body)
        facts, version = event.data.object, event.api_version
        return _head(event.id, event.type, version, event.livemode, event.created, facts)
    except (msgspec.MsgspecError, ValueError, OverflowError, OSError, RecursionError) as error:
        message = f"The body is no snapshot event: {error}. An endpoint for thin events must not ring here."
        raise StripeRefused("unreadable_event", message) from error


def _check_signature(body: bytes, signature: str, now: float) -> None:
    from stripe import SignatureVerificationError, WebhookSignature

    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            # The time is checked below: Stripe's own check lets signatures from the future pass.
            WebhookSignature.verify_header(body, signature, secret, tolerance=None)
        except (SignatureVerificationError, ValueError, TypeError):
            continue
        _check_time(signature, now)
        return
    raise BadSignature("bad_signature", "No secret in STRIPE_WEBHOOK_SECRET signed this.")


def _check_time(signature: str, now: float) -> None:
    # Read as Stripe's check reads it: what stands behind a second "=" was not signed.
    signed_at = next(int(part.split("=")[1]) for part in signature.split(",") if part.startswith("t="))
    if abs(now - signed_at) > TOLERANCE_SECONDS:
        raise BadSignature("stale_signature", "This was signed more than five minutes from now. Check the clock here.")


def _head(id: str, type: str, version: str | None, livemode: bool, created: int, about: Any) -> EventHead:
    return EventHead(
        id=id,
        type=type,
        api_version=version or "",
        livemode=livemode,
        created_at=moment(created),
        customer_id=_customer_of(about),
    )


def _customer_of(about: Any) -> str:
    """The customer that an object is or belongs to, "" for none. Takes JSON as well as Stripe's own object."""
    facts = about if isinstance(about, dict) else about.to_dict()
    customer = facts.get("id") if facts.get("object") == "customer" else facts.get("customer")
    if isinstance(customer, dict):
        customer = customer.get("id")
    return customer if isinstance(customer, str) else ""
