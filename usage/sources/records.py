"""What every feed hands over, whatever its wire format was."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec

CostBasis = Literal["billed", "provider-estimated", "client-estimated"]
Billing = Literal["api", "subscription", "unknown"]

# How far a reported cost can be trusted, least first: an invoice beats a provider's estimate beats a client's guess.
_BASIS_RANK: dict[str | None, int] = {None: 0, "client-estimated": 1, "provider-estimated": 2, "billed": 3}
_MOST_UNSPLIT = (1 << 63) - 1
_ORDER = struct.Struct(">QBBQ")
_encode = msgspec.msgpack.Encoder().encode


class BadBatch(Exception):
    """The body as a whole cannot be used, so none of it was taken.

    `code` is for programs, the message says what was wrong and what to do about it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class EventError(NamedTuple):
    """Why the event at `place` of the batch was refused; `field` is a dotted path, empty for the event itself."""

    place: int
    code: str
    message: str
    field: str


class TokenCounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exclusive parts: no token is counted in two of them, except `reasoning`, which is part of `output`."""

    input_uncached: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_write_unsplit: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def input(self) -> int:
        """All input tokens, cached ones included: what vendors' tier limits are measured on."""
        return (
            self.input_uncached + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.cache_write_unsplit
        )

    @property
    def total(self) -> int:
        """Input and output; reasoning is inside output already."""
        return self.input + self.output


TOKEN_PARTS = TokenCounts.__struct_fields__  # the names of the columns, too


class UsageRecord(msgspec.Struct, frozen=True):
    """One model call. Times are aware UTC, money is USD."""

    source: str
    client_id: str
    occurred_at: datetime
    agent: str
    model: str
    provider: str
    session_id: str
    member: str
    repository: str
    tokens: TokenCounts
    reported_cost: Decimal | None
    reported_basis: CostBasis | None
    billing: Billing
    speed: str
    service_tier: str
    batch: bool

    def completeness(self) -> bytes:
        """A key that orders copies of one event from least to most complete by plain byte comparison.

        Larger token total first, then a cost of better standing, then a known way of paying, then split cache writes.
        The fingerprint at the end settles the rest, so that the same copies in any order leave the same row.
        """
        tokens = self.tokens
        content = _encode(
            (
                (self.agent, self.model, self.provider, self.billing, self.speed, self.service_tier, self.batch),
                tokens,
                self.reported_cost,
                self.reported_basis,
            )
        )
        order = _ORDER.pack(
            tokens.total,
            _BASIS_RANK[self.reported_basis],
            self.billing != "unknown",
            _MOST_UNSPLIT - tokens.cache_write_unsplit,
        )
        return order + blake2b(content, digest_size=8).digest()


class ParsedBatch(NamedTuple):
    """Records with their index in the batch, and the refusals; together they cover every event sent."""

    records: Sequence[tuple[int, UsageRecord]]
    errors: Sequence[EventError]
