"""The JSON feed: `{"events": [...]}`, 1 to 1000 events of our own plain shape.

A bad event never takes its neighbours down: it is reported by index and the others go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

import msgspec

from usage.sources.records import BadBatch, Billing, CostBasis, EventError, ParsedBatch, TokenCounts, UsageRecord

SOURCE = "events"
MAX_EVENTS = 1000
MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_COMMAS = 250_000  # a list of millions of tiny things would cost more memory to take apart than it is worth
LATE_WINDOW = timedelta(days=400)
FUTURE_WINDOW = timedelta(days=1)
MAX_TOKENS = 100_000_000  # per part of one call; a hundred times the largest context window sold
MAX_COST_USD = Decimal(100_000)
COST_PLACES = Decimal("1e-10")  # the scale of the database column

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_TOKENS)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(max_length=60)]
Label = Annotated[str, msgspec.Meta(max_length=200)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class WireTokens(TokenCounts, frozen=True, forbid_unknown_fields=True):
    """The same parts with limits. A misspelt part would silently lose tokens, so unknown names are refused."""

    input_uncached: Count = 0
    cache_read: Count = 0
    cache_write_5m: Count = 0
    cache_write_1h: Count = 0
    cache_write_unsplit: Count = 0
    output: Count = 0
    reasoning: Count = 0


class WireCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cost the sender knows or guesses; `usd` may be a number or a string of digits."""

    usd: Decimal
    basis: CostBasis = "client-estimated"


