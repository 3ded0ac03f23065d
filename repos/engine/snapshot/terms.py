"""The postings inside a snapshot: for each term, in byte order, the blocks that hold it.

One number a posting, seven bits a byte with the lowest first, the top bit set on all bytes but the last. It holds the
distance to the block before (less one; from the start for a term's first), then in the three lowest bits which of the
seven most frequent codes it has; 7 there means that the code stands in the eight bits above. So most postings take one
byte, and those of a query's terms are read in one pass of array operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine import words
from repos.engine.extraction.postings import MAIN_LEVELS, PATH_CODE, Postings

from .container import Container, Packed, Part
from .tables import Strings, strings

Numbers = NDArray[np.int64]
FREQUENT = np.array([9, 18, PATH_CODE, 3, 1, 27, 36])  # codes of some 85 % of postings in any language
OTHER = 7
_RANK = np.full(256, OTHER)
_RANK[FREQUENT] = np.arange(len(FREQUENT))
_CODES = np.append(FREQUENT, 0).astype(np.uint8)
AT_ONCE = 1 << 17  # postings
KEPT = 500_000  # postings that a reader holds decoded
assert len(MAIN_LEVELS) == 14  # the frequent codes depend on how codes are made


def encode(starts: NDArray[np.integer], blocks: NDArray[np.integer], codes: NDArray[np.uint8]) -> tuple[bytes, Numbers]:
    """`starts` of each term's postings, with one more entry than terms -> (bytes, and where each term's begin)."""
    pieces, at = [], [np.zeros(1, np.int64)]
    first = 0
    while first < len(starts) - 1:  # some terms at a time: the arrays on the way take forty times what comes out
        last = max(first + 1, int(np.searchsorted(starts, int(starts[first]) + AT_ONCE, side="right")) - 1)
        low, high = int(starts[first]), int(starts[last])
        own = starts[first : last + 1].astype(np.int64) - low
        piece, ends = _encode(own, blocks[low:high].astype(np.int64), codes[low:high])
        pieces.append(piece)
        at.append(ends[1:] + at[-1][-1])
        first = last
    return b"".join(pieces), np.concatenate(at)


def _encode(starts: Numbers, blocks: Numbers, codes: NDArray[np.uint8]) -> tuple[bytes, Numbers]:
    first = starts[:-1][starts[:-1] < starts[1:]]
    gaps: Numbers = np.diff(blocks, prepend=0) - 1
    gaps[first] = blocks[first]
    rank = _RANK[codes]
    other = rank == OTHER
    values = np.where(other, gaps << 8 | codes, gaps) << 3 | rank
    sizes = np.ones(len(values), np.int64)
    long = np.flatnonzero(values >= 128)
    left = values[long] >> 7
    while len(long):
        sizes[long] += 1
        more = left >= 128
        long, left = long[more], left[more] >> 7
    ends = np.concatenate(([0], np.cumsum(sizes)))
    data = np.zeros(int(ends[-1]), np.uint8)
    at, rest = ends[:-1], values
    while len(at):
        more = rest >= 128
        data[at] = rest & 127 | more << 7
        at, rest = at[more] + 1, rest[more] >> 7
    return data.tobytes(), ends[starts]


def decode(data: NDArray[np.uint8], ends: Numbers) -> tuple[Numbers, Numbers, NDArray[np.uint8]]:
    """Bytes of some terms end to end, and where each term's end -> (postings a term, blocks, codes)."""
    last = np.flatnonzero(data < 128)
    values = data[last].astype(np.int64)
    sizes = np.diff(last, prepend=-1)
    long, back = np.flatnonzero(sizes > 1), 1
    while len(long):
        values[long] = values[long] << 7 | data[last[long] - back] & 127
        back += 1
        long = long[sizes[long] > back]
    until = np.searchsorted(last, ends)
    counts = np.diff(until, prepend=0)
    rank = values & 7
    codes = _CODES[rank]
    gaps = values >> 3
    other = np.flatnonzero(rank == OTHER)
    codes[other] = gaps[other] & 255
    gaps[other] >>= 8
    blocks = np.cumsum(gaps + 1)
    before = np.concatenate(([0], blocks))[until - counts]
    blocks -= np.repeat(before, counts) + 1
    return counts, blocks, codes


