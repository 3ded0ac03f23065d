"""Signals beside the words themselves: names and paths the task mentions, what matching tests call, graph
neighbours."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

from .paths import ROLES
from .resolve import EDGE_KINDS
from .snapshot import Snapshot
from .task import MENTION_PLAIN, Task

Floats = NDArray[np.float32]
MOST_NAMED = 60  # a name with more definitions than this says nothing
PLAIN_NAMED = 3
TEST_BLOCKS = 30
SEEDS = 20
CONFIDENCE_WEIGHT = np.array([1.0, 0.8, 0.5], np.float32)
KIND_WEIGHT = np.array([0.3, 1.0, 0.6, 0.6, 1.0], np.float32)  # by EDGE_KINDS
TEST_ROLE = ROLES.index("test")
_AFFIX = re.compile(r"^tests?_|^test(?=[A-Z])|_tests?$|[-_.]?tests?$|\.spec$|_spec$|Tests?$|IT$|TestCase$", re.I)


def block_of_symbol(snapshot: Snapshot) -> NDArray[np.int64]:
    """For every symbol the block that its name stands in."""
    found: NDArray[np.int64] | None = snapshot.memo.get("block_of_symbol")
    if found is None:
        symbols, blocks, first = snapshot.symbols, snapshot.blocks, snapshot.files.first_symbol
        file = np.repeat(np.arange(len(first) - 1, dtype=np.int64), np.diff(first))
        keys = (blocks.files.astype(np.int64) << 32) | blocks.starts
        found = np.searchsorted(keys, (file << 32) | symbols.name_lines, side="right") - 1
        snapshot.memo["block_of_symbol"] = found
    return found


def in_degree(snapshot: Snapshot) -> Floats:
    """log2(2 + edges that lead to a node): what a hub's share is divided by."""
    found: Floats | None = snapshot.memo.get("in_degree")
    if found is None:
        found = np.log2(2 + np.diff(snapshot.graph.incoming_starts)).astype(np.float32)
        snapshot.memo["in_degree"] = found
    return found


def symbols_named(snapshot: Snapshot, name: str) -> list[int]:
    """Symbols of exactly that name."""
    table = snapshot.symbols.lower_names
    wanted, exact = name.lower().encode("utf-8", "surrogatepass"), name.encode("utf-8", "surrogatepass")
    start = bisect_left(table, wanted)
    found = []
    while start < len(table) and table[start] == wanted:
        symbol = int(snapshot.symbols.by_name[start])
        if snapshot.symbols.names[symbol] == exact:
            found.append(symbol)
        start += 1
    return found


def mentions(snapshot: Snapshot, task: Task) -> Floats:
    """Blocks of definitions that the task names; the more definitions of that name, the less for each."""
    score = np.zeros(len(snapshot.blocks.starts), np.float32)
    at, roles = block_of_symbol(snapshot), snapshot.files.roles
    for name, weight in task.mentions.items():
        found = symbols_named(snapshot, name)
        found = [s for s in found if roles[snapshot.blocks.files[at[s]]] != TEST_ROLE] or found
        if not found or len(found) > (PLAIN_NAMED if weight <= MENTION_PLAIN else MOST_NAMED):
            continue
        share = weight / math.sqrt(len(found))
        for symbol in found:
            score[at[symbol]] = max(score[at[symbol]], share)
    return score


def file_names(snapshot: Snapshot, task: Task) -> Floats:
    """Files whose path, or name, the task gives: 1 for a path or a name with its extension, less for a bare name."""
    score = np.zeros(len(snapshot.files.paths), np.float32)
    given = {path.lower() for path in task.paths}
    bare = {term.decode("utf-8", "replace") for term in task.terms}
    for number, path in enumerate(snapshot.files.paths):
        low = path.lower()
        name = low[low.rfind("/") + 1 :]
        if name in given or any(path_ends(low, item) for item in given if "/" in item):
            score[number] = 1.0
        elif len(stem := name.split(".")[0]) > 2 and stem in bare:
            score[number] = 0.5
    return score