class WireContext(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes the price of a call: unknown values would be priced wrongly, so they are refused."""

    speed: Literal["", "normal", "standard", "fast"] = ""
    service_tier: Literal["", "auto", "default", "standard", "priority", "flex", "fast"] = ""
    batch: bool = False


class WireEvent(msgspec.Struct, frozen=True):
    """One event as sent. Unknown fields are dropped unread: prompts and tool output have no place here."""

    id: Key
    occurred_at: Aware
    agent: Name
    model: Key
    tokens: WireTokens
    provider: Name = ""
    session_id: Label = ""
    member: Annotated[str, msgspec.Meta(max_length=254)] = ""
    repository: Annotated[str, msgspec.Meta(max_length=300)] = ""
    cost: WireCost | None = None
    billing: Billing = "unknown"
    context: WireContext = WireContext()


class _Batch(msgspec.Struct):
    events: list[WireEvent]


class _RawBatch(msgspec.Struct):
    events: list[msgspec.Raw]


_batch = msgspec.json.Decoder(_Batch)
_raw_batch = msgspec.json.Decoder(_RawBatch)
_event = msgspec.json.Decoder(WireEvent)
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_NAMED = re.compile(r"(?:required|unknown) field `([^`]+)`")
# A backslash that is data, a whole pair, or a half: in this order, so that only real halves are found.
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
_TEXTS = ("id", "agent", "model", "provider", "session_id", "member", "repository")


def parse(body: bytes, *, now: datetime) -> ParsedBatch:
    """Read a body; `now` (aware) sets the window in which `occurred_at` must lie.

    Raises BadBatch (`body_too_large`, `bad_body`, `invalid`, `no_events`, `too_many_events`).
    """
    if len(body) > MAX_BODY_BYTES:
        raise BadBatch("body_too_large", f"The body is over {MAX_BODY_BYTES} bytes; send fewer events per call.")
    records: list[tuple[int, UsageRecord]] = []
    errors: list[EventError] = []
    earliest, latest = now - LATE_WINDOW, now + FUTURE_WINDOW
    may_hold_nul = b"\\u0000" in body
    for index, event in _decode(body):
        if isinstance(event, EventError):
            errors.append(event)
        elif refusal := _refuse(index, event, earliest, latest, may_hold_nul):
            errors.append(refusal)
        else:
            records.append((index, _record(event)))
    return ParsedBatch(records, errors)


def _decode(body: bytes) -> Iterator[tuple[int, WireEvent | EventError]]:
    try:
        # All in one go is several times quicker, and what healthy senders get.
        events: Sequence[WireEvent | msgspec.Raw] = _batch.decode(body).events
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        events = _split(body)
    if not events:
        raise BadBatch("no_events", "The list of events is empty; send 1 to 1000 events per call.")
    if len(events) > MAX_EVENTS:
        raise BadBatch("too_many_events", f"{len(events)} events in one call; send at most {MAX_EVENTS}.")
    for index, event in enumerate(events):
        yield index, _decode_one(index, event) if isinstance(event, msgspec.Raw) else event


def _split(body: bytes) -> list[msgspec.Raw]:
    if body.count(b",") > MAX_COMMAS:
        raise BadBatch("too_many_events", f"The list is far too long; send at most {MAX_EVENTS} events per call.")
    try:
        return _raw_batch.decode(_whole_characters(body)).events
    except msgspec.ValidationError as error:
        message = f'The body must be {{"events": [...]}}: {error}.'
        raise BadBatch("invalid", message) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBatch("bad_body", f"The body is not JSON in UTF-8: {error}.") from None
    except RecursionError:
        raise BadBatch("bad_body", "The body is nested too deeply.") from None


def _whole_characters(body: bytes) -> bytes:
    """The body with U+FFFD for each half of a character: JavaScript writes halves where it cuts a text in an emoji, and
    one of them, even in a field that is dropped, would take the whole batch down."""
    return _SURROGATES.sub(lambda found: rb"\ufffd" if found.lastgroup else found[0], body)


def _decode_one(index: int, raw: msgspec.Raw) -> WireEvent | EventError:
    try:
        return _event.decode(raw)
    except msgspec.ValidationError as error:
        return _explain(index, str(error))
    except UnicodeDecodeError:
        return EventError(index, "invalid_encoding", "The event holds bytes that are not UTF-8.", "")
    except (msgspec.DecodeError, RecursionError):
        return EventError(index, "invalid_json", "The event holds JSON that cannot be read.", "")


def _explain(index: int, message: str) -> EventError:
    """Turn msgspec's sentence (``Expected `int` >= 0 - at `$.tokens.output` ``) into code, message and field."""
    at = _PATH.search(message)
    text = message[: at.start()] if at else message
    path = at.group(1) if at else ""
    code = "invalid_field"
    if named := _NAMED.search(text):
        path = f"{path}.{named.group(1)}" if path else named.group(1)
        code = "missing_field" if "required" in text else "unknown_field"
    return EventError(index, code, f"{text}.", path)


def _refuse(
    index: int, event: WireEvent, earliest: datetime, latest: datetime, may_hold_nul: bool
) -> EventError | None:
    if event.occurred_at > latest:
        return EventError(index, "in_the_future", "The time is more than a day ahead of ours.", "occurred_at")
    if event.occurred_at < earliest:
        message = f"The time is more than {LATE_WINDOW.days} days ago; events that old are not taken."
        return EventError(index, "too_old", message, "occurred_at")
    if event.tokens.reasoning > event.tokens.output:
        message = "Reasoning is part of output and cannot be larger than it."
        return EventError(index, "invalid_field", message, "tokens.reasoning")
    if event.cost is not None and not _is_sane(event.cost.usd):
        message = f"The cost must be a number of dollars from 0 to {MAX_COST_USD}."
        return EventError(index, "invalid_field", message, "cost.usd")
    return _refuse_texts(index, event, may_hold_nul)


def _refuse_texts(index: int, event: WireEvent, may_hold_nul: bool) -> EventError | None:
    if not (event.id.strip() and event.agent.strip() and event.model.strip()):
        blank = next(name for name in _TEXTS if not getattr(event, name).strip())
        return EventError(index, "invalid_field", "The text is blank.", blank)
    if may_hold_nul:
        for name in _TEXTS:
            if "\0" in getattr(event, name):
                return EventError(index, "invalid_field", "The text holds a NUL character.", name)
    return None


def _is_sane(usd: Decimal) -> bool:
    try:
        return usd.is_finite() and 0 <= usd <= MAX_COST_USD
    except InvalidOperation:
        return False


def _record(event: WireEvent) -> UsageRecord:
    cost = event.cost
    return UsageRecord(
        source=SOURCE,
        client_id=event.id.strip(),
        occurred_at=event.occurred_at.astimezone(UTC),
        agent=event.agent.strip().lower(),
        model=event.model.strip(),
        provider=event.provider.strip().lower(),
        session_id=event.session_id.strip(),
        member=event.member.strip().lower(),
        repository=event.repository.strip(),
        tokens=event.tokens,
        reported_cost=None if cost is None else cost.usd.quantize(COST_PLACES),
        reported_basis=None if cost is None else cost.basis,
        billing=event.billing,
        speed=event.context.speed,
        service_tier=event.context.service_tier,
        batch=event.context.batch,
    )
