"""Postings of unchanged blocks, renumbered, with those of changed files put between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.postings import Postings

Numbers = NDArray[np.int64]


def splice(old: Postings, old_blocks: Numbers, fresh: Postings, fresh_blocks: Numbers) -> Postings:
    """`old_blocks` and `fresh_blocks` give the new numbers of blocks, -1 for those that are gone; both keep the order.
    A term without a block left is left out."""
    words, starts = old.terms, old.starts.astype(np.int64)
    term = np.repeat(np.arange(len(words)), np.diff(starts))
    block = old_blocks[old.blocks]
    inside = block >= 0
    used = np.zeros(len(words), bool)
    used[term[inside]] = True
    kept = words if used.all() else [word for word, on in zip(words, used.tolist(), strict=True) if on]
    known = set(kept)
    names = sorted(kept + [word for word in fresh.terms if word not in known])
    place = {name: number for number, name in enumerate(names)}
    numbers = np.full(len(words), -1, np.int64)
    numbers[used] = np.fromiter((place[name] for name in kept), np.int64, len(kept))
    own = np.fromiter((place[name] for name in fresh.terms), np.int64, len(fresh.terms))
    new = np.repeat(own, np.diff(fresh.starts).astype(np.int64))
    keys = np.concatenate(
        (
            numbers[term[inside]] << 40 | block[inside] << 8 | old.codes[inside],
            new << 40 | fresh_blocks[fresh.blocks] << 8 | fresh.codes,
        )
    )
    keys.sort(kind="stable")  # two runs in order: merged in one pass
    found = np.searchsorted(keys, np.arange(len(names) + 1) << 40).astype(np.uint32)
    return Postings(names, found, (keys >> 8) & 0xFFFFFFFF, (keys & 0xFF).astype(np.uint8))
