"""Every edge of a folder of sources at its own place: the stored graph keeps only the best of each block."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from repos.engine import FolderTree, Snapshot, build_snapshot, open_snapshot
from repos.engine.graph import edges
from repos.engine.types import CONFIDENCES, EDGE_KINDS

Place = tuple[str, int, int]  # path, line from 1, column in bytes


@dataclass(frozen=True, slots=True)
class Target:
    """A definition. `first` to `name_line` are the lines its head may be said to begin at."""

    symbol: int
    name: str
    path: str
    first: int
    name_line: int
    kind: str


@dataclass(slots=True)
class Edges:
    """`at` gives (kind, confidence, target) for each place; `above` the base types of a type."""

    snapshot: Snapshot
    targets: dict[int, Target] = field(default_factory=dict)
    at: dict[Place, list[tuple[str, str, Target]]] = field(default_factory=dict)
    above: dict[int, list[int]] = field(default_factory=dict)

    def bases(self, symbol: int) -> set[int]:
        """A type and all above it."""
        found, waiting = {symbol}, [symbol]
        while waiting:
            for base in self.above.get(waiting.pop(), ()):
                if base not in found:
                    found.add(base)
                    waiting.append(base)
        return found


def edges_of_folder(folder: Path) -> Edges:
    """Index a folder and keep the edges before they are packed."""
    kept: list[NDArray[np.int32]] = []
    pack = edges.pack

    def keep(table: NDArray[np.int32], places: edges.Places) -> object:
        kept.append(table)
        return pack(table, places)

    path = Path(tempfile.mkdtemp()) / "tree.snapshot"
    with patch.object(edges, "pack", keep):
        build_snapshot(FolderTree(folder), path=path, commit="0" * 40)
    found = Edges(open_snapshot(path))
    _fill(found, kept[0])
    return found


def _fill(found: Edges, table: NDArray[np.int32]) -> None:
    snapshot, symbols = found.snapshot, found.snapshot.symbols
    count = len(symbols.kinds)
    for number in range(count):
        file = snapshot.file_of_symbol(number)
        found.targets[number] = Target(
            number,
            symbols.names[number].decode("utf-8", "replace"),
            snapshot.files.paths[file],
            int(symbols.starts[number]),
            int(symbols.name_lines[number]),
            snapshot.kind(number),
        )
    for source, target, kind, confidence, line, column in table.tolist():
        if EDGE_KINDS[kind] == "inherits":
            found.above.setdefault(source, []).append(target)
        if target < count and EDGE_KINDS[kind] != "overrides":
            file = snapshot.file_of_symbol(source) if source < count else source - count
            place = snapshot.files.paths[file], line, column
            row = EDGE_KINDS[kind], CONFIDENCES[confidence], found.targets[target]
            found.at.setdefault(place, []).append(row)
