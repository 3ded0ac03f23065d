"""Edges of small trees, by the names of both ends."""

from collections.abc import Mapping
from pathlib import Path

from repos.engine import edges_of, search_symbols
from tests.engine.trees import snapshot_of


def confidences(folder: Path, files: Mapping[str, str], caller: str, kind: str = "calls") -> dict[str, str]:
    """What `caller` leads to by edges of the kind: `path:name` of each target -> confidence."""
    snapshot = snapshot_of(folder, files)
    symbol = next(found for found in search_symbols(snapshot, caller) if found.qualified == caller)
    found: dict[str, str] = {}
    for edge in edges_of(snapshot, symbol.id)[0]:
        if edge.kind == kind:
            places = [item for item in search_symbols(snapshot, edge.target) if item.qualified == edge.target]
            # The same name in several files: the test names the file only when there is one.
            where = places[0].path if len(places) == 1 else "?"
            found[f"{where}:{edge.target}"] = edge.confidence
    return found


def imports(folder: Path, files: Mapping[str, str], path: str) -> set[str]:
    """The files that a file imports."""
    snapshot = snapshot_of(folder, files)
    graph, count = snapshot.graph, len(snapshot.symbols.kinds)
    source = count + snapshot.numbers[path]
    rows = zip(graph.sources.tolist(), graph.targets.tolist(), graph.kinds.tolist(), strict=True)
    return {snapshot.files.paths[target - count] for origin, target, kind in rows if origin == source and kind == 0}
