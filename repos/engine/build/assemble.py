"""Columns, postings and edges -> the sections of a snapshot, and the figures that describe it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from repos.engine.extraction.postings import Postings
from repos.engine.graph.edges import Places
from repos.engine.snapshot import sources, terms
from repos.engine.snapshot.container import Packed, Part
from repos.engine.snapshot.tables import Graph, graph_sections, names, strings
from repos.engine.types import CONFIDENCES, EDGE_KINDS, EdgeStatistics, LanguageStatistics, Statistics

from .columns import Columns


def places(columns: Columns) -> Places:
    file = np.repeat(np.arange(len(columns), dtype=np.int64), np.diff(columns.first_block))
    return Places(columns.first_symbol, (file << 32) + columns.blocks[0] + 1)


def sections(columns: Columns, merged: Postings, languages: Sequence[str], edges: Graph) -> dict[str, Part]:
    code = {name: number for number, name in enumerate(languages)}
    return {
        **strings("paths", (path.encode("utf-8", "surrogateescape") for path in columns.paths)),
        "files.languages": Packed(np.array([code[label] for label in columns.labels], np.uint8)),
        "files.roles": Packed(columns.roles),
        "files.lines": Packed(columns.lines),
        "files.first_block": Packed(columns.first_block, running=True),
        "files.first_symbol": Packed(columns.first_symbol, running=True),
        **_symbols(columns),
        **_blocks(columns),
        **terms.sections(merged),
        **graph_sections(edges),
        **sources.sections(columns.paths, columns.sizes.tolist(), columns.source, columns.frame),
    }


def _symbols(columns: Columns) -> dict[str, Part]:
    rows = columns.definitions
    return {
        **names(columns.names.all()),
        **strings("symbols.types", columns.types.all()),
        "symbols.kinds": Packed(columns.kinds),
        "symbols.parents": Packed(rows[4]),  # counted from the file's first
        "symbols.starts": Packed(rows[0] + 1, running=True),
        "symbols.ends": Packed(rows[1] + 1, running=True),
        "symbols.name_lines": Packed(rows[2] + 1, running=True),
        "symbols.signature_ends": Packed(rows[3] + 1, running=True),
    }


def _blocks(columns: Columns) -> dict[str, Part]:
    rows = columns.blocks
    return {
        "blocks.starts": Packed(rows[0] + 1, running=True),
        "blocks.ends": Packed(rows[1] + 1, running=True),
        "blocks.symbols": Packed(rows[2]),
        "blocks.flags": Packed(rows[3].astype(np.uint8)),
        **{f"blocks.lengths.{place}": Packed(row) for place, row in enumerate(columns.lengths)},
    }


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
