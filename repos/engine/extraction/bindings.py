"""What names stand for: declared types, assigned values, results of functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .values import LITERAL, NAME, NO_VALUE, SELF, UNKNOWN_VALUE, Values

if TYPE_CHECKING:
    from tree_sitter import Node

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
BOUND = ("bind.name", "bind.field", "bind.unknown")

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
        written = group.types[0] if group.types else None
        kind = types.read(source[written.start_byte : written.end_byte], written.start_byte) if written else None
        held = IS_VALUE if written and _CLASS_ITSELF.match(written.text or b"") else OF_TYPE
        for place, (name, node) in enumerate(group.names):
            value = group.values[place] if len(group.values) == len(group.names) else None
            how, what = _how(source, kind, None if name == "bind.unknown" else value, values)
            rows += _rows(source, name, node, held if how == OF_TYPE else how, what, values)
    # In order of their place, whatever order the query found them in: values get their numbers as they come.
    for node in sorted(captures.get("return", ()), key=lambda node: node.start_byte):
        kind = types.read(source[node.start_byte : node.end_byte], node.start_byte)
        held = IS_VALUE if _CLASS_ITSELF.match(node.text or b"") else OF_TYPE
        rows.append((node.start_byte, RESULT, held, kind, 0))
    for node in sorted(captures.get("return.value", ()), key=lambda node: (node.start_byte, node.end_byte)):
        rows.append((node.start_byte, RESULT, *_how(source, None, node, values), 0))
    return sorted(rows)


def _rows(source: bytes, name: str, node: Node, how: int, what: int, values: Values) -> Iterator[Row]:
    start, word = node.start_byte, source[node.start_byte : node.end_byte]
    receiver = values.receiver(start)
    member = receiver >= 0 and receiver == values.numbers.get((NAME, values.names.get(SELF, -9), NO_VALUE))
    if receiver != NO_VALUE and not member:
        return
    own = member or word[:1] == b"@"
    if not own:
        yield start, values.name(word), how, what, 0
    if own or name == "bind.field":
        yield start, values.name(word), how, what, 1


def _how(source: bytes, kind: int | None, value: Node | None, values: Values) -> tuple[int, int]:
    if kind is not None:
        return (OF_TYPE, kind) if kind >= 0 else (OPAQUE, UNKNOWN_VALUE)
    if value is None:
        return OPAQUE, UNKNOWN_VALUE
    start, end = value.start_byte, value.end_byte
    if end - start < 10 and source[start:end] in NULLS:
        return EMPTY, UNKNOWN_VALUE
    if source[start : start + 1] in (b'"', b"'", b"`", b"[", b"{"):
        return IS_VALUE, values.value(NAME, values.name(LITERAL), NO_VALUE)
    found = values.whole(start, end)
    return (IS_VALUE, found) if found >= 0 else (OPAQUE, UNKNOWN_VALUE)


@dataclass(slots=True)
class Group:
    """One declaration."""

    end: int
    names: list[tuple[str, Node]] = field(default_factory=list)
    types: list[Node] = field(default_factory=list)
    values: list[Node] = field(default_factory=list)


def _groups(captures: Captures) -> list[Group]:
    """Whatever stands in an inner declaration belongs to that, not to the outer one."""
    items = {
        (node.start_byte, -node.end_byte, place): (name, node)
        for place, name in enumerate(("bind", "bind.type", "bind.value", *BOUND))
        for node in captures.get(name, ())
    }
    stack: list[Group] = []
    found: list[Group] = []
    for (start, end, _), (name, node) in sorted(items.items(), key=lambda item: item[0]):
        while stack and stack[-1].end <= start:
            stack.pop()
        if name == "bind" or not stack:
            found.append(Group(-end))
        if name == "bind":
            stack.append(found[-1])
            continue
        group = stack[-1] if stack else found[-1]
        if name in BOUND:
            group.names.append((name, node))
        else:
            (group.types if name == "bind.type" else group.values).append(node)
    return found