def sections(postings: Postings) -> dict[str, Part]:
    heap, at = encode(postings.starts, postings.blocks, postings.codes)
    groups: dict[bytes, list[int]] = {}
    for number, term in enumerate(postings.terms):
        groups.setdefault(words.compute_stem(term), []).append(number)
    kept = {stem: found for stem, found in groups.items() if len(found) > 1 or postings.terms[found[0]] != stem}
    stems = sorted(kept)
    return {
        **strings("terms.words", postings.terms),
        "terms.at": Packed(at, running=True),
        "terms.postings": heap,
        **strings("terms.stems", stems),
        "terms.stem_starts": Packed(np.cumsum([0, *(len(kept[stem]) for stem in stems)]), running=True),
        "terms.stem_terms": Packed(np.array([number for stem in stems for number in kept[stem]], np.int64)),
    }


@dataclass(frozen=True)
class Terms:
    words: Strings
    postings: Heap
    stems: Strings  # only those that several terms share, or that differ from their term
    stem_starts: Numbers
    stem_terms: Numbers

    @classmethod
    def read(cls, container: Container) -> Terms:
        starts, terms = container.array("terms.stem_starts"), container.array("terms.stem_terms")
        return cls(Strings(container, "terms.words"), Heap(container), Strings(container, "terms.stems"), starts, terms)

    def all(self) -> Postings:
        """As they were when the snapshot was written."""
        starts, blocks, codes = self.postings.all()
        return Postings([self.words[number] for number in range(len(self.words))], starts, blocks, codes)


class Heap:
    """Reads the postings of the terms that are asked for; those used before are at hand."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._at: Numbers = container.array("terms.at").astype(np.int64, copy=False)
        self._kept: dict[int, tuple[NDArray[np.int32], NDArray[np.uint8]]] = {}
        self._room = KEPT

    def of(self, terms: Sequence[int]) -> tuple[Numbers, Numbers, NDArray[np.uint8]]:
        """(place in `terms`, block, code), term by term. Raises SnapshotCorrupt."""
        if not terms:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8)
        rows = self._rows(terms)
        counts = [len(codes) for _, codes in rows]
        blocks = np.concatenate([block for block, _ in rows], dtype=np.int64)
        return np.repeat(np.arange(len(rows)), counts), blocks, np.concatenate([codes for _, codes in rows])

    def counts(self, terms: Sequence[int]) -> list[int]:
        """How many blocks hold each."""
        return [len(codes) for _, codes in self._rows(terms)]

    def _rows(self, terms: Sequence[int]) -> list[tuple[NDArray[np.int32], NDArray[np.uint8]]]:
        kept = self._kept  # another thread may begin a new one
        missing = [term for term in dict.fromkeys(terms) if term not in kept]
        if missing:
            data, ends = self._bytes(missing)
            counts, blocks, codes = decode(data, ends)
            self._room -= len(codes)
            if self._room < 0:
                kept = {term: kept[term] for term in terms if term in kept}
                self._kept, self._room = kept, KEPT - len(codes)
            narrow, cuts = blocks.astype(np.int32), np.cumsum(counts)[:-1]
            kept.update(zip(missing, zip(np.split(narrow, cuts), np.split(codes, cuts), strict=True), strict=True))
        return [kept[term] for term in terms]

    def _bytes(self, terms: Sequence[int]) -> tuple[NDArray[np.uint8], Numbers]:
        spans = [(int(self._at[term]), int(self._at[term + 1])) for term in terms]
        pieces = [self._container.checked("terms.postings", start, end) for start, end in spans]
        ends = np.cumsum([end - start for start, end in spans], dtype=np.int64)
        return np.frombuffer(b"".join(pieces), np.uint8), ends

    def all(self) -> tuple[NDArray[np.uint32], Numbers, NDArray[np.uint8]]:
        """(where each term's begin, blocks, codes)"""
        counts, blocks, codes = decode(self._container.array("terms.postings"), self._at[1:])
        return np.concatenate(([0], np.cumsum(counts))).astype(np.uint32), blocks, codes
