"""Which of a few packages depend on each other in a circle, and in which layer each belongs.

For small graphs: time grows with the cube of the number of nodes, which a level of packages keeps at 40.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[tuple[int, int], int]  # (source, target) -> how many edges, at least 1; no loops


def cycles_of(nodes: int, weights: Weights) -> list[list[int]]:
    """The strongly connected components of two nodes and more: each node of one reaches every other of it.

    By transitive closure (Warshall 1962). Components are in order of their first node, their nodes in order.
    """
    reach = _reachable(nodes, weights)
    together = reach & reach.T
    members = [np.flatnonzero(together[node]).tolist() for node in range(nodes)]
    return [found for node, found in enumerate(members) if len(found) > 1 and found[0] == node]


def _reachable(nodes: int, weights: Weights) -> NDArray[np.bool_]:
    reach = np.zeros((nodes, nodes), np.bool_)
    for source, target in weights:
        reach[source, target] = True
    for middle in range(nodes):
        reach |= np.outer(reach[:, middle], reach[middle])
    return reach


def closing_edges(cycles: list[list[int]], weights: Weights) -> set[tuple[int, int]]:
    """Edges without which nothing goes in a circle, light ones by preference.

    The greedy heuristic of Eades, Lin and Smyth (1993) with weights, for each cycle by itself: nodes that mostly use
    others go to the front, those that are mostly used to the back; what leads backwards then closes a circle.
    """
    found: set[tuple[int, int]] = set()
    for cycle in cycles:
        inside = {edge: weight for edge, weight in weights.items() if edge[0] in cycle and edge[1] in cycle}
        place = {node: at for at, node in enumerate(_in_order(cycle, inside))}
        found |= {(source, target) for source, target in inside if place[source] > place[target]}
    return found


def _in_order(nodes: list[int], weights: Weights) -> list[int]:
    place = {node: at for at, node in enumerate(nodes)}
    matrix = np.zeros((len(nodes), len(nodes)), np.int64)
    for (source, target), weight in weights.items():
        matrix[place[source], place[target]] = weight
    front: list[int] = []
    back: list[int] = []
    left = np.ones(len(nodes), np.bool_)
    while left.any():
        out, into = matrix.sum(axis=1), matrix.sum(axis=0)
        sinks = np.flatnonzero(left & (out == 0))
        taken = np.flatnonzero(left & (out > 0) & (into == 0))
        if not sinks.size and not taken.size:
            taken = np.array([int(np.argmax(np.where(left, out - into, np.iinfo(np.int64).min)))])
        front += [nodes[at] for at in taken.tolist()]
        back[:0] = [nodes[at] for at in sinks.tolist()]
        for gone in (sinks, taken):
            left[gone] = False
            matrix[gone] = matrix[:, gone] = 0
    return front + back


def layers_of(nodes: int, weights: Weights, closing: set[tuple[int, int]]) -> list[int]:
    """The length of the longest way down from each node over edges that close no circle; 0 uses nothing."""
    below: dict[int, list[int]] = {node: [] for node in range(nodes)}
    above = [0] * nodes
    users: dict[int, list[int]] = {node: [] for node in range(nodes)}
    for source, target in weights:
        if (source, target) not in closing:
            below[source].append(target)
            users[target].append(source)
            above[source] += 1
    layers = [0] * nodes
    ready = [node for node in range(nodes) if not above[node]]
    while ready:
        node = ready.pop()
        layers[node] = max((layers[target] + 1 for target in below[node]), default=0)
        for user in users[node]:
            above[user] -= 1
            if not above[user]:
                ready.append(user)
    return layers