def path_ends(path: str, tail: str) -> bool:
    return path == tail or path.endswith("/" + tail)


def edges_of_block(snapshot: Snapshot, block: int) -> NDArray[np.int64]:
    """Numbers of the edges that start inside a block."""
    blocks, graph, files = snapshot.blocks, snapshot.graph, snapshot.files
    file = int(blocks.files[block])
    start, end = int(blocks.starts[block]), int(blocks.ends[block])
    low, high = int(files.first_symbol[file]), int(files.first_symbol[file + 1])
    names = snapshot.symbols.name_lines[low:high]
    first, last = low + bisect_left(names, start), low + bisect_right(names, end)
    owners = [int(blocks.symbols[block]), *range(first, last)]
    owners.append(len(snapshot.symbols.names) + file)
    spans = [np.arange(graph.starts[o], graph.starts[o + 1]) for o in dict.fromkeys(owners) if o >= 0]
    found = np.concatenate(spans).astype(np.int64)
    lines = graph.lines[found]
    return found[(lines >= start) & (lines <= end)]


def spread(snapshot: Snapshot, seeds: list[int], weights: Floats) -> Floats:
    """One step from seed blocks along their edges; a target's share falls with how many lead to it. Per block."""
    score = np.zeros(len(snapshot.blocks.starts), np.float32)
    at, degree, graph = block_of_symbol(snapshot), in_degree(snapshot), snapshot.graph
    n_symbols = len(at)
    for seed, weight in zip(seeds, weights.tolist(), strict=True):
        edges = edges_of_block(snapshot, seed)
        targets = graph.targets[edges]
        edges, targets = edges[targets < n_symbols], targets[targets < n_symbols]
        share = KIND_WEIGHT[graph.kinds[edges]] * CONFIDENCE_WEIGHT[graph.confidences[edges]] / degree[targets]
        np.add.at(score, at[targets], weight * share)
    score[np.array(seeds, np.int64)] = 0
    return score


def importers(snapshot: Snapshot, files: list[int], weights: Floats) -> Floats:
    """Files that import the best files."""
    graph, n_symbols = snapshot.graph, len(snapshot.symbols.names)
    score = np.zeros(len(snapshot.files.paths), np.float32)
    sources = graph.sources() if "sources" not in snapshot.memo else snapshot.memo["sources"]
    snapshot.memo["sources"] = sources
    degree = in_degree(snapshot)
    for file, weight in zip(files, weights.tolist(), strict=True):
        node = n_symbols + file
        edges = graph.incoming[graph.incoming_starts[node] : graph.incoming_starts[node + 1]]
        edges = edges[graph.kinds[edges] == EDGE_KINDS.index("imports")]
        score[sources[edges] - n_symbols] += weight / degree[node]
    return score


def same_named(snapshot: Snapshot, tests: list[int], weights: Floats) -> Floats:
    """Files of the name that a matching test file has without its `test`."""
    score = np.zeros(len(snapshot.files.paths), np.float32)
    table = _stems(snapshot)
    for file, weight in zip(tests, weights.tolist(), strict=True):
        stem = _stem(snapshot.files.paths[file])
        for number in table.get(_AFFIX.sub("", stem).lower().strip("_-."), ()):
            if number != file:
                score[number] = max(score[number], weight)
    return score


def _stem(path: str) -> str:
    return path[path.rfind("/") + 1 :].rsplit(".", 1)[0]


def _stems(snapshot: Snapshot) -> dict[str, list[int]]:
    found: dict[str, list[int]] | None = snapshot.memo.get("stems")
    if found is None:
        found = {}
        for number, path in enumerate(snapshot.files.paths):
            if snapshot.files.roles[number] != TEST_ROLE:
                found.setdefault(_stem(path).lower().strip("_-."), []).append(number)
        snapshot.memo["stems"] = found
    return found
