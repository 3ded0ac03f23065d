"""What stands round a symbol: who uses it, what it uses, which tests reach it; and finding it again in a new snapshot.

A symbol is addressed by its file and qualified name, which outlive a snapshot, and by a line where a file has several
of that name; its number does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .lookup import edge_at, edge_numbers, symbol_at
from .paths import TEST_ROLE
from .snapshot.file import Snapshot
from .types import CONFIDENCES, EDGE_KINDS, Edge, Symbol

Relation = Literal[
    "callers", "callees", "tests", "users", "uses", "bases", "implementations", "overrides", "overridden_by"
]
Ints = NDArray[np.int64]

# Relation -> whether it follows edges backwards, and their kind.
RELATIONS: dict[Relation, tuple[bool, str]] = {
    "callers": (True, "calls"),
    "callees": (False, "calls"),
    "tests": (True, "tests"),
    "users": (True, "references"),
    "uses": (False, "references"),
    "bases": (False, "inherits"),
    "implementations": (True, "inherits"),
    "overrides": (False, "overrides"),
    "overridden_by": (True, "overrides"),
}
STEPS = 3  # a test reaches a symbol through at most so many calls
LOOKED_AT = 5_000  # edges, when looking for such tests
GUESS = CONFIDENCES.index("guess")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The other end of an edge: a symbol, or a file when `symbol` is None. The edge says where and how."""

    symbol: Symbol | None
    path: str
    edge: Edge


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Some of the `total` neighbours in one relation: the surest first, then code before tests, then by place."""

    relation: Relation
    total: int
    items: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class ReachingTest:
    """A test that calls something which, through `steps` calls in all, leads to a symbol."""

    symbol: Symbol
    steps: int


def find_symbol(snapshot: Snapshot, path: str, name: str, line: int | None = None) -> Symbol | None:
    """The symbol of that qualified name in a file: with several, the one that begins nearest to `line`, else the
    first. None when there is none."""
    numbers = symbols_named(snapshot, path, name)
    starts = snapshot.symbols.starts
    nearest = min(numbers, key=lambda one: (abs(int(starts[one]) - (line or 0)), one), default=None)
    return None if nearest is None else symbol_at(snapshot, nearest)


def symbols_named(snapshot: Snapshot, path: str, name: str) -> list[int]:
    file = snapshot.numbers.get(path)
    if file is None or not name:
        return []
    first, last = snapshot.files.first_symbol[file : file + 2].tolist()
    names, own = snapshot.symbols.names, name.encode("utf-8", "replace")
    # A qualified name ends in the symbol's own, but for bytes that are no text: those stand in it as U+FFFD.
    likely = (one for one in range(first, last) if own.endswith(names[one]) or not names[one].isascii())
    return [one for one in likely if snapshot.qualified(one) == name]


def members_of(snapshot: Snapshot, symbol: int, most: int) -> list[Symbol]:
    """The symbols directly inside, in order, at most `most`."""
    file = snapshot.file_of_symbol(symbol)
    last = int(snapshot.files.first_symbol[file + 1])
    inside = symbol + np.flatnonzero(snapshot.symbols.parents[symbol:last] == symbol)
    return [symbol_at(snapshot, one) for one in inside[:most].tolist()]


def neighbours(snapshot: Snapshot, symbol: int, relation: Relation, *, first: int = 0, most: int = 20) -> Neighbours:
    """Those from place `first` on, at most `most`. Raises SnapshotCorrupt."""
    back, kind = RELATIONS[relation]
    edges = _edges(snapshot, symbol, back=back, kind=kind)
    ends = (snapshot.graph.sources if back else snapshot.graph.targets)[edges]
    files = _files_of(snapshot, ends)
    tests = snapshot.files.roles[files] == TEST_ROLE
    order = np.lexsort((edges, files, tests, snapshot.graph.confidences[edges]))[first : first + most]
    shown = zip(edges[order].tolist(), ends[order].tolist(), files[order].tolist(), strict=True)
    items = tuple(_neighbour(snapshot, edge, end, file) for edge, end, file in shown)
    return Neighbours(relation, len(edges), items)


def reaching_tests(snapshot: Snapshot, symbol: int, most: int = 20) -> list[ReachingTest]:
    """Tests that lead to a symbol through other symbols, the shortest ways first; direct ones are its neighbours.

    Follows calls that are certain or likely, at most `STEPS` of them, and looks at `LOOKED_AT` edges at most.
    """
    graph, symbols = snapshot.graph, len(snapshot.symbols.kinds)
    calls, tests = EDGE_KINDS.index("calls"), EDGE_KINDS.index("tests")
    seen, found, front, looked = {symbol}, dict[int, int](), [symbol], 0
    for step in range(1, STEPS + 1):
        following: list[int] = []
        for node in front:
            edges = _edges(snapshot, node, back=True)
            looked += len(edges)
            edges = edges[graph.confidences[edges] != GUESS]
            if step > 1:
                for test in graph.sources[edges[graph.kinds[edges] == tests]].tolist():
                    found.setdefault(test, step)
            callers = graph.sources[edges[graph.kinds[edges] == calls]].tolist()
            following += [one for one in callers if one < symbols and one not in seen]
            seen.update(callers)
            if looked > LOOKED_AT or len(found) >= most:
                return _reaching(snapshot, found, most)
        front = following
    return _reaching(snapshot, found, most)


def _reaching(snapshot: Snapshot, found: dict[int, int], most: int) -> list[ReachingTest]:
    symbols = len(snapshot.symbols.kinds)
    shown = sorted((steps, test) for test, steps in found.items() if test < symbols)[:most]
    return [ReachingTest(symbol_at(snapshot, test), steps) for steps, test in shown]


def _edges(snapshot: Snapshot, node: int, *, back: bool, kind: str = "") -> Ints:
    """The numbers of edges into a symbol, or out of it; of one kind or of all."""
    found = edge_numbers(snapshot, node, back=back)
    return found[snapshot.graph.kinds[found] == EDGE_KINDS.index(kind)] if kind else found


def _files_of(snapshot: Snapshot, nodes: NDArray[np.int32]) -> Ints:
    symbols = len(snapshot.symbols.kinds)
    around = np.searchsorted(snapshot.files.first_symbol, nodes, side="right") - 1
    found: Ints = np.where(nodes < symbols, around, nodes - symbols).astype(np.int64)
    return found


def _neighbour(snapshot: Snapshot, edge: int, end: int, file: int) -> Neighbour:
    symbol = symbol_at(snapshot, end) if end < len(snapshot.symbols.kinds) else None
    return Neighbour(symbol, snapshot.files.paths[file], edge_at(snapshot, edge))
