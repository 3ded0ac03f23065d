"""Reads what scip-typescript writes: a protobuf message of documents with occurrences of symbols.

Only the fields that are asked for are read: Index.documents (2); Document.relative_path (1), .occurrences (2);
Occurrence.range (1), .symbol (2), .symbol_roles (3). Schema: scip.proto of the SCIP project, version 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEFINITION = 1  # bit of symbol_roles
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`line` and `start` count from 0; `start` is in UTF-16 units of the line."""

    path: str
    line: int
    start: int
    symbol: str
    definition: bool


def occurrences(index: Path) -> Iterator[Occurrence]:
    for field, document in _fields(index.read_bytes()):
        if field == 2 and isinstance(document, bytes):
            parts = list(_fields(document))
            path = next(value.decode() for number, value in parts if number == 1 and isinstance(value, bytes))
            for number, value in parts:
                if number == 2 and isinstance(value, bytes):
                    yield _occurrence(path, value)


def _occurrence(path: str, message: bytes) -> Occurrence:
    place: list[int] = []
    symbol, roles = "", 0
    for number, value in _fields(message):
        if number == 1 and isinstance(value, bytes):
            at = 0
            while at < len(value):
                one, at = _varint(value, at)
                place.append(one)
        elif number == 2 and isinstance(value, bytes):
            symbol = value.decode()
        elif number == 3 and isinstance(value, int):
            roles = value
    return Occurrence(path, place[0], place[1], symbol, bool(roles & DEFINITION))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        size, at = _varint(message, at) if kind == BYTES else (8 if kind == FIXED64 else 4, at)
        yield key >> 3, message[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
