"""A level of packages made ready for its template: the picture's boxes and lines, and the same as rows of a table."""

import math
from dataclasses import dataclass, field

from config.errors import DomainError
from repos import drawing, services
from repos.addresses import Links
from repos.engine.packages import Box, Dependency, Level, box_at
from repos.models import Repository, SliceRecord
from repos.text import shortened, visible

ROWS = 100  # of dependencies in the table; the API has them all
FITS, SMALLER = 1040, 0.88  # pixels; as small as names can be read
LABEL, SAID = 26, 160  # columns of a name in the picture, and where it is read out


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a box and what is written in it stand: lengths as SVG takes them."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    label: str
    size: str
    mark_x: str
    icon_x: str
    icon_y: str


@dataclass(slots=True)
class Node:
    """A box. `share` is what part of a slice is in it, in words, "" for none."""

    box: Box
    url: str
    name: str
    label: str
    size: str
    share: str
    spot: Spot | None = None
    uses: list[str] = field(default_factory=list)
    used_by: list[str] = field(default_factory=list)

    @property
    def says(self) -> str:
        """All that the box shows, for who cannot see it."""
        told = [self.name, self.what, self.size]
        told += ["tests"] * self.box.tests + ["in a cycle"] * (self.box.cycle >= 0)
        return ", ".join([*told, f"{self.share} of the slice"] if self.share else told)

    @property
    def what(self) -> str:
        kinds = {"package": "package", "own": "files directly in this package", "file": "file", "rest": "all others"}
        return kinds.get(self.box.kind, self.box.word)


@dataclass(frozen=True, slots=True)
class Row:
    """A dependency in the table."""

    source: Node
    target: Node
    count: int
    kinds: str
    confidences: str
    closes: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """A dependency in the picture; `source` and `target` are the places of its boxes."""

    path: str
    width: str
    source: int
    target: int
    closes: bool
    says: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`width` 0: there is no layout, only the table can be shown. `elsewhere`: how much of a slice is not here."""

    level: Level
    nodes: list[Node]
    arrows: list[Arrow]
    rows: list[Row]
    width: int
    height: int
    elsewhere: str

    @property
    def shown_width(self) -> int:
        """What fits beside the menu; a wider picture is made a little smaller, and then scrolls in its box."""
        return self.width if self.width <= FITS else max(FITS, round(self.width * SMALLER))


def picture_of(level: Level, links: Links, digest: str, record: SliceRecord | None = None) -> Picture:
    """`digest` is that of the snapshot the level is of."""
    shares, elsewhere = _shares(level, record)
    nodes = [_node(box, level, links, shares.get(at, "")) for at, box in enumerate(level.boxes)]
    rows = [_row(one, nodes) for one in level.dependencies]
    for row in rows:
        row.source.uses.append(row.target.name)
        row.target.used_by.append(row.source.name)
    found = drawing.geometry_of(level, f"{digest}:{drawing.level_key(level, guesses=links.guesses)}")
    if found is None:
        return Picture(level, nodes, [], rows[:ROWS], 0, 0, elsewhere)
    for node, place in zip(nodes, found.places, strict=True):
        node.spot = _spot(place)
    arrows = _arrows(level, nodes, found)
    return Picture(level, nodes, arrows, rows[:ROWS], int(found.width), int(found.height), elsewhere)


def root_picture(repository: Repository) -> Picture | None:
    """For the repository's own page; None while there is nothing that could be drawn."""
    if repository.snapshot is None or repository.paused_at:
        return None
    try:
        level = services.look_at_packages(repository=repository, path="")
    except DomainError:
        return None  # its snapshot is away or being made again, and the page goes on without the picture
    return picture_of(level, Links(repository), repository.snapshot.digest) if level and level.boxes else None


def _shares(level: Level, record: SliceRecord | None) -> tuple[dict[int, str], str]:
    """Place of a box -> what part of the slice's lines are in it; and the part that is in none."""
    lines: dict[int | None, int] = {}
    for path, start, end in record.touched if record else ():
        at = box_at(level, path, start)
        lines[at] = lines.get(at, 0) + end - start + 1
    whole, outside = sum(lines.values()), lines.pop(None, 0)
    return {at: _percent(count, whole) for at, count in lines.items() if at is not None}, _percent(outside, whole)


def _percent(part: int, whole: int) -> str:
    if not part:
        return ""
    return "< 1 %" if 100 * part < whole else f"{round(100 * part / whole)} %"


def _url(box: Box, level: Level, links: Links) -> str:
    if box.kind == "symbol":
        return links.symbol(box.path, box.name, box.line)
    if box.kind == "rest":
        return links.level(level.path, level.part % level.parts + 1)
    return links.level(box.path)


def _node(box: Box, level: Level, links: Links, share: str) -> Node:
    name = f"{visible(box.name)}/*" if box.kind == "own" else visible(box.name)
    label = shortened(name, LABEL)
    counted = (box.lines, "line") if level.is_file else (box.symbols, "symbol")
    size = f"{counted[0]:,} {counted[1]}{'' if counted[0] == 1 else 's'}"
    return Node(box, _url(box, level, links), shortened(name, SAID), label, size, share)


def _row(one: Dependency, nodes: list[Node]) -> Row:
    kinds, confidences = _listed(one.kinds), _listed(one.confidences)
    return Row(nodes[one.source], nodes[one.target], one.count, kinds, confidences, one.closes)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())


def _spot(place: drawing.Place) -> Spot:
    middle, centre = place.x + place.width / 2, place.y + place.height / 2
    lengths = (
        place.x, place.y, place.width, place.height, middle, centre - 3, centre + 13,
        place.x + place.width - 14, place.x + place.width - 19, place.y - 5,
    )  # fmt: skip
    return Spot(*(f"{length:.1f}" for length in lengths))


def _arrows(level: Level, nodes: list[Node], found: drawing.Geometry) -> list[Arrow]:
    """Those that close a cycle last, so that they lie on top."""
    by_ends = {(one.source, one.target): one for one in level.dependencies}
    arrows = []
    for line in found.lines:
        one = by_ends[line.source, line.target]
        row = _row(one, nodes)
        closes = ", closes a cycle" if one.closes else ""
        says = f"{row.source.name} uses {row.target.name}: {row.kinds}{closes}"
        width = f"{min(2.8, 1 + 0.6 * math.log10(one.count)):.1f}"
        arrows.append(Arrow(line.path, width, line.source, line.target, one.closes, says))
    return sorted(arrows, key=lambda arrow: arrow.closes)
