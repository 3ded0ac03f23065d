"""What names stand for: declared types, assigned values, results of functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .values import LITERAL, NAME, NO_VALUE, SELF, UNKNOWN_VALUE, Values

if TYPE_CHECKING:
    from .parse import Captures

# How a name is bound: nothing is known of it; it is an instance of the type; it is the value; it is null.
OPAQUE, OF_TYPE, IS_VALUE, EMPTY = 0, 1, 2, 3
RESULT = -1  # stands for the name of what a function gives back
LONGEST_TYPE = 300
NULLS = frozenset([b"None", b"null", b"nil", b"undefined", b"nullptr", b"NULL", b"Null"])
_WRITTEN = re.compile(rb"^([\w$.:\\\x80-\xff]+?)(?:::)?\s*(?:[<\[](.*)[>\]])?[\s?!*&]*$", re.S)
_CLASS_ITSELF = re.compile(rb"\s*:?\s*[\"']?(?:[Tt]ype\[|typeof\s)")
_MODIFIERS = re.compile(
    rb"^(?:[\s*&?:]+|(?:const|mut|dyn|final|readonly|static|ref|struct|impl|out|in|volatile|typeof)\b)+"
)
PLACES = ("bind", "bind.type", "bind.value", "bind.name", "bind.field", "bind.unknown")
WHOLE, TYPE, GIVEN, _, FIELD, UNTOLD = range(len(PLACES))
UNTYPED = -1
JOINING = frozenset([b".", b">", b":", b"\\"])
LITERALS = frozenset([b'"', b"'", b"`", b"[", b"{"])
BITS = 32
FARTHEST = (1 << BITS) - 1

Span = tuple[int, int]
Row = tuple[int, int, int, int, int]  # byte of the name, name, how, value, whether it is a field


class Types:
    """Reads types as they are written: the chain that names the type, or UNKNOWN_VALUE."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self._known: dict[bytes, int] = {}

    def read(self, written: bytes, at: int) -> int:
        written = written[:LONGEST_TYPE]
        found = self._known.get(written)
        if found is None:
            found = self._read(written, at, 5)
            if not self.values.own_names:
                self._known[written] = found
        return found

    def _read(self, written: bytes, at: int, depth: int) -> int:
        text = _MODIFIERS.sub(b"", written.strip(b" \t\r\n:\"'"))
        choices = [part for part in _choices(text) if part not in NULLS]
        if len(choices) != 1 or not depth:
            return UNKNOWN_VALUE
        match = _WRITTEN.match(_MODIFIERS.sub(b"", choices[0]))
        if match is None:
            return UNKNOWN_VALUE
        path = [word for word in re.split(rb"::|[.\\]", match[1]) if word]
        if match[2] and path and (path[-1] in self.values.language.type_wrappers or _CLASS_ITSELF.match(choices[0])):
            return self._read(_first(match[2]), at, depth - 1)
        return self._chain(path, at)

    def _chain(self, path: Sequence[bytes], at: int) -> int:
        value, values = UNKNOWN_VALUE, self.values
        for place, word in enumerate(path[:8]):
            if place:
                value = values.value(1, values.name(word), value)
            else:
                own = values.means_self(word, at)
                value = values.value(NAME, values.name(SELF if own else word), NO_VALUE)
        return value


def _choices(text: bytes) -> list[bytes]:
    """The parts of `A | None` outside of brackets."""
    if b"|" not in text:
        return [text]
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text + b"|"):
        depth += (letter in b"<[({") - (letter in b">])}")
        if letter == ord("|") and depth <= 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [part for part in parts if part]


def _first(arguments: bytes) -> bytes:
    depth = 0
    for place, letter in enumerate(arguments):
        depth += (letter in b"<[({") - (letter in b">])}")
        if letter == ord(",") and depth <= 0:
            return arguments[:place]
    return arguments


