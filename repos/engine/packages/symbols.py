"""The level of a file: its symbols. Where there are few, the members of the largest stand beside it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from repos.engine.paths import TEST_ROLE
from repos.engine.snapshot.file import Snapshot

from .level import FEW, MOST, Box, Level, cut, layered
from .links import Ints, Links, crossing, dependencies, labels_of


def symbol_level(snapshot: Snapshot, file: int, part: int, guesses: bool) -> Level:
    first, last = snapshot.files.first_symbol[file : file + 2].tolist()
    shown = sorted(_shown(snapshot, first, last), key=lambda symbol: (-_lines(snapshot, symbol), symbol))
    held = _holders(snapshot, set(shown), first, last)
    counts = Counter(held)
    boxes, part, parts = cut([_box(snapshot, file, symbol, counts[symbol]) for symbol in shown], part)
    begin, rest = (part - 1) * (MOST - 1), len(boxes) - 1
    at = {symbol: n for n, symbol in enumerate(shown)}
    if parts > 1:
        at = {symbol: n - begin if begin <= n < begin + rest else rest for symbol, n in at.items()}
    links = _links(snapshot, file, first, last)
    links = links if guesses else links.without_guesses()
    # The last two nodes are the file itself and all that is outside: in no box.
    box_of = np.array([*(at.get(symbol, -1) for symbol in held), -1, -1], np.int64)
    uses, used = crossing(links, np.arange(len(box_of)) <= last - first)
    found = dependencies(links, box_of, len(boxes))
    return layered(Level(snapshot.files.paths[file], True, tuple(boxes), found, (), part, parts, uses, used, 0))


def _shown(snapshot: Snapshot, first: int, last: int) -> list[int]:
    parents = snapshot.symbols.parents[first:last].tolist()
    members: dict[int, list[int]] = {}
    for symbol, parent in enumerate(parents, first):
        members.setdefault(parent, []).append(symbol)
    shown = members.get(-1, [])
    opened: set[int] = set()
    while len(shown) < FEW:
        able = [one for one in shown if one not in opened and len(members.get(one, ())) in range(1, MOST - len(shown))]
        if not able:
            break
        largest = max(able, key=lambda symbol: (_lines(snapshot, symbol), -symbol))
        opened.add(largest)
        shown = shown + members[largest]
    return shown


def _lines(snapshot: Snapshot, symbol: int) -> int:
    return int(snapshot.symbols.ends[symbol] - snapshot.symbols.starts[symbol]) + 1


def _holders(snapshot: Snapshot, shown: set[int], first: int, last: int) -> list[int]:
    """For each symbol the shown one that stands for it: itself, or the next one round it; -1 for none."""
    parents, found = snapshot.symbols.parents, list[int]()
    for symbol in range(first, last):
        while symbol >= 0 and symbol not in shown:
            symbol = int(parents[symbol])
        found.append(symbol)
    return found


def _box(snapshot: Snapshot, file: int, symbol: int, symbols: int) -> Box:
    return Box(
        "symbol", snapshot.files.paths[file], snapshot.qualified(symbol), 1, _lines(snapshot, symbol),
        symbols, bool(snapshot.files.roles[file] == TEST_ROLE), line=int(snapshot.symbols.starts[symbol]),
        word=snapshot.kind(symbol),
    )  # fmt: skip


def _links(snapshot: Snapshot, file: int, first: int, last: int) -> Links:
    """Edges from or to the file and its symbols. Nodes are renumbered: symbols from 0, then the file, then all else."""
    graph, count = snapshot.graph, last - first
    node = len(snapshot.symbols.kinds) + file
    low, high = graph.block_starts[snapshot.files.first_block[file : file + 2]].tolist()
    starts, incoming = graph.incoming_starts, graph.incoming
    into = incoming[starts[first] : starts[last]], incoming[starts[node] : starts[node + 1]]
    edges = np.unique(np.concatenate((np.arange(low, high), *into)))

    def local(nodes: Ints) -> Ints:
        inside = (nodes >= first) & (nodes < last)
        found: Ints = np.where(inside, nodes - first, np.where(nodes == node, count, count + 1))
        return found

    ends = local(graph.sources[edges].astype(np.int64)), local(graph.targets[edges].astype(np.int64))
    return Links(*ends, labels_of(snapshot, edges), np.ones(len(edges), np.int64))
