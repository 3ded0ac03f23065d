"""Cuts a file into blocks, the units that are searched, ranked and packed.

A whole function of up to 120 lines is one block, with its decorators and leading comments, never glued to a neighbour.
Longer ones become windows of about 50 lines cut at blank lines, their inner functions of 6 lines or more being blocks
of their own. A class of up to 30 lines is one block; of a longer one the head and fields stand apart from the
methods. What lies outside any definition comes in pieces of at most 40 lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .facts import BLOCK_MODULE, BLOCK_TEST, BLOCK_TEXT

WHOLE_FUNCTION = 120
WHOLE_CLASS = 30
WINDOW = 50
PIECE = 40
INNER = 6


@dataclass(slots=True)
class Span:
    """A definition, in lines (0-based, `end` inclusive)."""

    start: int
    end: int
    container: bool
    test: bool = False
    children: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Cutter:
    """`solid[line]` is false for lines without a word character: they carry nothing and are the best places to cut."""

    spans: Sequence[Span]
    solid: Sequence[bool]
    out: list[tuple[int, int, int, int]] = field(default_factory=list)

    def file(self, top: list[int]) -> list[tuple[int, int, int, int]]:
        """-> (start, end, definition or -1, flags), sorted, 0-based lines, end inclusive."""
        self._around(0, len(self.solid) - 1, top, -1, PIECE, BLOCK_MODULE)
        self.out.sort()
        return self.out

    def _definition(self, number: int, start: int, end: int, flags: int) -> None:
        span = self.spans[number]
        flags |= BLOCK_TEST if span.test else 0
        if end - start + 1 <= (WHOLE_CLASS if span.container else WHOLE_FUNCTION):
            self.out.append((start, end, number, flags))
        elif span.container:
            self._around(start, end, span.children, number, PIECE, flags)
        else:
            inner = [c for c in span.children if self.spans[c].end - self.spans[c].start + 1 >= INNER]
            self._around(start, end, inner, number, WINDOW, flags)

    def _around(self, start: int, end: int, inner: Sequence[int], owner: int, size: int, flags: int) -> None:
        """Blocks of the inner definitions, and pieces of what is between them."""
        line = start
        inside = flags & ~BLOCK_MODULE
        for number in inner:
            span = self.spans[number]
            first, last = max(span.start, line), min(span.end, end)
            if last < first:
                continue
            self._pieces(line, first - 1, owner, size, flags)
            self._definition(number, first, last, inside)
            line = last + 1
        self._pieces(line, end, owner, size, flags)

    def _pieces(self, start: int, end: int, owner: int, size: int, flags: int) -> None:
        while start <= end:
            while start <= end and not self.solid[start]:
                start += 1
            if start > end:
                return
            last = self._cut(start, end, size)
            stop = last
            while stop > start and not self.solid[stop]:
                stop -= 1
            self.out.append((start, stop, owner, flags))
            start = last + 1

    def _cut(self, start: int, end: int, size: int) -> int:
        """The last line of a piece that begins at `start`: the latest empty line in reach, if one is past the
        middle."""
        if end - start < size:
            return end
        for line in range(start + size - 1, start + size // 2, -1):
            if not self.solid[line]:
                return line
        return start + size - 1


def text_windows(solid: Sequence[bool]) -> list[tuple[int, int, int, int]]:
    """Windows over a file without symbols."""
    return [(a, b, d, BLOCK_TEXT) for a, b, d, _ in Cutter([], solid).file([])]
