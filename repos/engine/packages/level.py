"""What one level of a snapshot's packages says: boxes, dependencies between them, layers and cycles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .layering import closing_edges, cycles_of, layers_of

MOST = 40  # boxes at a level, the one for all others among them
FEW = 12  # with fewer boxes than this, a large one is opened

BoxKind = Literal["package", "own", "file", "symbol", "rest"]


@dataclass(frozen=True, slots=True)
class Box:
    """A package (a folder with all below it), the files directly in one (`own`), a file, a symbol, or all others.

    `name` is relative to the level; a symbol's is its qualified name, and `path` its file. `layer` 0 uses nothing else
    at the level, but for what closes a cycle. `cycle` is the number of the cycle it is in, -1 for none. `line` is the
    first of a symbol, else 0; `word` is a symbol's kind, else empty.
    """

    kind: BoxKind
    path: str
    name: str
    files: int
    lines: int
    symbols: int
    tests: bool
    layer: int = 0
    cycle: int = -1
    line: int = 0
    word: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """`source` uses `target` (places of boxes) by `count` edges. `closes` a cycle: it leads against the layers."""

    source: int
    target: int
    count: int
    kinds: dict[str, int]
    confidences: dict[str, int]
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """What stands below a path; `boxes` by size, `dependencies` by strength, the largest first.

    `part` of `parts` counts from 1. `uses` and `used` count the edges that lead out of the path and into it. `silent`
    files have neither symbols nor edges, and are in no box.
    """

    path: str
    is_file: bool
    boxes: tuple[Box, ...]
    dependencies: tuple[Dependency, ...]
    cycles: tuple[tuple[int, ...], ...]
    part: int
    parts: int
    uses: int
    used: int
    silent: int


def layered(level: Level) -> Level:
    """The level with its layers and cycles worked out."""
    nodes = len(level.boxes)
    weights = {(one.source, one.target): one.count for one in level.dependencies}
    cycles = cycles_of(nodes, weights)
    closing = closing_edges(cycles, weights)
    layers = layers_of(nodes, weights, closing)
    cycle_of = {node: number for number, cycle in enumerate(cycles) for node in cycle}
    return replace(
        level,
        boxes=tuple(replace(box, layer=layers[at], cycle=cycle_of.get(at, -1)) for at, box in enumerate(level.boxes)),
        dependencies=tuple(replace(one, closes=(one.source, one.target) in closing) for one in level.dependencies),
        cycles=tuple(tuple(cycle) for cycle in cycles),
    )


def rest_of(boxes: list[Box]) -> Box:
    """One box for all of these."""
    return Box(
        "rest", "", f"{len(boxes):,} others", sum(box.files for box in boxes), sum(box.lines for box in boxes),
        sum(box.symbols for box in boxes), all(box.tests for box in boxes),
    )  # fmt: skip


def cut(boxes: list[Box], part: int) -> tuple[list[Box], int, int]:
    """The boxes of a part (counted from 1 and cut to what there is) with one for all others, the part, and of how many.

    All of them when there are not too many.
    """
    if len(boxes) <= MOST:
        return boxes, 1, 1
    each = MOST - 1
    parts = -(-len(boxes) // each)
    part = min(max(part, 1), parts)
    first, last = (part - 1) * each, part * each
    return [*boxes[first:last], rest_of(boxes[:first] + boxes[last:])], part, parts


def box_at(level: Level, path: str, line: int = 0) -> int | None:
    """The box that holds a file, or a line of the file whose level it is; None when it is in none of them."""
    boxes = level.boxes
    if level.is_file:
        held = [at for at, box in enumerate(boxes) if path == box.path and box.line <= line < box.line + box.lines]
        return min(held, key=lambda at: boxes[at].lines, default=None)
    if level.path and not path.startswith(f"{level.path}/"):
        return None
    folder = path.rpartition("/")[0]
    for at, box in enumerate(boxes):
        if (box.kind == "file" and box.path == path) or (box.kind == "own" and box.path == folder):
            return at
    above = [at for at, box in enumerate(boxes) if box.kind == "package" and path.startswith(f"{box.path}/")]
    rest = (at for at, box in enumerate(boxes) if box.kind == "rest")
    return max(above, key=lambda at: len(boxes[at].path)) if above else next(rest, None)
