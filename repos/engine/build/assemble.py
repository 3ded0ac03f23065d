"""Facts of all files -> the sections of a snapshot, and the figures that describe it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine import paths, words
from repos.engine.extraction import postings
from repos.engine.extraction.facts import Facts
from repos.engine.graph.edges import Places
from repos.engine.snapshot.container import Part
from repos.engine.snapshot.tables import GRAPH_SECTIONS, Graph, strings
from repos.engine.types import CONFIDENCES, EDGE_KINDS, EdgeStatistics, LanguageStatistics, SourceFile, Statistics


@dataclass(slots=True)
class Entry:
    """A file that goes into the snapshot. `language` is empty for one that is searched as text; `source` is
    compressed."""

    file: SourceFile
    language: str
    label: str
    role: paths.Role
    facts: Facts
    source: bytes


def offsets(sizes: Sequence[int]) -> NDArray[np.int32]:
    return np.cumsum([0, *sizes]).astype(np.int32)


def places(entries: Sequence[Entry]) -> Places:
    starts = [entry.facts.blocks()[0].astype(np.int64) + 1 + (number << 32) for number, entry in enumerate(entries)]
    first = offsets([len(entry.facts.definition_names) for entry in entries])
    return Places(first, np.concatenate(starts) if starts else np.zeros(0, np.int64))


def sections(entries: Sequence[Entry], languages: Sequence[str], edges: Graph) -> dict[str, Part]:
    first_symbol = offsets([len(entry.facts.definition_names) for entry in entries])
    first_block = offsets([entry.facts.blocks().shape[1] for entry in entries])
    code = {name: number for number, name in enumerate(languages)}
    parts: dict[str, Part] = {
        **strings("paths", (entry.file.path.encode("utf-8", "surrogateescape") for entry in entries)),
        "files.languages": np.array([code[entry.label] for entry in entries], np.uint8),
        "files.roles": np.array([paths.ROLES.index(entry.role) for entry in entries], np.uint8),
        "files.lines": np.array([entry.facts.lines for entry in entries], np.int32),
        "files.first_block": first_block,
        "files.first_symbol": first_symbol,
        "sources.at": np.cumsum([0, *(len(entry.source) for entry in entries)]).astype(np.int64),
        "sources": b"".join(entry.source for entry in entries),
    }
    parts |= _symbols(entries, first_symbol)
    parts |= _blocks(entries, first_symbol)
    parts |= _terms(entries, first_block)
    parts |= {f"graph.{name}": getattr(edges, name) for name in GRAPH_SECTIONS}
    return parts


def _together(rows: Sequence[NDArray[np.int32]], columns: int) -> NDArray[np.int32]:
    return np.concatenate(rows, axis=1) if rows else np.zeros((columns, 0), np.int32)


def _symbols(entries: Sequence[Entry], first: NDArray[np.int32]) -> dict[str, Part]:
    rows = _together([entry.facts.definitions() for entry in entries], 5)
    shift = np.repeat(first[:-1], np.diff(first))
    names = [name for entry in entries for name in entry.facts.definition_names]
    lower = [name.lower() for name in names]
    order = sorted(range(len(names)), key=lower.__getitem__)
    return {
        **strings("symbols.names", names),
        **strings("symbols.types", (name for entry in entries for name in entry.facts.definition_types)),
        **strings("symbols.lower", (lower[number] for number in order)),
        "symbols.kinds": b"".join(entry.facts.definition_kinds for entry in entries),
        "symbols.parents": np.where(rows[4] >= 0, rows[4] + shift, -1).astype(np.int32),
        "symbols.starts": rows[0] + 1,
        "symbols.ends": rows[1] + 1,
        "symbols.name_lines": rows[2] + 1,
        "symbols.signature_ends": rows[3] + 1,
        "symbols.by_name": np.array(order, np.int32),
    }


def _blocks(entries: Sequence[Entry], first_symbol: NDArray[np.int32]) -> dict[str, Part]:
    rows = _together([entry.facts.blocks() for entry in entries], 4)
    sizes = [entry.facts.blocks().shape[1] for entry in entries]
    shift = np.repeat(first_symbol[:-1], sizes)
    return {
        "blocks.starts": rows[0] + 1,
        "blocks.ends": rows[1] + 1,
        "blocks.symbols": np.where(rows[2] >= 0, rows[2] + shift, -1).astype(np.int32),
        "blocks.flags": rows[3].astype(np.uint8),
        "blocks.lengths": _together([entry.facts.lengths() for entry in entries], 3).ravel(),
    }


def _terms(entries: Sequence[Entry], first_block: NDArray[np.int32]) -> dict[str, Part]:
    merged = postings.merge(
        (*_with_path(entry), int(first)) for entry, first in zip(entries, first_block[:-1], strict=True)
    )
    groups: dict[bytes, list[int]] = defaultdict(list)
    for number, term in enumerate(merged.terms):
        groups[words.stem(term)].append(number)
    groups = {stem: found for stem, found in groups.items() if len(found) > 1 or merged.terms[found[0]] != stem}
    ordered = sorted(groups)
    return {
        **strings("terms.words", merged.terms),
        "terms.starts": merged.starts,
        "terms.blocks": merged.blocks,
        "terms.codes": merged.codes,
        **strings("terms.stems", ordered),
        "terms.stem_starts": offsets([len(groups[stem]) for stem in ordered]),
        "terms.stem_terms": np.array([number for stem in ordered for number in groups[stem]], np.int32),
    }


def _with_path(entry: Entry) -> tuple[list[bytes], NDArray[np.int32]]:
    """A file's terms and postings, with the terms of its path added to each of its blocks: as rows of their own, which
    merging joins with those of the same term and block."""
    facts = entry.facts
    rows, blocks = facts.postings(), facts.blocks().shape[1]
    index = {term: number for number, term in enumerate(facts.terms)}
    of_path = {index.setdefault(term, len(index)) for term in words.terms(entry.file.path)}
    more = np.empty((3, len(of_path) * blocks), np.int32)
    more[0] = np.repeat(np.array(sorted(of_path), np.int32), blocks)
    more[1] = np.tile(np.arange(blocks, dtype=np.int32), len(of_path))
    more[2] = postings.PATH_CODE
    return [*index], np.concatenate([rows, more], axis=1)


def statistics(entries: Sequence[Entry], edges: Graph) -> Statistics:
    by_label: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for entry in entries:
        row = by_label[entry.label]
        for column, value in enumerate((1, entry.facts.lines, entry.file.size, len(entry.facts.definition_names))):
            row[column] += value
    languages = [LanguageStatistics(label, *row) for label, row in by_label.items()]
    languages.sort(key=lambda item: (-item.lines, item.language))
    counted = Counter(zip(edges.kinds.tolist(), edges.confidences.tolist(), strict=True))
    return Statistics(
        files=len(entries),
        lines=sum(item.lines for item in languages),
        bytes=sum(item.bytes for item in languages),
        symbols=sum(item.symbols for item in languages),
        blocks=sum(entry.facts.blocks().shape[1] for entry in entries),
        languages=tuple(languages),
        edges=tuple(EdgeStatistics(EDGE_KINDS[k], CONFIDENCES[c], n) for (k, c), n in sorted(counted.items())),
    )
