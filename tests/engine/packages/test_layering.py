"""Cycles, closing edges and layers of small graphs: tables, and properties held against brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repos.engine.packages.layering import closing_edges, cycles_of, layers_of

Weights = dict[tuple[int, int], int]
NODES = 8


@pytest.mark.parametrize(
    ("edges", "cycles", "closing", "layers"),
    [
        ("", [], "", [0, 0, 0, 0]),
        ("01 12 23", [], "", [3, 2, 1, 0]),
        ("01 02 13 23", [], "", [2, 1, 1, 0]),
        ("01 10", [[0, 1]], "10", [1, 0, 0, 0]),
        ("01 12 20 23", [[0, 1, 2]], "20", [3, 2, 1, 0]),
        ("01 10 23 32", [[0, 1], [2, 3]], "10 32", [1, 0, 1, 0]),
    ],
)
def test_what_is_found(edges: str, cycles: list[list[int]], closing: str, layers: list[int]) -> None:
    weights = {(int(edge[0]), int(edge[1])): 1 for edge in edges.split()}
    found = cycles_of(4, weights)
    closed = closing_edges(found, weights)
    assert found == cycles
    assert closed == {(int(edge[0]), int(edge[1])) for edge in closing.split()}
    assert layers_of(4, weights, closed) == layers


def test_the_weaker_way_closes_the_cycle() -> None:
    for strong, weak in (((0, 1), (1, 0)), ((1, 0), (0, 1))):
        assert closing_edges([[0, 1]], {strong: 9, weak: 1}) == {weak}


edges = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda edge: edge[0] != edge[1])
graphs = st.dictionaries(edges, st.integers(1, 20), max_size=30)


def reach(weights: Weights, start: int) -> set[int]:
    """Nodes at the end of a way of one edge or more."""
    found: set[int] = set()
    todo = [start]
    while todo:
        node = todo.pop()
        new = {target for source, target in weights if source == node} - found
        found |= new
        todo += new
    return found


@given(graphs)
def test_a_cycle_is_all_that_reach_each_other(weights: Weights) -> None:
    ways = [reach(weights, node) for node in range(NODES)]
    together = {
        tuple(other for other in range(NODES) if other == node or (other in ways[node] and node in ways[other]))
        for node in range(NODES)
    }
    assert cycles_of(NODES, weights) == sorted(list(one) for one in together if len(one) > 1)


@given(graphs)
def test_without_the_closing_edges_nothing_goes_in_a_circle(weights: Weights) -> None:
    cycles = cycles_of(NODES, weights)
    closing = closing_edges(cycles, weights)
    left = {edge: weight for edge, weight in weights.items() if edge not in closing}
    assert cycles_of(NODES, left) == []
    assert all(any({source, target} <= set(cycle) for cycle in cycles) for source, target in closing)
    # Never the worse half: the order turned round would close the others.
    inside = [edge for edge in weights if any({*edge} <= set(cycle) for cycle in cycles)]
    assert len(closing) < len(inside) or not inside


@given(graphs)
def test_whatever_closes_no_cycle_leads_down(weights: Weights) -> None:
    closing = closing_edges(cycles_of(NODES, weights), weights)
    layers = layers_of(NODES, weights, closing)
    down = [edge for edge in weights if edge not in closing]
    assert all(layers[source] > layers[target] for source, target in down)
    for node in range(NODES):
        below = [layers[target] for source, target in down if source == node]
        assert layers[node] == max(below, default=-1) + 1
