"""Small trees of source files for the engine's tests."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings

from repos.engine import Snapshot, blob_id, build_snapshot, edges_of, open_snapshot, search_symbols
from repos.engine.types import Edge, Limits, SourceFile

# A busy machine is no reason to fail.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


class MemoryTree:
    """Files given as text or bytes. Remembers which blobs were read."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.contents = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
        self.reads: list[str] = []

    def files(self) -> list[SourceFile]:
        return [SourceFile(path, blob_id(data), len(data)) for path, data in sorted(self.contents.items())]

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        by_id = {blob_id(data): data for data in self.contents.values()}
        for oid in oids:
            if oid in by_id:
                self.reads.append(oid)
                yield oid, by_id[oid]


def snapshot_of(folder: Path, files: Mapping[str, str | bytes], limits: Limits | None = None) -> Snapshot:
    path = folder / "tree.snapshot"
    build_snapshot(MemoryTree(files), path=path, commit="c" * 40, limits=limits)
    return open_snapshot(path)


def symbols_in(snapshot: Snapshot) -> dict[str, str]:
    """Qualified name -> kind, of every symbol."""
    return {snapshot.qualified(n): snapshot.kind(n) for n in range(snapshot.statistics.symbols)}


def edges_from(snapshot: Snapshot, name: str) -> dict[str, Edge]:
    """What the symbol of that name leads to, by the target's name."""
    symbol = next(found for found in search_symbols(snapshot, name) if found.qualified == name)
    return {edge.target: edge for edge in edges_of(snapshot, symbol.id)[0]}


def edge_between(snapshot: Snapshot, source: str, target: str) -> tuple[str, str]:
    """Kind and confidence of the edge from the symbol of one name to that of another."""
    found = edges_from(snapshot, source)[target]
    return found.kind, found.confidence


def imports_of(snapshot: Snapshot, path: str) -> set[str]:
    """Paths that a file's imports lead to."""
    graph, first = snapshot.graph, snapshot.statistics.symbols
    found = np.flatnonzero((graph.sources == first + snapshot.numbers[path]) & (graph.kinds == 0))
    return {snapshot.files.paths[int(graph.targets[edge]) - first] for edge in found}
