"""The picture of a level: what is drawn, that nothing overlaps, that it is bounded, and that it is kept."""

from itertools import combinations
from unittest.mock import patch

import graphlay
import pytest
from django.core.cache import cache
from hypothesis import given, settings
from hypothesis import strategies as st

from repos import drawing
from repos.engine.packages import MOST, Box, Dependency, Level
from repos.engine.packages.level import layered


def level_of(boxes: int, edges: dict[tuple[int, int], int], path: str = "") -> Level:
    made = [Box("package", f"p{n}", f"p{n}", 1, 10 * n, n, False) for n in range(boxes)]
    found = sorted((Dependency(*ends, count, {}, {}) for ends, count in edges.items()), key=lambda one: -one.count)
    return layered(Level(path, False, tuple(made), tuple(found), (), 1, 1, 0, 0, 0))


ends = st.tuples(st.integers(0, MOST - 1), st.integers(0, MOST - 1)).filter(lambda edge: edge[0] != edge[1])
graphs = st.dictionaries(ends, st.integers(1, 5000), max_size=300)


@settings(deadline=None, max_examples=60)
@given(edges=graphs, boxes=st.integers(1, MOST))
def test_every_box_has_a_place_of_its_own(edges: dict[tuple[int, int], int], boxes: int) -> None:
    level = level_of(boxes, {ends: count for ends, count in edges.items() if max(ends) < boxes})
    with patch.object(cache, "get", return_value=None), patch.object(cache, "set"):
        found = drawing.geometry_of(level, "x")
    assert found is not None and len(found.places) == boxes
    for one, other in combinations(found.places, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    for place in found.places:
        assert place.x >= 0 and place.y >= 0
        assert place.x + place.width <= found.width and place.y + place.height <= found.height
    assert len(found.lines) <= max(drawing.EDGES_A_BOX * boxes, 3 * boxes)
    closing = {(one.source, one.target) for one in level.dependencies if one.closes}
    for line in found.lines:
        user, used = found.places[line.source], found.places[line.target]
        assert (line.source, line.target) in closing or user.y < used.y


@given(graphs)
def test_every_box_keeps_its_strongest_lines(edges: dict[tuple[int, int], int]) -> None:
    level = level_of(MOST, edges)
    drawn = drawing.strongest(level)
    assert {one.source for one in drawn} == {source for source, _ in edges}
    assert {one.target for one in drawn} == {target for _, target in edges}
    closed = {level.boxes[one.source].cycle for one in drawn if one.closes}
    assert closed == set(range(len(level.cycles)))


def test_more_symbols_make_a_higher_box() -> None:
    found = drawing.geometry_of(level_of(5, {(4, 0): 1}), "heights")
    assert found is not None
    heights = [place.height for place in found.places]
    assert heights == sorted(heights) and heights[0] == drawing.LOWEST and heights[-1] == drawing.HIGHEST


def test_a_picture_is_laid_out_once() -> None:
    level = level_of(6, {(5, 1): 3, (4, 2): 1})
    key = f"once:{drawing.level_key(level, guesses=False)}"
    cache.delete(f"picture:{drawing.VERSION}:{key}")
    first = drawing.geometry_of(level, key)
    with patch.object(graphlay, "layout", side_effect=AssertionError):
        assert drawing.geometry_of(level, key) == first


def test_what_cannot_be_read_out_of_the_cache_is_drawn_again() -> None:
    level = level_of(2, {(1, 0): 1})
    cache.set(f"picture:{drawing.VERSION}:odd", b"\xc1 not msgpack")
    assert drawing.geometry_of(level, "odd") is not None


def test_without_a_layout_there_is_no_picture() -> None:
    with patch.object(graphlay, "layout", side_effect=graphlay.GraphlayError("no")):
        assert drawing.geometry_of(level_of(2, {(1, 0): 1}), "none") is None
    assert drawing.geometry_of(level_of(0, {}), "empty") is None


@pytest.mark.parametrize("other", [{"path": "q"}, {"part": 2}])
def test_each_level_has_its_own_key(other: dict[str, object]) -> None:
    one = level_of(2, {})
    another = Level(**{**{name: getattr(one, name) for name in Level.__slots__}, **other})
    keys = {drawing.level_key(level, guesses=guesses) for level in (one, another) for guesses in (True, False)}
    assert len(keys) == 4
    assert drawing.level_key(level_of(1, {}, "\udcff"), guesses=False).isalnum()
