"""A level of packages as a picture: which dependencies are drawn, and where everything stands. graphlay lays it out.

Users stand above what they use. All lengths are pixels of the picture, which begins at 0, 0.
"""

import hashlib
import math
from collections.abc import Iterator

import graphlay
import msgspec
from django.core.cache import cache

from repos.engine.packages import Box, Dependency, Level, layers_of
from repos.text import columns

VERSION = 2  # of this drawing: raised when a picture would come out otherwise
KEPT = 7 * 24 * 3600  # seconds in the cache
EDGES_A_BOX = 1.6  # more and nobody can follow one
ROW_WIDTH = 940  # boxes of a layer that need more stand in several rows
NARROWEST, WIDEST = 104, 216
LOWEST, HIGHEST = 44, 92
LETTER = 7.3  # width of one, in the monospace type of labels
CORNER = 7  # radius at which an edge turns

SPACING = {"layer_gap": 40.0, "node_gap": 22.0, "dummy_gap": 14.0, "port_gap": 11.0, "isolated_gap": 22.0}
OPTIONS = {
    "direction": "topbottom",
    "routing": {"style": "orthogonal"},
    "spacing": {**SPACING, "isolated_max_columns": 6},
    "limits": {"max_nodes": 100, "max_edges": 400},
}


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a box is: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A drawn dependency: the places of its boxes in the level, and the path in SVG's notation."""

    source: int
    target: int
    path: str


class Geometry(msgspec.Struct, frozen=True, array_like=True):
    """`places` are those of the level's boxes, in order."""

    width: float
    height: float
    places: list[Place]
    lines: list[Line]


def geometry_of(level: Level, key: str) -> Geometry | None:
    """Where everything stands. `key` names snapshot and level: equal keys give the same picture, out of the cache.

    None when there is nothing to draw, or when no layout was found.
    """
    if not level.boxes:
        return None
    kept = cache.get(f"picture:{VERSION}:{key}")
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=Geometry)
        except msgspec.DecodeError:  # of another version of this code
            pass
    try:
        made = _lay_out(level, strongest(level))
    except graphlay.GraphlayError:
        return None
    cache.set(f"picture:{VERSION}:{key}", msgspec.msgpack.encode(made), KEPT)
    return made


def level_key(level: Level, *, guesses: bool) -> str:
    """Names a level within its snapshot, in letters that any cache takes."""
    text = f"{level.part}:{int(guesses)}:{level.path}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]


def strongest(level: Level) -> list[Dependency]:
    """The dependencies that are drawn: the strongest out of each box and into each, one that closes each cycle, then
    others. Strength is the share in what the user uses and in what the used one is used for (their geometric mean)."""
    uses, used = [0] * len(level.boxes), [0] * len(level.boxes)
    for one in level.dependencies:
        uses[one.source] += one.count
        used[one.target] += one.count
    ranked = sorted(level.dependencies, key=lambda one: -one.count / math.sqrt(uses[one.source] * used[one.target]))
    ends: set[tuple[str, int]] = set()
    first, others = list[Dependency](), list[Dependency]()
    for one in ranked:
        needs = {("out", one.source), ("in", one.target)}
        if one.closes:
            needs.add(("cycle", level.boxes[one.source].cycle))
        (others if needs <= ends else first).append(one)
        ends |= needs
    return first + others[: max(0, round(EDGES_A_BOX * len(level.boxes)) - len(first))]


def _lay_out(level: Level, drawn: list[Dependency]) -> Geometry:
    sizes = [_size(box, level) for box in level.boxes]
    graph = graphlay.Graph()
    rows = _rows(drawn, [width for width, _ in sizes])
    for at, (width, height) in enumerate(sizes):
        # What has no line stands apart, in a block of its own.
        graph.node(at, width=width, height=height, rank={"fixed": rows[at]} if at in rows else "free")
    for one in drawn:
        graph.edge(one.source, one.target, weight=math.log2(one.count + 1))
    found = graphlay.layout(graph, options=OPTIONS)
    left, top = found.bounds["min"]["x"] - 1, found.bounds["min"]["y"] - 1
    right, bottom = found.bounds["max"]["x"] + 1, found.bounds["max"]["y"] + 1
    centres = [(node["center"]["x"] - left, node["center"]["y"] - top) for node in found.nodes]
    places = [
        Place(round(x - width / 2, 1), round(y - height / 2, 1), width, height)
        for (x, y), (width, height) in zip(centres, sizes, strict=True)
    ]
    lines = [
        Line(one.source, one.target, _path([(point["x"] - left, point["y"] - top) for point in edge["points"]]))
        for one, edge in zip(drawn, found.edges, strict=True)
    ]
    return Geometry(math.ceil(right - left), math.ceil(bottom - top), places, lines)


def _size(box: Box, level: Level) -> tuple[float, float]:
    """As wide as its name, as high as its share of the largest box's symbols (of lines, where boxes are symbols)."""
    width = min(WIDEST, max(NARROWEST, (columns(box.name) + 2 * (box.kind == "own")) * LETTER + 26))
    amounts = [one.lines if level.is_file else one.symbols for one in level.boxes if one.kind != "rest"]
    amount = box.lines if level.is_file else box.symbols
    share = min(1.0, amount / max(max(amounts, default=1), 1))
    return round(width, 1), round(LOWEST + (HIGHEST - LOWEST) * math.sqrt(share), 1)


def _rows(drawn: list[Dependency], widths: list[float]) -> dict[int, int]:
    """The row of each box that has a line, from the top: its layer by what is drawn, in several rows if too wide."""
    weights = {(one.source, one.target): one.count for one in drawn}
    layers = layers_of(len(widths), weights, {(one.source, one.target) for one in drawn if one.closes})
    rows: dict[int, int] = {}
    row = -1
    for layer in sorted(set(layers), reverse=True):
        used = math.inf
        for at in sorted({at for ends in weights for at in ends if layers[at] == layer}):
            used += widths[at] + SPACING["node_gap"]
            if used > ROW_WIDTH:
                row, used = row + 1, widths[at]
            rows[at] = row
    return rows


def _path(points: list[tuple[float, float]]) -> str:
    """Straight lines with round centres."""
    return " ".join(_steps(points))


def _steps(points: list[tuple[float, float]]) -> Iterator[str]:
    yield f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        into, out = _towards(at, before), _towards(at, after)
        yield f"L{into[0]:.1f} {into[1]:.1f} Q{at[0]:.1f} {at[1]:.1f} {out[0]:.1f} {out[1]:.1f}"
    yield f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _towards(corner: tuple[float, float], point: tuple[float, float]) -> tuple[float, float]:
    """A point on the way from a corner, where its curve begins."""
    length = math.dist(corner, point)
    step = min(CORNER, length / 2) / length if length else 0
    return corner[0] + (point[0] - corner[0]) * step, corner[1] + (point[1] - corner[1]) * step
