"""Lexical search: BM25F over the blocks of a snapshot, and BM25 over its files, for several queries in one pass.

Two readings of the same postings: `raw` terms as they stand, and stems, where the postings of all terms with one stem
are added up. Stems are scored with comments (`full`) and without (`code`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repos.engine import words
from repos.engine.snapshot.file import Snapshot
from repos.engine.snapshot.terms import Terms

from .gains import Floats, Gain, gain, gains, hits, prepared

MOST_REPEATS = 3
MOST_TERMS = 400  # distinct terms of a task that are looked up; the rarest are kept


@dataclass(frozen=True, slots=True)
class Matches:
    """What the stems of a task found, kept so that parts of the task can be scored for some blocks only.

    `stems` are those that occur, `rarity` the inverse document frequency of each; `block` and `gain` are the postings
    end to end, and `ends` where each stem's end. `in_path` are the files whose path has a stem, stem by stem, and
    `path_counts` how many each.
    """

    stems: dict[bytes, int]
    rarity: Floats
    ends: NDArray[np.int64]
    block: NDArray[np.int64]
    gain: Floats
    in_path: NDArray[np.int64]
    path_counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Per block and per file, not scaled. Keys: readings for the task, and `title` / `named` for the parts of it."""

    blocks: dict[str, Floats]
    files: dict[str, Floats]
    matched: float  # share of the task's weight that occurs anywhere in the snapshot
    matches: Matches


def search(snapshot: Snapshot, task: Mapping[bytes, int], parts: Mapping[str, frozenset[bytes]]) -> Scores:
    """Score all blocks and files for the task's terms. `parts` are named subsets of them, scored as queries of their
    own."""
    terms = snapshot.terms
    raw = {term: number for term in task if (number := terms.words.find(term)) >= 0}
    stems: dict[bytes, list[int]] = {}
    counts: dict[bytes, int] = {}
    for term, times in task.items():
        form = words.stem(term)
        counts[form] = counts.get(form, 0) + times
        if form not in stems:
            stems[form] = _variants(terms, form)
    blocks: dict[str, Floats] = {}
    files: dict[str, Floats] = {}
    known = {form: numbers for form, numbers in stems.items() if numbers}
    stem_parts = {name: {words.stem(term) for term in part} for name, part in parts.items()}
    matches = _read(snapshot, ("full", "code"), known, counts, stem_parts, blocks, files)
    singles = {term: [number] for term, number in raw.items()}
    _read(
        snapshot,
        ("raw",),
        singles,
        dict(task),
        {name: set(part) for name, part in parts.items()},
        blocks,
        files,
    )
    return Scores(blocks, files, sum(counts[f] for f in known) / max(1, sum(counts.values())), matches)


def exact(snapshot: Snapshot, terms: Iterable[bytes]) -> Floats:
    """The score of all blocks for terms as they stand, each asked once."""
    found = [[number] for term in terms if (number := snapshot.terms.words.find(term)) >= 0]
    count = len(snapshot.blocks.files)
    if not found:
        return np.zeros(count, np.float32)
    field = prepared(snapshot)["code"]
    at = hits(snapshot.terms, found, {"code": field})
    worth = _rarity(np.bincount(at.term, minlength=len(found)), count)
    own = gain(at.body["code"] / field.block_norm[at.block] + at.path["code"])
    return np.bincount(at.block, own * worth[at.term], count).astype(np.float32)


def _rarity(df: NDArray[np.int64], count: int) -> Floats:
    """The inverse document frequency of BM25, never below zero."""
    return np.log1p((count - df + 0.5) / (df + 0.5)).astype(np.float32)


def _variants(terms: Terms, form: bytes) -> list[int]:
    at = terms.stems.find(form)
    if at >= 0:
        return terms.stem_terms[terms.stem_starts[at] : terms.stem_starts[at + 1]].tolist()  # type: ignore[no-any-return]
    single = terms.words.find(form)
    return [single] if single >= 0 else []


def _read(
    snapshot: Snapshot,
    readings: tuple[str, ...],
    queries: Mapping[bytes, list[int]],
    counts: Mapping[bytes, int],
    parts: Mapping[str, set[bytes]],
    blocks: dict[str, Floats],
    files: dict[str, Floats],
) -> Matches:
    """Adds the scores of one or two readings that look at the same postings."""
    n_blocks, n_files = len(snapshot.blocks.files), len(snapshot.files.paths)
    order = sorted(_rarest(snapshot.terms, queries), key=lambda term: len(queries[term]) > 1)
    found = gains(snapshot, readings, {term: queries[term] for term in order})
    times = np.array([min(counts[term], MOST_REPEATS) ** 0.5 for term in order], np.float32)
    df = np.array([len(gain.blocks) for gain in found], np.int64)
    rarity = _rarity(df, n_blocks)
    block, ends = _together([gain.blocks for gain in found], np.int64), np.cumsum(df)
    main = readings[0]
    whole, weighed = {}, {}
    for name in readings:
        weighed[name] = _weighed([gain.by_reading[name] for gain in found], times * rarity, len(block))
        whole[name] = np.bincount(block, weighed[name], n_blocks)
        blocks[name] = whole[name].astype(np.float32)
    for part, members in parts.items():
        score = whole[main]
        if not all(term in members for term in order):
            chosen = [
                slice(end - size, end) for term, size, end in zip(order, df, ends, strict=True) if term in members
            ]
            own = _together([weighed[main][rows] for rows in chosen], np.float32)
            score = np.bincount(_together([block[rows] for rows in chosen], np.int64), own, n_blocks)
        blocks[part] = (blocks.get(part, 0) + 0.5 * _scaled(score)).astype(np.float32)
    files[main] = _file_scores(found, times, n_files)
    in_path = _together([gain.in_path for gain in found], np.int64)
    path_counts = np.array([len(gain.in_path) for gain in found], np.int64)
    numbers = {term: number for number, term in enumerate(order)}
    kept = _together([gain.by_reading[main] for gain in found], np.float32)
    return Matches(numbers, rarity, ends, block, kept, in_path, path_counts)


def _weighed(parts: Sequence[Floats], worth: Floats, size: int) -> Floats:
    """All parts end to end, each multiplied by its worth."""
    found = np.empty(size, np.float32)
    end = 0
    for part, factor in zip(parts, worth, strict=True):
        start, end = end, end + len(part)
        np.multiply(part, factor, out=found[start:end])
    return found


def _together(parts: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(parts, dtype=kind) if parts else np.zeros(0, kind)


def _file_scores(found: Sequence[Gain], times: Floats, n_files: int) -> Floats:
    """BM25 with whole files as documents."""
    df = np.array([len(gain.files) for gain in found], np.int64)
    worth = np.repeat(times * np.log1p((n_files - df + 0.5) / (df + 0.5)), df)
    gain = _together([gain.by_file for gain in found], np.float32)
    return np.bincount(_together([gain.files for gain in found], np.int64), gain * worth, n_files).astype(np.float32)


def _rarest(terms: Terms, queries: Mapping[bytes, list[int]]) -> list[bytes]:
    if len(queries) <= MOST_TERMS:
        return list(queries)
    sizes = {term: sum(terms.postings.counts(numbers)) for term, numbers in queries.items()}
    return sorted(queries, key=lambda term: (sizes[term], term))[:MOST_TERMS]


def _scaled(scores: NDArray[Any]) -> NDArray[Any]:
    top = float(scores.max()) if len(scores) else 0.0
    return scores / top if top > 0 else scores
