"""Signals beside the words themselves: names and paths the task mentions, and what matching tests call."""

from __future__ import annotations

import math
import re
from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from repos.engine.paths import TEST_ROLE
from repos.engine.snapshot.file import Snapshot

from .task import MENTION_PLAIN, Task

Floats = NDArray[np.float32]
MOST_NAMED = 60  # a name with more definitions than this says nothing
PLAIN_NAMED = 3
TEST_BLOCKS = 30
CONFIDENCE_WEIGHT = np.array([1.0, 0.8, 0.5], np.float32)
KIND_WEIGHT = np.array([0.3, 1.0, 0.6, 0.6, 0.6, 1.0], np.float32)  # by EDGE_KINDS
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


def symbols_named(snapshot: Snapshot, exact: bytes) -> list[int]:
    """Symbols of exactly that name."""
    table = snapshot.symbols.lower_names
    wanted = exact.decode("utf-8", "surrogatepass").lower().encode("utf-8", "surrogatepass")
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
        found = symbols_named(snapshot, name.encode("utf-8", "surrogatepass"))
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
    by_stem = _name_stems(snapshot)
    for term in task.terms:
        score[by_stem.get(term.decode("utf-8", "replace"), [])] = 0.5
    by_name = _names(snapshot) if task.paths else {}
    for path in task.paths:
        low = path.lower()
        for number in by_name.get(low[low.rfind("/") + 1 :], ()):
            if f"/{snapshot.files.paths[number].lower()}".endswith(f"/{low}"):
                score[number] = 1.0
    return score


def _names(snapshot: Snapshot) -> dict[str, list[int]]:
    """Files by name, in lower case."""
    found: dict[str, list[int]] | None = snapshot.memo.get("names")
    if found is None:
        found = {}
        for number, path in enumerate(snapshot.files.paths):
            found.setdefault(path.rpartition("/")[2].lower(), []).append(number)
        snapshot.memo["names"] = found
    return found


def _name_stems(snapshot: Snapshot) -> dict[str, list[int]]:
    """Files by name up to the first dot, in lower case."""
    found: dict[str, list[int]] | None = snapshot.memo.get("name_starts")
    if found is None:
        found = {}
        for number, path in enumerate(snapshot.files.paths):
            start, dot, _ = path.rpartition("/")[2].lower().partition(".")
            if dot and len(start) > 2:
                found.setdefault(start, []).append(number)
        snapshot.memo["name_starts"] = found
    return found


def edges_of_block(snapshot: Snapshot, block: int) -> range:
    """Numbers of the edges that start inside a block."""
    return range(int(snapshot.graph.block_starts[block]), int(snapshot.graph.block_starts[block + 1]))


def spread(snapshot: Snapshot, seeds: NDArray[np.int64], weights: Floats) -> Floats:
    """One step from seed blocks along their edges; a target's share falls with how many lead to it. Per block."""
    at, degree, graph = block_of_symbol(snapshot), in_degree(snapshot), snapshot.graph
    sizes = graph.block_starts[seeds + 1] - graph.block_starts[seeds]
    edges = _ranges(graph.block_starts[seeds], sizes)
    weight = np.repeat(weights, sizes)
    inside = graph.targets[edges] < len(at)
    edges, weight = edges[inside], weight[inside]
    targets = graph.targets[edges]
    share = weight * KIND_WEIGHT[graph.kinds[edges]] * CONFIDENCE_WEIGHT[graph.confidences[edges]] / degree[targets]
    score = np.bincount(at[targets], share, len(snapshot.blocks.starts)).astype(np.float32)
    score[seeds] = 0
    return score


def _ranges(starts: NDArray[np.int32], sizes: NDArray[np.int32]) -> NDArray[np.int64]:
    """The numbers of all ranges, end to end."""
    return np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))


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
        for number, (path, role) in enumerate(zip(snapshot.files.paths, snapshot.files.roles.tolist(), strict=True)):
            if role != TEST_ROLE:
                found.setdefault(_stem(path).lower().strip("_-."), []).append(number)
        snapshot.memo["stems"] = found
    return found
