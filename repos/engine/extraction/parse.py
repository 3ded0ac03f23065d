"""One file parsed: what its language's query captures, and where its lines and words are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repos.engine import words
from repos.engine.languages import parser_of
from repos.engine.types import Limits

if TYPE_CHECKING:
    from tree_sitter import Node

Captures = dict[str, list["Node"]]
CHUNK = 1 << 16


class TooSlow(Exception):
    """The parser took longer than `Limits.file_seconds`."""


class Lines:
    """Where lines begin, and which carry a word."""

    def __init__(self, source: bytes) -> None:
        data = np.frombuffer(source, np.uint8)
        self.starts = np.concatenate(([0], np.flatnonzero(data == 10) + 1))
        if len(self.starts) > 1 and self.starts[-1] == len(source):
            self.starts = self.starts[:-1]  # a final newline begins no line
        self.words, self.at, self.ends = words.split(source)
        self.word_lines = self.of(self.at)
        solid = np.zeros(len(self.starts), bool)
        solid[self.word_lines] = True
        self.solid: list[bool] = solid.tolist()

    def of(self, at: NDArray[np.integer] | Sequence[int]) -> NDArray[np.int64]:
        """0-based lines of byte offsets."""
        return np.searchsorted(self.starts, at, side="right") - 1


def capture(source: bytes, language: str, limits: Limits) -> Captures:
    """Raises TooSlow, and GrammarMissing when the language's grammar cannot load."""
    parser, cursor = parser_of(language)
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
