"""Expressions as chains of names, member accesses and calls, read backwards from their text.

`self.client.get(url)` is a call of the member `get` of the member `client` of self. Equal chains of a file share one
number, so that what they stand for is worked out once. Reading the text needs no syntax node and no rule of a
language; whatever is no such chain (operators, subscripts) is an unknown value.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from repos.engine.languages.base import Language

    from .definitions import Definition
    from .parse import Lines

NO_VALUE, UNKNOWN_VALUE = -1, -2
NAME, MEMBER, CALL = 0, 1, 2  # what a value is; a NAME that is empty is a literal
SELF = b"self"
LITERAL = b""
LONGEST_CHAIN = 16
DOT, COLON, DASH, GREATER, BACKSLASH = b".:->\\"
SIGILS = b"$@"
MARKS = b"?!&"  # `a?.b`, `a!.b`, `a&.b`
SPACE = frozenset(b" \t\r\n\\")
QUOTES = frozenset(b"\"'`")
OPENING, CLOSING = b"([{", b")]}"
PARENTHESIS, BRACKET, BRACE = CLOSING
# Words that a bracket or a name follows without being called or a receiver.
KEYWORDS = frozenset(
    b"if elif else while for in is not and or return yield await new throw raise case when match switch of instanceof"
    b" typeof delete void do with assert print lambda as from import except catch synchronized unless until then"
    b"".split()
)
_PREFIX = re.compile(rb"(?:(await|new|co_await|&mut|&|\*)\s*)+(?=[\w$@\x80-\xff(])")
_WORD = frozenset([*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz", *range(128, 256)])
_JOINS = bytes(byte in (DOT, COLON, GREATER, BACKSLASH) for byte in range(256))
_TURNS = bytes(1 if byte in OPENING else 255 if byte in CLOSING else 0 for byte in range(256))

# A name of the instance -> where the definitions that call it so begin, in order; and for each the byte up to which it,
# or one before it, goes.
OwnNames = dict[bytes, tuple[list[int], list[int]]]
Read = tuple[int, int]  # number of the value, byte where its text starts


class Values:
    """The chains of one file. `rows` are (what, name, base): `name` is an index into `names`, `base` another value."""

    def __init__(
        self,
        source: bytes,
        lines: Lines,
        language: Language,
        plain: NDArray[np.bool_],
        own_names: OwnNames,
    ) -> None:
        """`plain` is true for bytes that are neither comment nor string; `own_names` say where a
        word means the instance (Go's receivers)."""
        self.source, self.language, self.lines = source, language, lines
        self.names: dict[bytes, int] = {}
        self.numbers: dict[tuple[int, int, int], int] = {}
        self.at: list[int] = lines.at.tolist()
        self.ends: list[int] = lines.ends.tolist()
        self.own_names = own_names
        self._open = _matched(source, plain)
        self._read: dict[int, Read] = {}

    def name(self, word: bytes) -> int:
        return self.names.setdefault(word, len(self.names))

    def value(self, what: int, name: int, base: int) -> int:
        return self.numbers.setdefault((what, name, base), len(self.numbers))

    def rows(self) -> list[tuple[int, int, int]]:
        return list(self.numbers)

    def receiver(self, start: int) -> int:
        """What the name at byte `start` is a member of: a value, NO_VALUE, or UNKNOWN_VALUE."""
        joint = self._joint(start)
        return NO_VALUE if joint < 0 else self._operand(joint, LONGEST_CHAIN)[0]

    def receivers(self, starts: NDArray[np.int64]) -> list[int]:
        """That of each name. Most have nothing that could join them between the word before and them, and are not
        looked at one by one."""
        found = [NO_VALUE] * len(starts)
        joins = np.flatnonzero(np.frombuffer(self.source.translate(_JOINS), bool))
        ends = np.concatenate(([0], self.lines.ends))[np.searchsorted(self.lines.at, starts)]
        places = np.flatnonzero(np.searchsorted(joins, starts) > np.searchsorted(joins, ends))
        for place, start in zip(places.tolist(), starts[places].tolist(), strict=True):
            found[place] = self.receiver(start)
        return found

    def whole(self, start: int, end: int) -> int:
        """The value of the expression from `start` to `end`, or UNKNOWN_VALUE."""
        prefix = _PREFIX.match(self.source, start, end)
        first = prefix.end() if prefix else start
        while end > first and self.source[end - 1] in b"!?;":
            end -= 1
        value, begins = self._operand(end, LONGEST_CHAIN)
        if begins != first or value < 0:
            return UNKNOWN_VALUE
        if prefix and prefix[0].endswith(b"new ") and self.source[end - 1] != CLOSING[0]:
            value = self.value(CALL, -1, value)
        return value

    def _joint(self, start: int) -> int:
        """Where the `.`, `::` or `->` before a name begins, or -1."""
        source = self.source
        if start < 2:
            return -1
        last = source[start - 1]
        if last in _WORD:
            return -1
        if last == BACKSLASH and source[start - 2] in _WORD:
            return start - 1
        if last in SPACE:  # `builder.` at the end of a line
            floor = max(0, start - 61)
            start = floor + len(source[floor : start - 1].rstrip(b" \t\r\n\\"))
            if start < 2 or source[start - 1] != DOT:
                return -1
            last = DOT
        if last == DOT:
            if source[start - 2] == DOT:
                return -1  # `...rest`
            return start - 1 - (source[start - 2] in MARKS)
        if last == COLON and source[start - 2] == COLON or last == GREATER and source[start - 2] == DASH:
            return start - 2 - (source[start - 3 : start - 2] == b"?")
        return -1

    def _operand(self, end: int, depth: int) -> Read:
        """The value whose text ends at `end`, and where it begins."""
        source = self.source
        while end > 0 and source[end - 1] in SPACE:
            end -= 1
        found = self._read.get(end)
        if found is None:
            found = self._read[end] = self._look(end, depth) if depth and end > 0 else (UNKNOWN_VALUE, end)
        return found

    def _look(self, end: int, depth: int) -> Read:
        last = self.source[end - 1]
        if last in _WORD:
            return self._word(end, depth)
        if last in QUOTES:
            return self.value(NAME, self.name(LITERAL), NO_VALUE), -1
        if last not in CLOSING:
            return UNKNOWN_VALUE, end
        opened = self._open[end - 1]
        if opened < 0:
            return UNKNOWN_VALUE, end
        callee, begins = self._operand(opened, depth - 1) if opened and self._follows_word(opened) else (NO_VALUE, 0)
        if last == PARENTHESIS:
            if callee == NO_VALUE:
                return self.whole(opened + 1, end - 1) if depth > 8 else UNKNOWN_VALUE, opened
            return (self.value(CALL, -1, callee) if callee >= 0 else UNKNOWN_VALUE), begins
        if callee == NO_VALUE:  # a list or a table as it stands
            return self.value(NAME, self.name(LITERAL), NO_VALUE), opened
        return UNKNOWN_VALUE, begins

    def _follows_word(self, opened: int) -> bool:
        """Whether a bracket is a call's or an index's: something that has a value stands right before it."""
        last = self.source[opened - 1]
        if last in CLOSING:
            return True
        if last == GREATER or last not in _WORD:
            return False
        place = bisect_left(self.ends, opened)
        if place >= len(self.ends):
            return False
        return self.lines.words[place] not in KEYWORDS or self._joint(self.at[place]) >= 0  # Ruby's `Cart.new(1)`

    def _word(self, end: int, depth: int) -> Read:
        place = bisect_left(self.ends, end)
        if place >= len(self.ends) or self.ends[place] != end:
            return UNKNOWN_VALUE, end
        start, word = self.at[place], self.lines.words[place]
        if word[:1].isdigit():
            return self.value(NAME, self.name(LITERAL), NO_VALUE), start
        while start and self.source[start - 1] in SIGILS:
            start -= 1
            word = self.source[start:end]
        joint = self._joint(start)
        if joint < 0:
            return self._named(word, start), start
        base, begins = self._operand(joint, depth - 1)
        if word == b"await":
            return base, begins
        return self.value(MEMBER, self.name(word), base), begins

    def _named(self, word: bytes, start: int) -> int:
        if word in KEYWORDS:
            return UNKNOWN_VALUE
        if self.means_self(word, start):
            word = SELF
        elif word[:1] == b"@" and len(word) > 1:  # Ruby's `@client` is self's
            return self.value(MEMBER, self.name(word), self.value(NAME, self.name(SELF), NO_VALUE))
        return self.value(NAME, self.name(word), NO_VALUE)

    def means_self(self, word: bytes, at: int) -> bool:
        if word in self.language.self_names or not self.own_names:
            return word in self.language.self_names
        spans = self.own_names.get(word)
        before = bisect_right(spans[0], at) if spans else 0
        return bool(spans and before and at < spans[1][before - 1])


def own_names(definitions: Sequence[Definition]) -> OwnNames:
    """A file of thousands of methods asks at every word, so it is no list to go through."""
    found: OwnNames = {}
    for one in sorted((d for d in definitions if d.self_name), key=lambda d: d.first_byte):
        firsts, reach = found.setdefault(one.self_name, ([], []))
        firsts.append(one.first_byte)
        reach.append(max(one.last_byte, reach[-1] if reach else 0))
    return found


def _matched(source: bytes, plain: NDArray[np.bool_]) -> memoryview:
    """For each closing bracket the byte of the one it answers; -1 elsewhere, and where they do not fit."""
    data = np.frombuffer(source, np.uint8)
    step = np.frombuffer(source.translate(_TURNS), np.int8)
    places = np.flatnonzero((step != 0) & plain[: len(data)])
    found = np.full(len(data) + 1, -1, np.int32)
    if not len(places):
        return found.data
    steps = step[places].astype(np.int64)
    level = np.cumsum(steps) - (steps > 0)  # the same for a bracket and its answer
    order = np.argsort(level, kind="stable")
    one, two = order[:-1], order[1:]
    fits = (level[one] == level[two]) & (steps[one] > 0) & (steps[two] < 0)
    first, second = places[one[fits]], places[two[fits]]
    same = (data[second].astype(np.int16) - data[first]) <= 2  # ( ) are neighbours in ASCII, [ ] and { } two apart
    found[second[same]] = first[same]
    return found.data
