"""Counts of terms in blocks: one byte each in a file's facts, and merged for a whole repository.

A code holds how often a term stands in a block's code, comments and strings, and whether it is in the file's path.
Counts are rounded down to a level: the ranking saturates long before the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine import words

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


def count_terms(
    found: Sequence[bytes], blocks: NDArray[np.integer], classes: NDArray[np.integer], block_count: int
) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Words with the block and class each is in -> (terms, term, block, code, lengths by block and class)."""
    known = words.lexicon()
    kept = np.flatnonzero(blocks >= 0)
    term, place = known.expand(known.numbers(found)[kept])
    at = kept[place]
    block, kind = blocks[at].astype(np.int64), classes[at]
    lengths = np.bincount(block * 4 + kind, minlength=4 * block_count).reshape(-1, 4)[:, :3]
    keys = (term << 34) | (block << 2) | kind
    keys.sort()
    starts = _changes(keys)
    counts = np.diff(np.append(starts, len(keys)))
    keys = keys[starts]
    pairs = keys >> 2
    first = _changes(pairs)
    by_kind = np.zeros((len(first), 4), np.int64)
    by_kind[np.repeat(np.arange(len(first)), np.diff(np.append(first, len(pairs)))), keys & 3] = counts
    numbers = pairs[first] >> 32
    new = _changes(numbers)
    names = [known.terms[number] for number in numbers[new].tolist()]
    local = np.repeat(np.arange(len(new)), np.diff(np.append(new, len(numbers))))
    return names, local, pairs[first] & 0xFFFFFFFF, to_code(*by_kind.T), lengths


def _changes(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each run of equal values begins."""
    if not len(values):
        return np.zeros(0, np.int64)
    return np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))


@dataclass(frozen=True, slots=True)
class Postings:
    """All postings of a repository: for each term (in byte order) its blocks in order, and a code each."""

    terms: list[bytes]
    starts: NDArray[np.uint32]
    blocks: NDArray[np.uint16] | NDArray[np.uint32]
    codes: NDArray[np.uint8]


def _join(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """A term that stands both in a block and in its file's path has two rows, the path's code last: make them one."""
    twice = np.flatnonzero((keys[1:] >> 8) == (keys[:-1] >> 8))
    keys[twice] += PATH_CODE
    return np.delete(keys, twice + 1)


def merge(parts: Iterable[tuple[list[bytes], NDArray[np.int32], int]]) -> Postings:
    """`parts`: for each file its terms, its (term, block, code) rows, and the number of its first block."""
    table: dict[bytes, int] = {}
    keys: list[NDArray[np.int64]] = []
    for terms, rows, first in parts:
        numbers = np.fromiter((table.setdefault(term, len(table)) for term in terms), np.int64, len(terms))
        keys.append((numbers[rows[0]] << 40) | ((rows[1].astype(np.int64) + first) << 8) | rows[2])
    everything = np.concatenate(keys) if keys else np.zeros(0, np.int64)
    keys.clear()
    names = sorted(table)
    place = np.empty(len(names), np.int64)
    place[np.fromiter((table[name] for name in names), np.int64, len(names))] = np.arange(len(names))
    everything = (place[everything >> 40] << 40) | (everything & ((1 << 40) - 1)) if len(names) else everything
    everything.sort()
    everything = _join(everything)
    starts = np.searchsorted(everything, np.arange(len(names) + 1) << 40).astype(np.uint32)
    blocks = (everything >> 8) & 0xFFFFFFFF
    few = not len(blocks) or int(blocks.max()) < 1 << 16
    narrow = blocks.astype(np.uint16) if few else blocks.astype(np.uint32)
    return Postings(names, starts, narrow, (everything & 0xFF).astype(np.uint8))
