"""Counts of terms in blocks: one byte each in a file's facts, and merged for a whole repository.

A code holds how often a term stands in a block's code, comments and strings, and whether it is in the file's path.
Counts are rounded down to a level: the ranking saturates long before the last one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .facts import Counts

CODE, COMMENT, STRING, PATH = 0, 1, 2, 3
MAIN_LEVELS = np.array([0, 1, 2, 3, 4, 5, 7, 9, 12, 16, 22, 32, 48, 64])
SIDE_LEVELS = np.array([0, 1, 3])
PATH_CODE = 9 * 14  # what the path adds to a code
_main = np.searchsorted(MAIN_LEVELS, np.arange(65), side="right") - 1
_side = np.searchsorted(SIDE_LEVELS, np.arange(65), side="right") - 1


def to_code(
    code: NDArray[np.integer], comment: NDArray[np.integer], string: NDArray[np.integer], path: NDArray[np.integer]
) -> NDArray[np.int64]:
    side = 3 * _side[np.minimum(comment, 64)] + _side[np.minimum(string, 64)]
    found: NDArray[np.int64] = 9 * (14 * np.minimum(path, 1) + _main[np.minimum(code, 64)]) + side
    return found


def weights(code: float, comment: float, string: float, path: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each of the 256 codes: the weighted count in the block, and the part the path adds (not scaled by length)."""
    value = np.arange(256)
    top, side = value // 9, value % 9
    body = code * MAIN_LEVELS[top % 14] + comment * SIDE_LEVELS[side // 3] + string * SIDE_LEVELS[side % 3]
    return body.astype(np.float32), (path * (top // 14)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Postings:
    """All postings of a repository: for each term (in byte order) its blocks in order, and a code each."""

    terms: list[bytes]
    starts: NDArray[np.uint32]  # one more entry than terms
    blocks: NDArray[np.integer]
    codes: NDArray[np.uint8]


@dataclass(slots=True)
class Collector:
    """Gathers the postings of files, in the order of their blocks."""

    table: dict[bytes, int] = field(default_factory=dict)
    blocks: int = 0
    _terms: list[NDArray[np.uint32]] = field(default_factory=list)
    _blocks: list[NDArray[np.uint32]] = field(default_factory=list)
    _codes: list[NDArray[np.uint8]] = field(default_factory=list)

    def add(self, counts: Counts, blocks: int, path: Iterable[bytes]) -> None:
        """A file of so many blocks; each also has the terms of the file's path."""
        terms, sizes, block, codes = counts.rows()
        numbers = [self._number(term) for term in terms]
        of_path = [self._number(term) for term in dict.fromkeys(path)] if blocks else []
        own = np.arange(self.blocks, self.blocks + blocks, dtype=np.uint32)
        self._terms += [np.repeat(np.array(numbers, np.uint32), sizes), np.repeat(np.array(of_path, np.uint32), blocks)]
        self._blocks += [block + np.uint32(self.blocks), np.tile(own, len(of_path))]
        self._codes += [codes, np.full(blocks * len(of_path), PATH_CODE, np.uint8)]
        self.blocks += blocks

    def _number(self, term: bytes) -> int:
        return self.table.setdefault(term, len(self.table))

    def result(self) -> Postings:
        """Empties the collector."""
        names = sorted(self.table)
        place = np.empty(len(names), np.int64)
        place[np.fromiter(map(self.table.__getitem__, names), np.int64, len(names))] = np.arange(len(names))
        keys = place[_together(self._terms)] << 40
        keys |= _together(self._blocks).astype(np.int64) << 8
        keys |= _together(self._codes)
        keys.sort()
        keys = _join(keys)
        starts = np.searchsorted(keys, np.arange(len(names) + 1) << 40).astype(np.uint32)
        block = (keys >> 8) & 0xFFFFFFFF
        narrow = block.astype(np.uint16) if self.blocks <= 1 << 16 else block.astype(np.uint32)
        return Postings(names, starts, narrow, (keys & 0xFF).astype(np.uint8))


def _together(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """End to end; the parts are let go."""
    found = np.concatenate(parts) if parts else np.zeros(0, np.uint8)
    parts.clear()
    return found


def _join(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """A term that stands both in a block and in its file's path has two rows, the path's code last: make them one."""
    twice = np.flatnonzero((keys[1:] >> 8) == (keys[:-1] >> 8))
    keys[twice] += PATH_CODE
    return np.delete(keys, twice + 1)
