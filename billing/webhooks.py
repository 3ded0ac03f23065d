"""Stripe's events: verified, noted by their id, answered at once. What they mean is asked of Stripe by a worker.

An event is a doorbell. Whoever could forge, repeat or hold one back could do no more than have us look at Stripe's
state a little sooner or later.
"""

import logging
import re
import time

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.rest import MethodNotAllowed
from accounts.rest.bodies import read_body
from billing import gateway, inbox, tasks
from billing.alerts import alert, is_first
from billing.gateway.client import API_VERSION
from config.errors import BadBody, DomainError, NotFound, error_response

log = logging.getLogger(__name__)
MAX_BODY = 512 * 1024
MAX_SIGNATURE = 4096
# What goes into our rows as an id. Stripe's are letters, digits and underscores.
ID = re.compile(r"[A-Za-z0-9_.\-]{1,255}")
LOG_ONCE_IN = 24 * 3600


class BadSignature(DomainError):
    code, status = "bad_signature", 400
    message = "The signature is not of one of our secrets, or not of the last five minutes."


@login_not_required
@csrf_exempt
def stripe_webhook(request: HttpRequest) -> JsonResponse:
    """Take an event; answers 200 when it is noted, or is none that matters here."""
    try:
        if not (gateway.is_configured() and settings.STRIPE_WEBHOOK_SECRETS):
            raise NotFound
        if request.method != "POST":
            raise MethodNotAllowed("Use POST.", headers={"Allow": "POST"})
        return _take(_verified(request))
    except DomainError as error:
        return error_response(error)


def _verified(request: HttpRequest) -> gateway.EventHead:
    signature = request.headers.get("Stripe-Signature", "")
    if not signature or len(signature) > MAX_SIGNATURE:
        raise BadSignature
    body = read_body(request, MAX_BODY)
    try:
        event = gateway.read_event(body, signature, time.time())
    except gateway.BadSignature as error:
        _log_once(error.code, "A webhook was refused: %s", error.message)
        raise BadSignature from error
    except gateway.StripeRefused as error:
        raise BadBody(error.message) from error
    if not (ID.fullmatch(event.id) and ID.fullmatch(event.customer_id or "-")):
        raise BadBody("The body is not an event.")
    return event


def _take(event: gateway.EventHead) -> JsonResponse:
    if event.type not in gateway.EVENT_TYPES:
        return JsonResponse({"ignored": "other_type"})
    why = inbox.why_ignored(event)
    with transaction.atomic():
        inbox.note([event], ignored=why)
        if not why:
            tasks.enqueue_sync(event.customer_id)
    if why:
        _tell_of_ignored(event, why)
        return JsonResponse({"ignored": why})
    return JsonResponse({"received": event.id})


def _tell_of_ignored(event: gateway.EventHead, why: str) -> None:
    """One line a day for each reason: a stranger's account that sends to us, or a test key, would bury the log."""
    _log_once(f"{why}:{event.api_version}", "Event %s (%s) is ignored: %s.", event.id, event.type, why)
    if why == inbox.OTHER_VERSION:
        alert(
            f"version:{event.api_version}",
            f"Stripe sends events in API version {event.api_version or '(none)'}; Pare reads {API_VERSION}. They are "
            "ignored until the webhook endpoint is of that version: run `manage.py stripe_setup`.",
        )


def _log_once(fact: str, text: str, *arguments: object) -> None:
    if is_first(f"log:{fact}", LOG_ONCE_IN):
        log.warning(text, *arguments)
