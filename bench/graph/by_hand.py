"""Draws edges of one language for a person to read: each with the line it stands on and the line it leads to.

    python -m bench.graph.by_hand FOLDER LANGUAGE [SEED [CERTAIN [LIKELY]]]

What was read, and how much of it was right, is in docs/graph.md.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from repos.engine import FolderTree, Snapshot, build_snapshot, open_snapshot
from repos.engine.languages import language_of
from repos.engine.types import CONFIDENCES, EDGE_KINDS


@dataclass(frozen=True, slots=True)
class Drawn:
    """An edge, with the texts a person needs to judge it. Lines are from 1."""

    kind: str
    confidence: str
    place: str
    source: str
    text: str
    target: str
    target_text: str


def edges_of(folder: Path, family: str) -> dict[str, list[Drawn]]:
    """All edges but imports that start in files of a language family, by confidence, in the snapshot's order."""
    with tempfile.TemporaryDirectory() as scratch:
        build_snapshot(FolderTree(folder), path=Path(scratch) / "snapshot", commit="")
        with open_snapshot(Path(scratch) / "snapshot") as snapshot:
            found: dict[str, list[Drawn]] = defaultdict(list)
            for edge in _edges(snapshot, family):
                found[edge.confidence].append(edge)
            return found


def _edges(snapshot: Snapshot, family: str) -> Iterator[Drawn]:
    graph, symbols = snapshot.graph, snapshot.statistics.symbols
    files = [language_of(path) for path in snapshot.files.paths]
    for edge in range(len(graph.sources)):
        source, target = int(graph.sources[edge]), int(graph.targets[edge])
        file, kind = _file(snapshot, source), EDGE_KINDS[graph.kinds[edge]]
        language = files[file]
        if language is None or language.family != family or kind == "imports" or target >= symbols:
            continue
        line, there = int(graph.lines[edge]), int(snapshot.symbols.name_lines[target])
        home = snapshot.file_of_symbol(target)
        yield Drawn(
            kind,
            CONFIDENCES[graph.confidences[edge]],
            f"{snapshot.files.paths[file]}:{line}",
            snapshot.qualified(source) if source < symbols else "(file)",
            snapshot.lines(file, line, line).strip(),
            f"{snapshot.qualified(target)} {snapshot.files.paths[home]}:{there}",
            snapshot.lines(home, there, there).strip(),
        )


def _file(snapshot: Snapshot, node: int) -> int:
    symbols = snapshot.statistics.symbols
    if node >= symbols:
        return node - symbols
    return int(np.searchsorted(snapshot.files.first_symbol, node, side="right")) - 1


def main(folder: str, family: str, seed: str = "9", certain: str = "40", likely: str = "20") -> None:
    found = edges_of(Path(folder), family)
    print({confidence: len(edges) for confidence, edges in sorted(found.items())})
    draw = random.Random(int(seed))
    for confidence, size in (("certain", int(certain)), ("likely", int(likely))):
        edges = found.get(confidence, [])
        for number, edge in enumerate(draw.sample(edges, min(size, len(edges))), 1):
            print(f"{confidence} {number}: {edge.kind}, {edge.place} in {edge.source}\n    {edge.text[:160]}")
            print(f"    -> {edge.target}\n    {edge.target_text[:160]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
