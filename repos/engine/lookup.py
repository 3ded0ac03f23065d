"""Looking things up in a snapshot: symbols by name, edges, sources, figures."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from .graph.expression import expression, statement
from .paths import TEST_ROLE
from .snapshot.file import Snapshot
from .types import CONFIDENCES, EDGE_KINDS, Edge, Statistics, Symbol

MOST = 200
SCANNED = 5_000
ROUND = 40  # lines read on either side of an edge for its expression


def search_symbols(snapshot: Snapshot, query: str, *, limit: int = 20) -> list[Symbol]:
    """Symbols by name, ignoring case: the exact name, then names that begin with it, then names that hold it. A query
    with a dot (`Model.save`) looks for the last part and keeps those whose qualified name ends like the query."""
    query = query.strip().strip(".").replace("::", ".").replace("#", ".")
    name = query.rpartition(".")[2].lower().encode("utf-8", "surrogatepass")
    if not name or limit < 1:
        return []
    table, order = snapshot.symbols.lower_names, snapshot.symbols.by_name
    found: dict[int, int] = {}
    place = bisect_left(table, name)
    while place < len(table) and table[place].startswith(name) and len(found) < SCANNED:
        found[int(order[place])] = 0 if table[place] == name else 1
        place += 1
    if len(found) < limit:
        for place in table.holding(name, SCANNED):
            found.setdefault(int(order[place]), 2)
    if "." in query:
        found = {s: rank for s, rank in found.items() if snapshot.qualified(s).lower().endswith(query.lower())}
    tests = snapshot.files.roles == TEST_ROLE

    def key(symbol: int) -> tuple[int, bool, int, int]:
        return found[symbol], bool(tests[snapshot.file_of_symbol(symbol)]), len(snapshot.symbols.names[symbol]), symbol

    return [symbol_at(snapshot, symbol) for symbol in sorted(found, key=key)[: min(limit, MOST)]]


def symbol_at(snapshot: Snapshot, symbol: int) -> Symbol:
    symbols, file = snapshot.symbols, snapshot.file_of_symbol(symbol)
    line, end = int(symbols.name_lines[symbol]), int(symbols.signature_ends[symbol])
    return Symbol(
        id=symbol,
        name=symbols.names[symbol].decode("utf-8", "replace"),
        qualified=snapshot.qualified(symbol),
        kind=snapshot.kind(symbol),
        path=snapshot.files.paths[file],
        start=int(symbols.starts[symbol]),
        end=int(symbols.ends[symbol]),
        signature=" ".join(snapshot.lines(file, line, max(line, min(end, line + 12))).split())[:300],
        language=snapshot.languages[snapshot.files.languages[file]],
    )


def edges_of(snapshot: Snapshot, symbol: int) -> tuple[list[Edge], list[Edge]]:
    """Edges that leave a symbol, and edges that lead to it."""
    if not 0 <= symbol < len(snapshot.symbols.kinds):
        return [], []
    out, into = (edge_numbers(snapshot, symbol, back=back).tolist() for back in (False, True))
    return [edge_at(snapshot, number) for number in out], [edge_at(snapshot, number) for number in into]


def edge_numbers(snapshot: Snapshot, symbol: int, *, back: bool) -> NDArray[np.int64]:
    """Of the edges that lead to a symbol, or leave it."""
    graph = snapshot.graph
    if back:
        into = graph.incoming[graph.incoming_starts[symbol] : graph.incoming_starts[symbol + 1]]
        return into.astype(np.int64)
    file = snapshot.file_of_symbol(symbol)
    low, high = graph.block_starts[snapshot.files.first_block[file : file + 2]].tolist()
    out: NDArray[np.int64] = low + np.flatnonzero(graph.sources[low:high] == symbol)
    return out


def edge_at(snapshot: Snapshot, number: int) -> Edge:
    graph = snapshot.graph
    source = int(graph.sources[number])
    n_symbols = len(snapshot.symbols.kinds)
    file = snapshot.file_of_symbol(source) if source < n_symbols else source - n_symbols
    return Edge(
        source=_node_name(snapshot, source),
        target=_node_name(snapshot, int(graph.targets[number])),
        path=snapshot.files.paths[file],
        line=int(graph.lines[number]),
        kind=EDGE_KINDS[graph.kinds[number]],
        confidence=CONFIDENCES[graph.confidences[number]],
        column=int(graph.columns[number]),
        expression=_expression(snapshot, file, number),
    )


def _expression(snapshot: Snapshot, file: int, edge: int) -> str:
    line = int(snapshot.graph.lines[edge])
    if EDGE_KINDS[snapshot.graph.kinds[edge]] == "imports":
        return statement(snapshot.line_bytes(file, line, line + ROUND))
    first = max(1, line - ROUND)
    before = snapshot.line_bytes(file, first, line - 1) + b"\n" if line > first else b""
    text = before + snapshot.line_bytes(file, line, line + ROUND)
    return expression(text, len(before) + int(snapshot.graph.columns[edge]))


def _node_name(snapshot: Snapshot, node: int) -> str:
    n_symbols = len(snapshot.symbols.kinds)
    return snapshot.qualified(node) if node < n_symbols else snapshot.files.paths[node - n_symbols]


def source_of(snapshot: Snapshot, path: str) -> str | None:
    """The text of an indexed file, or None."""
    number = snapshot.numbers.get(path)
    return None if number is None else snapshot.source(number).decode("utf-8", "replace")


def statistics(snapshot: Snapshot) -> Statistics:
    return snapshot.statistics


def symbol_count(snapshot: Snapshot) -> int:
    return statistics(snapshot).symbols
