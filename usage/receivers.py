"""The door for usage events: a plain view, because every call of every agent comes through it."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse

from accounts.rest import HotRequest, hot_api
from accounts.rest.bodies import check_is_json, read_body
from accounts.roles import Scope
from config.errors import DomainError
from usage import services
from usage.sources import BadBatch
from usage.sources.events import MAX_BODY_BYTES, WireEvent


class UsageEvents(msgspec.Struct):
    """1 to 1000 usage events."""

    events: list[WireEvent]


class RefusedEvent(msgspec.Struct):
    """Why the event at `index` was refused; the others were taken all the same."""

    index: int
    code: str
    message: str
    field: str


class UsageReceipt(msgspec.Struct):
    """`accepted` + `updated` + `duplicates` + the number of `errors` is the number of events sent."""

    accepted: int
    updated: int
    duplicates: int
    errors: list[RefusedEvent]


class BatchRefused(DomainError):
    """The body is no batch of events; nothing of it was taken."""

    code, status = "invalid", 400

    def __init__(self, error: BadBatch) -> None:
        super().__init__(error.message)
        self.code = error.code


_encode = msgspec.json.Encoder().encode


@hot_api(scope=Scope.USAGE_WRITE, body=UsageEvents, answer=UsageReceipt, tag="Usage")
def usage_events(request: HotRequest) -> HttpResponse:
    """Send usage events.

    An event is known by its `id`: sending it again changes nothing, unless the new copy is more complete. Events are
    judged one by one; the refused ones are named by their index, the others are stored when the answer comes.
    """
    check_is_json(request)
    try:
        receipt = services.record_usage(principal=request.principal, body=read_body(request, MAX_BODY_BYTES))
    except BadBatch as error:
        raise BatchRefused(error) from None
    answer = UsageReceipt(
        receipt.accepted, receipt.updated, receipt.duplicates, [RefusedEvent(*error) for error in receipt.errors]
    )
    return HttpResponse(_encode(answer), content_type="application/json")
