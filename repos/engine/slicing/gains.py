"""What each term of a query brings each block and file, whatever else the query asks: read from the postings once and
kept for the next slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.postings import weights
from repos.engine.snapshot.file import Snapshot
from repos.engine.snapshot.terms import Terms

Floats = NDArray[np.float32]
Narrow = NDArray[np.int32]
K1, B = 1.2, 0.75
KEPT = 1_000_000  # postings whose gains are kept, 12 to 20 bytes each

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
class Gain:
    """What one term finds. `by_reading` goes with `blocks`; files are scored by the first reading; `in_path` are the
    files whose path has the term."""

    blocks: Narrow
    by_reading: dict[str, Floats]
    files: Narrow
    by_file: Floats
    in_path: Narrow


Kept = dict[tuple[str, bytes], Gain]


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


def gains(snapshot: Snapshot, readings: tuple[str, ...], queries: Mapping[bytes, Sequence[int]]) -> list[Gain]:
    """One for each query, in their order. A query is named by its term, and asks for all forms of it."""
    kept: Kept = snapshot.memo.setdefault("gains", {})  # another thread may begin a new one
    missing = [term for term in queries if (readings[0], term) not in kept]
    if missing:
        missing.sort(key=lambda term: len(queries[term]) > 1)
        fresh = _read(snapshot, readings, [list(queries[term]) for term in missing])
        room = snapshot.memo.get("gains_room", KEPT) - sum(len(gain.blocks) for gain in fresh)
        if room < 0:
            kept = {(readings[0], term): kept[readings[0], term] for term in queries if (readings[0], term) in kept}
            snapshot.memo["gains"], room = kept, KEPT - sum(len(gain.blocks) for gain in (*kept.values(), *fresh))
        snapshot.memo["gains_room"] = room
        kept.update(zip(((readings[0], term) for term in missing), fresh, strict=True))
    return [kept[readings[0], term] for term in queries]


def _read(snapshot: Snapshot, readings: tuple[str, ...], queries: list[list[int]]) -> list[Gain]:
    """Of several terms at once; those with several forms come last."""
    fields = {name: prepared(snapshot)[name] for name in readings}
    found = hits(snapshot.terms, queries, fields)
    cuts = _ends(found.term, len(queries))
    columns = {
        name: _cut(gain(found.body[name] / field.block_norm[found.block] + found.path[name]), cuts)
        for name, field in fields.items()
    }
    blocks = _cut(found.block.astype(np.int32), cuts)
    term, file, by_file, in_path = _files(snapshot, fields[readings[0]], found, readings[0])
    cuts = _ends(term, len(queries))
    files = zip(_cut(file, cuts), _cut(by_file, cuts), _cut(in_path, cuts), strict=True)
    return [
        Gain(blocks[number], {name: column[number] for name, column in columns.items()}, own, worth, own[inside])
        for number, (own, worth, inside) in enumerate(files)
    ]


def _ends(term: NDArray[np.int64], count: int) -> list[int]:
    """Where the rows of each of so many terms end, but for the last."""
    found: list[int] = np.cumsum(np.bincount(term, minlength=count))[:-1].tolist()
    return found


def _cut(values: NDArray[Any], cuts: Sequence[int]) -> list[NDArray[Any]]:
    return [values[start:end] for start, end in pairwise((0, *cuts, len(values)))]


def _files(
    snapshot: Snapshot, field: Field, found: Hits, reading: str
) -> tuple[NDArray[np.int64], Narrow, Floats, NDArray[np.bool_]]:
    """(query number, file, gain, whether its path has the term): whole files as documents, the blocks' counts added up
    a file."""
    file = snapshot.blocks.files[found.block]
    key = found.term * len(snapshot.files.paths) + file
    first = np.flatnonzero(np.diff(key, prepend=-1))
    if not len(first):
        return found.term, file, np.zeros(0, np.float32), np.zeros(0, bool)
    path, file = found.path[reading][first], file[first]
    body = np.add.reduceat(found.body[reading], first)
    inside = np.maximum.reduceat(found.path[reading], first) > 0
    return found.term[first], file, gain(body / field.file_norm[file] + path), inside


def gain(frequency: NDArray[np.floating]) -> Floats:
    return (frequency * (K1 + 1) / (frequency + K1)).astype(np.float32)


def hits(terms: Terms, queries: list[list[int]], fields: dict[str, Field]) -> Hits:
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
