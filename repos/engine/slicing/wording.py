"""Signals of how a task is worded: its statements one by one, words that make up a name, words that make up a path."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from repos.engine import words
from repos.engine.snapshot.file import Snapshot

from .search import Matches

Floats = NDArray[np.float32]
FUSED_FROM = 10  # the constant of reciprocal rank fusion (Cormack, Clarke, Buettcher 2009; theirs was 60)
MOST_NAMES = 50_000  # symbols whose words a snapshot keeps at hand
FULL_PATH = 25.0  # rarity of the words in a path at which it counts whole


def statements(found: Matches, parts: tuple[frozenset[bytes], ...], blocks: NDArray[np.int64], count: int) -> Floats:
    """The ranks of some blocks for each statement of the task, fused: a block that one sentence asks for comes up,
    however much the others say. `count` is the number of all blocks."""
    place = np.full(count, -1, np.int64)
    place[blocks] = np.arange(len(blocks))
    inside = place[found.block]
    kept = np.flatnonzero(inside >= 0)
    inside, term, gain = inside[kept], np.searchsorted(found.ends, kept, side="right"), found.gain[kept]
    score = np.zeros(len(blocks), np.float32)
    for part in parts:
        numbers = [number for form in {words.stem(term) for term in part} if (number := found.stems.get(form, -1)) >= 0]
        worth = np.zeros(len(found.rarity), np.float32)
        worth[numbers] = found.rarity[numbers]
        own = np.bincount(inside, gain * worth[term], len(blocks))
        order = np.argsort(-own, kind="stable")[: int((own > 0).sum())]
        score[order] += 1 / (FUSED_FROM + np.arange(len(order), dtype=np.float32))
    return score


def names(snapshot: Snapshot, found: Matches, blocks: NDArray[np.int64]) -> Floats:
    """For some blocks: the share of the words in the definition's name that the task has."""
    symbols, known = snapshot.symbols.names, found.stems
    kept: dict[int, frozenset[bytes]] = snapshot.memo.setdefault("name_stems", {})
    if len(kept) > MOST_NAMES:
        kept.clear()
    score = np.zeros(len(blocks), np.float32)
    for number, symbol in enumerate(snapshot.blocks.symbols[blocks].tolist()):
        if symbol >= 0:
            parts = kept.get(symbol)
            if parts is None:
                parts = kept[symbol] = _stems(symbols[symbol])
            score[number] = _share(parts, known)
    return score


def file_names(snapshot: Snapshot, found: Matches, files: NDArray[np.int64]) -> Floats:
    """For some files: the share of the words in the file's name, without its extension, that the task has."""
    score = np.zeros(len(files), np.float32)
    for number, file in enumerate(files.tolist()):
        name = snapshot.files.paths[file].rpartition("/")[2].rpartition(".")[0]
        score[number] = _share(_stems(name.encode("utf-8", "surrogateescape")), found.stems)
    return score


def _share(parts: frozenset[bytes], known: dict[bytes, int]) -> float:
    return sum(map(known.__contains__, parts)) / len(parts) if parts else 0.0


@lru_cache(maxsize=50_000)
def _stems(name: bytes) -> frozenset[bytes]:
    """The stems of the words a name is made of, without the whole where it has several."""
    found: set[bytes] = set()
    for word in words.split(name)[0]:
        forms = words.split_word(word)
        found.update(words.stem(form) for form in forms[1:] or forms)
    return frozenset(found)


def paths(snapshot: Snapshot, found: Matches) -> Floats:
    """For every file: how much of the task, by rarity of the words, is in its path; 1 at most."""
    rarity = np.repeat(found.rarity, found.path_counts)
    mass = np.bincount(found.in_path, rarity, len(snapshot.files.paths))
    return np.minimum(1.0, mass / FULL_PATH).astype(np.float32)


def folders(snapshot: Snapshot, score: Floats) -> Floats:
    """For every file: the root of the squares of the scores of the others in its folder. What one change touches often
    lies together."""
    of_file: NDArray[np.int64] | None = snapshot.memo.get("folders")
    if of_file is None:
        table: dict[str, int] = {}
        numbers = [table.setdefault(path.rpartition("/")[0], len(table)) for path in snapshot.files.paths]
        of_file = snapshot.memo["folders"] = np.array(numbers, np.int64)
    squares = score.astype(np.float64) ** 2
    total = np.bincount(of_file, squares)[of_file] if len(of_file) else squares
    return np.sqrt(np.maximum(0.0, total - squares)).astype(np.float32)
