"""Lexical search: BM25F over the blocks of a snapshot, and BM25 over its files, for several queries in one pass.

Two readings of the same postings: `raw` terms as they stand, and stems, where the postings of all terms with one stem
are added up. Stems are scored with comments (`full`) and without (`code`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repos.engine import words
from repos.engine.extraction.postings import weights
from repos.engine.snapshot.file import Snapshot
from repos.engine.snapshot.terms import Terms

Floats = NDArray[np.float32]
K1, B = 1.2, 0.75
MOST_REPEATS = 3
MOST_TERMS = 400  # distinct terms of a task that are looked up; the rarest are kept

# Weights of code, comments and strings in each reading, and of the path.
CODE = (1.0, 0.0, 1.0, 1.0)
FULL = (1.0, 1.0, 0.7, 1.0)
RAW = (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Field:
    """One reading, prepared for a snapshot: weight of each code, and the length norm of each block and file."""

    body: Floats
    path: Floats
    block_norm: Floats
    file_norm: Floats


@dataclass(frozen=True, slots=True)
class Hits:
    """Postings of the query's terms, end to end. `term` numbers the query's terms; `body` and `path` by reading."""

    term: NDArray[np.int64]
    block: NDArray[np.int64]
    body: dict[str, Floats]
    path: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Matches:
    """What the stems of a task found, kept so that parts of the task can be scored for some blocks only.

    `stems` are those that occur, `rarity` the inverse document frequency of each; `term`, `block` and `gain` are the
    postings end to end, `in_path` says for each whether the stem is a word of the file's path.
    """

    stems: dict[bytes, int]
    rarity: Floats
    term: NDArray[np.int64]
    block: NDArray[np.int64]
    gain: Floats
    in_path: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """Per block and per file, not scaled. Keys: readings for the task, and `title` / `named` for the parts of it."""

    blocks: dict[str, Floats]
    files: dict[str, Floats]
    matched: float  # share of the task's weight that occurs anywhere in the snapshot
    matches: Matches


def prepared(snapshot: Snapshot) -> dict[str, Field]:
    found: dict[str, Field] | None = snapshot.memo.get("fields")
    if found is None:
        found = snapshot.memo["fields"] = {
            name: _field(snapshot, *weight) for name, weight in (("code", CODE), ("full", FULL), ("raw", RAW))
        }
    return found


def _field(snapshot: Snapshot, code: float, comment: float, string: float, path: float) -> Field:
    body, extra = weights(code, comment, string, path)
    lengths = np.array([code, comment, string], np.float32) @ snapshot.blocks.lengths
    files = np.bincount(snapshot.blocks.files, lengths, len(snapshot.files.paths)).astype(np.float32)
    return Field(body, extra, _norm(lengths), _norm(files))


def _norm(lengths: Floats) -> Floats:
    mean = float(lengths.mean()) if len(lengths) else 1.0
    return (1 - B + B * lengths / max(mean, 1.0)).astype(np.float32)


def search(snapshot: Snapshot, task: Mapping[bytes, int], parts: Mapping[str, frozenset[bytes]]) -> Scores:
    """Score all blocks and files for the task's terms. `parts` are named subsets of them, scored as queries of their
    own."""
    fields = prepared(snapshot)
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
    matches = _read(snapshot, fields, ("full", "code"), known, counts, stem_parts, blocks, files)
    singles = {term: [number] for term, number in raw.items()}
    _read(
        snapshot,
        fields,
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
    hits = _hits(snapshot.terms, found, {"code": field})
    worth = _rarity(np.bincount(hits.term, minlength=len(found)), count)
    gain = _gain(hits.body["code"] / field.block_norm[hits.block] + hits.path["code"])
    return np.bincount(hits.block, gain * worth[hits.term], count).astype(np.float32)


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
    fields: dict[str, Field],
    readings: tuple[str, ...],
    queries: Mapping[bytes, list[int]],
    counts: Mapping[bytes, int],
    parts: Mapping[str, set[bytes]],
    blocks: dict[str, Floats],
    files: dict[str, Floats],
) -> Matches:
    """Adds the scores of one or two readings that look at the same postings."""
    n_blocks, n_files = len(snapshot.blocks.files), len(snapshot.files.paths)
    order = _rarest(snapshot.terms, queries)
    hits = _hits(snapshot.terms, [queries[term] for term in order], {name: fields[name] for name in readings})
    df = np.bincount(hits.term, minlength=len(order))
    times = np.array([min(counts[term], MOST_REPEATS) ** 0.5 for term in order], np.float32)
    main = readings[0]
    rarity = _rarity(df, n_blocks)
    worth = times * rarity
    kept = np.zeros(0, np.float32)
    for name in readings:
        gain = _gain(hits.body[name] / fields[name].block_norm[hits.block] + hits.path[name])
        blocks[name] = np.bincount(hits.block, gain * worth[hits.term], n_blocks).astype(np.float32)
        if name == main:
            kept = gain
            for part, members in parts.items():
                chosen = np.array([term in members for term in order], bool) if order else np.zeros(0, bool)
                here = np.flatnonzero(chosen[hits.term])
                score = np.bincount(hits.block[here], gain[here] * worth[hits.term[here]], n_blocks)
                blocks[part] = (blocks.get(part, 0) + 0.5 * _scaled(score)).astype(np.float32)
    files[main] = _file_scores(snapshot, fields[main], hits, main, times, n_files)
    numbers = {term: number for number, term in enumerate(order)}
    return Matches(numbers, rarity, hits.term, hits.block, kept, hits.path[main] > 0)


def _rarest(terms: Terms, queries: Mapping[bytes, list[int]]) -> list[bytes]:
    if len(queries) <= MOST_TERMS:
        return list(queries)
    sizes = {term: sum(terms.postings.counts(numbers)) for term, numbers in queries.items()}
    return sorted(queries, key=lambda term: (sizes[term], term))[:MOST_TERMS]


def _gain(frequency: NDArray[np.floating]) -> Floats:
    return (frequency * (K1 + 1) / (frequency + K1)).astype(np.float32)


def _scaled(scores: NDArray[Any]) -> NDArray[Any]:
    top = float(scores.max()) if len(scores) else 0.0
    return scores / top if top > 0 else scores


def _hits(terms: Terms, queries: list[list[int]], fields: dict[str, Field]) -> Hits:
    """Postings of terms that stand alone are taken as they are; those of several forms of one word are added up."""
    single = [number for number, forms in enumerate(queries) if len(forms) == 1]
    several = [number for number, forms in enumerate(queries) if len(forms) > 1]
    term, block, codes = _gather(terms, queries, single)
    body = {name: field.body[codes] for name, field in fields.items()}
    path = {name: field.path[codes] for name, field in fields.items()}
    if several:
        more, where, codes = _gather(terms, queries, several)
        key = (more << 32) | where
        order = np.argsort(key, kind="stable")
        key, codes = key[order], codes[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        term = np.concatenate([term, key[first] >> 32])
        block = np.concatenate([block, key[first] & 0xFFFFFFFF])
        for name, field in fields.items():
            body[name] = np.concatenate([body[name], np.add.reduceat(field.body[codes], first)])
            path[name] = np.concatenate([path[name], np.maximum.reduceat(field.path[codes], first)])
    return Hits(term, block, body, path)


def _gather(
    terms: Terms, queries: list[list[int]], numbers: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """(query number, block, code) of all postings of some queries, end to end."""
    pairs = [(number, term) for number in numbers for term in queries[number]]
    place, block, codes = terms.postings.of([term for _, term in pairs])
    return np.array([number for number, _ in pairs], np.int64)[place], block, codes


def _file_scores(snapshot: Snapshot, field: Field, hits: Hits, reading: str, times: Floats, n_files: int) -> Floats:
    """BM25 with whole files as documents: the blocks' counts, added up a file."""
    if not len(hits.block):
        return np.zeros(n_files, np.float32)
    file = snapshot.blocks.files[hits.block].astype(np.int64)
    key = hits.term * n_files + file
    first = np.flatnonzero(np.diff(key, prepend=-1))
    body = np.add.reduceat(hits.body[reading], first)
    path = hits.path[reading][first]
    term, file = hits.term[first], file[first]
    df = np.bincount(term, minlength=len(times))
    worth = times * np.log1p((n_files - df + 0.5) / (df + 0.5))
    gain = _gain(body / field.file_norm[file] + path)
    return np.bincount(file, gain * worth[term], n_files).astype(np.float32)
