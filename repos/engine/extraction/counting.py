"""How often each term stands in each block, of many files in one go: on small files the calls would cost more than the
work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from repos.engine import words

from . import postings
from .facts import Counts
from .parse import Lines

MOST_FILES = 256
# A key is file, term, block and class, in that order: 8 + 30 + 22 + 2 bits.
_FILE, _TERM, _BLOCK = 54, 24, 2


@dataclass(slots=True)
class Page:
    """A file to count. `blocks` begin with first and last line; `classes` has postings.CODE, COMMENT or STRING for each
    word; `named` are words that a block counts beside those that stand in it."""

    lines: Lines
    blocks: Sequence[tuple[int, int, int, int]]
    classes: NDArray[np.uint8]
    named: list[tuple[bytes, int]] = field(default_factory=list)


def count(pages: Sequence[Page]) -> list[tuple[Counts, NDArray[np.int64]]]:
    """Counts of each page, and lengths of shape (3, blocks): how many terms of code, comments and strings."""
    found: list[tuple[Counts, NDArray[np.int64]]] = []
    for start in range(0, len(pages), MOST_FILES):
        found += _count(pages[start : start + MOST_FILES])
    return found


def _count(pages: Sequence[Page]) -> list[tuple[Counts, NDArray[np.int64]]]:
    known = words.lexicon()
    numbers = known.numbers(
        [*chain.from_iterable(chain(page.lines.words, (word for word, _ in page.named)) for page in pages)]
    )
    places = np.concatenate([_places(page) | number << _FILE for number, page in enumerate(pages)])
    kept = np.flatnonzero(places >= 0)
    term, place = known.expand(numbers[kept])
    keys = places[kept][place]
    lengths = _lengths(keys, [len(page.blocks) for page in pages])
    keys |= term << _TERM
    keys.sort()
    starts = _changes(keys)
    times = np.diff(starts, append=len(keys))
    keys = keys[starts]
    pairs = keys >> _BLOCK
    first = _changes(pairs)
    by_class = np.zeros((4, len(first)), np.int64)
    by_class[keys & 3, np.repeat(np.arange(len(first)), np.diff(first, append=len(pairs)))] = times
    codes = postings.to_code(*by_class).astype(np.uint8)
    return list(zip(_split(known, pairs[first], codes, len(pages)), lengths, strict=True))


def _places(page: Page) -> NDArray[np.int64]:
    """For each word its block and class as in a key; -1 for those in no block."""
    of_line = np.full(len(page.lines.starts), -1, np.int64)
    for number, (start, end, _, _) in enumerate(page.blocks):
        of_line[start : end + 1] = number << _BLOCK
    own = of_line[page.lines.word_lines]
    own |= page.classes  # -1 stays -1
    return np.concatenate((own, np.array([number << _BLOCK for _, number in page.named], np.int64)))


def _lengths(keys: NDArray[np.int64], sizes: Sequence[int]) -> list[NDArray[np.int64]]:
    first = np.cumsum([0, *sizes])
    block = first[keys >> _FILE] + ((keys >> _BLOCK) & (1 << _TERM - _BLOCK) - 1)
    table = np.bincount(block << 2 | keys & 3, minlength=int(first[-1]) << 2).reshape(-1, 4)[:, :3]
    return [table[start:end].T for start, end in pairwise(first.tolist())]


def _split(known: words.Lexicon, pairs: NDArray[np.int64], codes: NDArray[np.uint8], files: int) -> Iterator[Counts]:
    """`pairs` are file, term and block, as in a key without the class."""
    block = (pairs & (1 << _TERM - _BLOCK) - 1).astype("<u4")
    terms = pairs >> _TERM - _BLOCK
    first = _changes(terms)
    sizes = np.diff(first, append=len(terms)).astype("<u4")
    terms = terms[first]
    names = [known.terms[number] for number in (terms & (1 << _FILE - _TERM) - 1).tolist()]
    ends = np.searchsorted(terms >> _FILE - _TERM, np.arange(files + 1))
    rows = np.append(first, len(block))[ends].tolist()
    for (start, end), (low, high) in zip(pairwise(ends.tolist()), pairwise(rows), strict=True):
        held = b"\n".join(names[start:end])
        yield Counts(held, sizes[start:end].tobytes(), block[low:high].tobytes(), codes[low:high].tobytes())


def _changes(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each run of equal values begins."""
    if not len(values):
        return np.zeros(0, np.int64)
    return np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
