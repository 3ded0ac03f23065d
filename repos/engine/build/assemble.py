"""Columns, postings and edges -> the sections of a snapshot, and the figures that describe it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from repos.engine import words
from repos.engine.extraction.facts import decode_counts
from repos.engine.extraction.postings import Collector, Postings
from repos.engine.graph.edges import Places
from repos.engine.snapshot.container import Part
from repos.engine.snapshot.tables import GRAPH_SECTIONS, Graph, strings
from repos.engine.types import CONFIDENCES, EDGE_KINDS, EdgeStatistics, LanguageStatistics, Statistics

from .columns import Columns, Entry, Words, offsets


def places(columns: Columns) -> Places:
    file = np.repeat(np.arange(len(columns), dtype=np.int64), np.diff(columns.first_block))
    return Places(columns.first_symbol, (file << 32) + columns.blocks[0] + 1)


def sections(columns: Columns, merged: Postings, languages: Sequence[str], edges: Graph) -> dict[str, Part]:
    code = {name: number for number, name in enumerate(languages)}
    parts: dict[str, Part] = {
        **strings("paths", (path.encode("utf-8", "surrogateescape") for path in columns.paths)),
        "files.languages": np.array([code[label] for label in columns.labels], np.uint8),
        "files.roles": columns.roles,
        "files.lines": columns.lines,
        "files.first_block": columns.first_block,
        "files.first_symbol": columns.first_symbol,
        "sources.at": columns.source_at.astype(np.int64),
        "sources": columns.sources,
    }
    parts |= _symbols(columns)
    parts |= _blocks(columns)
    parts |= _terms(merged)
    parts |= {f"graph.{name}": getattr(edges, name) for name in GRAPH_SECTIONS}
    return parts


def _table(name: str, values: Words) -> dict[str, Part]:
    return {name: values.data, f"{name}.at": values.at.astype(np.uint32)}


def _symbols(columns: Columns) -> dict[str, Part]:
    rows, first = columns.definitions, columns.first_symbol
    shift = np.repeat(first[:-1], np.diff(first))
    lower = [name.lower() for name in columns.names.all()]
    order = sorted(range(len(lower)), key=lower.__getitem__)
    return {
        **_table("symbols.names", columns.names),
        **_table("symbols.types", columns.types),
        **strings("symbols.lower", (lower[number] for number in order)),
        "symbols.kinds": columns.kinds,
        "symbols.parents": np.where(rows[4] >= 0, rows[4] + shift, -1).astype(np.int32),
        "symbols.starts": rows[0] + 1,
        "symbols.ends": rows[1] + 1,
        "symbols.name_lines": rows[2] + 1,
        "symbols.signature_ends": rows[3] + 1,
        "symbols.by_name": np.array(order, np.int32),
    }


def _blocks(columns: Columns) -> dict[str, Part]:
    rows = columns.blocks
    shift = np.repeat(columns.first_symbol[:-1], np.diff(columns.first_block))
    return {
        "blocks.starts": rows[0] + 1,
        "blocks.ends": rows[1] + 1,
        "blocks.symbols": np.where(rows[2] >= 0, rows[2] + shift, -1).astype(np.int32),
        "blocks.flags": rows[3].astype(np.uint8),
        "blocks.lengths": columns.lengths.ravel(),
    }


def _terms(merged: Postings) -> dict[str, Part]:
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


def merge(entries: Sequence[Entry]) -> Postings:
    """The postings of some files; blocks count from the first one."""
    collector = Collector()
    for entry in entries:
        collector.add(decode_counts(entry.facts), entry.facts.blocks().shape[1], words.terms(entry.file.path))
        entry.facts.counts = b""  # the largest part of the facts, and not needed any more
    return collector.result()


def statistics(columns: Columns, edges: Graph) -> Statistics:
    symbols, blocks = np.diff(columns.first_symbol), np.diff(columns.first_block)
    labels = np.array(columns.labels, object)
    languages = []
    for label in sorted(set(columns.labels)):
        of = labels == label
        sums = (int(column[of].sum()) for column in (columns.lines, columns.sizes, symbols))
        languages.append(LanguageStatistics(label, int(of.sum()), *sums))
    languages.sort(key=lambda item: (-item.lines, item.language))
    pairs, counts = np.unique(edges.kinds.astype(np.int64) * len(CONFIDENCES) + edges.confidences, return_counts=True)
    counted = [(divmod(pair, len(CONFIDENCES)), n) for pair, n in zip(pairs.tolist(), counts.tolist(), strict=True)]
    return Statistics(
        files=len(columns),
        lines=sum(item.lines for item in languages),
        bytes=sum(item.bytes for item in languages),
        symbols=sum(item.symbols for item in languages),
        blocks=int(blocks.sum()),
        languages=tuple(languages),
        edges=tuple(EdgeStatistics(EDGE_KINDS[k], CONFIDENCES[c], n) for (k, c), n in counted),
    )
