"""One file parsed: what its language's query captures, and where its lines and words are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repos.engine import words
from repos.engine.languages import BY_NAME, parser_of
from repos.engine.types import Limits

if TYPE_CHECKING:
    from tree_sitter import Node

Captures = dict[str, list["Node"]]
CHUNK = 1 << 16
NEWLINE = 10


class TooSlow(Exception):
    """The parser took longer than `Limits.file_seconds`."""


class Lines:
    """Where lines begin, where words are, and which lines carry one. Offsets are in bytes of the file's own source."""

    def __init__(self, source: bytes) -> None:
        self._fill(Text([source]), 0)

    def _fill(self, text: Text, number: int) -> None:
        base, end = text.bases[number], text.bases[number + 1] - 1
        first, last = text.first_line[number : number + 2].tolist()
        if last - first > 1 and text.starts[last - 1] == end:
            last -= 1  # a final newline begins no line
        self.starts = text.starts[first:last] - base
        self.first_word, self.last_word = text.first_word[number : number + 2].tolist()
        self.at = text.at[self.first_word : self.last_word] - base
        self.ends = text.ends[self.first_word : self.last_word] - base
        self.words = text.words[self.first_word : self.last_word]
        self.word_lines = text.word_lines[self.first_word : self.last_word] - first
        solid = np.zeros(len(self.starts), bool)
        solid[self.word_lines] = True
        self.solid: list[bool] = solid.tolist()

    @classmethod
    def of_all(cls, sources: Sequence[bytes]) -> list[Lines]:
        """Those of several files, for little more than one call's worth of overhead."""
        text = Text(sources)
        found = [cls.__new__(cls) for _ in sources]
        for number, lines in enumerate(found):
            lines._fill(text, number)
        return found

    def of(self, at: NDArray[np.integer] | Sequence[int]) -> NDArray[np.int64]:
        """0-based lines of byte offsets."""
        return np.searchsorted(self.starts, at, side="right") - 1


class Text:
    """Files end to end, a newline behind each: what `Lines` are cut from."""

    def __init__(self, sources: Sequence[bytes]) -> None:
        joined = b"\n".join([*sources, b""])
        self.bases = [0, *accumulate(len(source) + 1 for source in sources)]
        newlines = np.flatnonzero(np.frombuffer(joined, np.uint8) == NEWLINE)
        self.starts = np.concatenate(([0], newlines[:-1] + 1)) if sources else newlines
        self.words, self.at, self.ends = words.split(joined)
        self.word_lines = np.searchsorted(newlines, self.at)
        self.first_line = np.searchsorted(self.starts, self.bases)
        self.first_word = np.searchsorted(self.at, self.bases)


def capture(source: bytes, language: str, limits: Limits) -> Captures:
    """Raises TooSlow, and GrammarMissing when the language's grammar cannot load."""
    parser, cursor = parser_of(language)
    blank = BY_NAME[language].blank
    source = blank(source) if blank is not None else source
    end = time.monotonic() + limits.file_seconds

    def late(*_: object) -> bool:
        return time.monotonic() > end

    def chunk(offset: int, _: object) -> bytes:
        return source[offset : offset + CHUNK]

    parser.reset()
    try:
        tree = parser.parse(chunk, progress_callback=late)
    except ValueError as error:
        raise TooSlow from error
    if late():
        raise TooSlow
    return cursor.captures(tree.root_node)