def find_bindings(source: bytes, captures: Captures, values: Values) -> list[Row]:
    """Rows in order of their place; see facts.Facts. Results of functions come under the name RESULT."""
    types = Types(values)
    rows: list[Row] = []
    for group in _groups(captures):
        how, what = _declared(source, group.types[0], types) if group.types else (UNTYPED, UNKNOWN_VALUE)
        paired = len(group.values) == len(group.names)
        for number, (place, start, end) in enumerate(group.names):
            if how != UNTYPED:
                rows += _rows(source, place, start, end, how, what, values)
            elif paired and place != UNTOLD:
                rows += _rows(source, place, start, end, *_given(source, group.values[number], values), values)
            else:
                rows += _rows(source, place, start, end, OPAQUE, UNKNOWN_VALUE, values)
    # In order of their place, whatever order the query found them in: values get their numbers as they come.
    for span in sorted(node.byte_range for node in captures.get("return", ())):
        rows.append((span[0], RESULT, *_declared(source, span, types), 0))
    for span in sorted(node.byte_range for node in captures.get("return.value", ())):
        rows.append((span[0], RESULT, *_given(source, span, values), 0))
    return sorted(rows)


def _rows(source: bytes, place: int, start: int, end: int, how: int, what: int, values: Values) -> list[Row]:
    word = source[start:end]
    if source[start - 1 : start] not in JOINING:
        if word in values.language.self_names:
            return []
        if word[:1] != b"@" and place != FIELD:  # most of them
            return [(start, values.name(word), how, what, 0)]
    receiver = values.receiver(start) if source[start - 1 : start] in JOINING else NO_VALUE
    member = receiver >= 0 and receiver == values.numbers.get((NAME, values.names.get(SELF, -9), NO_VALUE))
    if receiver != NO_VALUE and not member or not member and word in values.language.self_names:
        return []
    own = member or word[:1] == b"@"
    name = values.name(word)
    rows = [] if own else [(start, name, how, what, 0)]
    return [*rows, (start, name, how, what, 1)] if own or place == FIELD else rows


def _declared(source: bytes, span: Span, types: Types) -> tuple[int, int]:
    written = source[span[0] : span[1]]
    value = types.read(written, span[0])
    if value < 0:
        return OPAQUE, UNKNOWN_VALUE
    return IS_VALUE if _CLASS_ITSELF.match(written) else OF_TYPE, value


def _given(source: bytes, span: Span, values: Values) -> tuple[int, int]:
    start, end = span
    if end - start < 10 and source[start:end] in NULLS:
        return EMPTY, UNKNOWN_VALUE
    if source[start : start + 1] in LITERALS:
        return IS_VALUE, values.value(NAME, values.name(LITERAL), NO_VALUE)
    found = values.whole(start, end)
    return (IS_VALUE, found) if found >= 0 else (OPAQUE, UNKNOWN_VALUE)


class Group:
    """One declaration: its names with their place in PLACES, types and values, as spans of bytes."""

    __slots__ = ("end", "names", "types", "values")

    def __init__(self, end: int) -> None:
        self.end = end
        self.names: list[tuple[int, int, int]] = []
        self.types: list[Span] = []
        self.values: list[Span] = []


def _groups(captures: Captures) -> list[Group]:
    """Whatever stands in an inner declaration belongs to that, not to the outer one."""
    # One number each (start, then the longer one, then the place) sorts several times quicker than tuples.
    spots = {
        start << 2 * BITS | (FARTHEST - end) << BITS | place
        for place, name in enumerate(PLACES)
        for start, end in [node.byte_range for node in captures.get(name, ())]
    }
    stack: list[Group] = []
    found: list[Group] = []
    for spot in sorted(spots):
        start, end, place = spot >> 2 * BITS, FARTHEST - (spot >> BITS & FARTHEST), spot & FARTHEST
        while stack and stack[-1].end <= start:
            stack.pop()
        if place == WHOLE or not stack:
            found.append(Group(end))
        if place == WHOLE:
            stack.append(found[-1])
            continue
        group = stack[-1] if stack else found[-1]
        if place == TYPE:
            group.types.append((start, end))
        elif place == GIVEN:
            group.values.append((start, end))
        else:
            group.names.append((place, start, end))
    return found
