"""Counts of terms in blocks: one byte each in a file's facts, and merged for a whole repository.

A code holds how often a term stands in a block's code, comments and strings, and whether it is in the file's path.
Counts are rounded down to a level: the ranking saturates long before the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import words

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
    distinct = dict.fromkeys(found)
    expanded = [words.terms_of(word) for word in distinct]
    table: dict[bytes, int] = {}
    flat = np.fromiter((table.setdefault(t, len(table)) for group in expanded for t in group), np.int64)
    sizes = np.fromiter(map(len, expanded), np.int64, len(expanded))
    places = {word: number for number, word in enumerate(distinct)}
    index = np.fromiter(map(places.__getitem__, found), np.int64, len(found))
    keep = blocks >= 0
    term, repeated = expand(flat, sizes, index[keep], np.flatnonzero(keep))
    return [*table], *_count(term, blocks[repeated], classes[repeated], block_count)


def expand(
    flat: NDArray[np.int64], sizes: NDArray[np.int64], rows: NDArray[np.int64], carry: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ragged rows of `flat` named by `rows`, end to end, and `carry` repeated along."""
    first = np.cumsum(sizes) - sizes
    lengths = sizes[rows]
    total = int(lengths.sum())
    inside = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return flat[np.repeat(first[rows], lengths) + inside], np.repeat(carry, lengths)


def _count(
    term: NDArray[np.int64], block: NDArray[np.integer], kind: NDArray[np.integer], block_count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    lengths = np.bincount(block * 4 + kind, minlength=4 * block_count).reshape(-1, 4)[:, :3]
    keys, counts = np.unique((term << 34) | (block.astype(np.int64) << 2) | kind, return_counts=True)
    pairs = keys >> 2
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    by_kind = np.zeros((len(first), 4), np.int64)
    by_kind[np.cumsum(np.diff(pairs, prepend=-1) != 0) - 1, keys & 3] = counts
    pair = pairs[first]
    return pair >> 32, pair & 0xFFFFFFFF, to_code(*by_kind.T), lengths


@dataclass(frozen=True, slots=True)
class Postings:
    """All postings of a repository: for each term (in byte order) its blocks in order, and a code each."""

    terms: list[bytes]
    starts: NDArray[np.int64]
    blocks: NDArray[np.uint32]
    codes: NDArray[np.uint8]


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
    starts = np.searchsorted(everything, np.arange(len(names) + 1) << 40)
    blocks = ((everything >> 8) & 0xFFFFFFFF).astype(np.uint32)
    return Postings(names, starts, blocks, (everything & 0xFF).astype(np.uint8))
