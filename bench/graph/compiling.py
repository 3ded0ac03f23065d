"""The graph's edges of TypeScript against what its compiler says, by way of scip-typescript."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path

from .edges import Edges, Place, Target
from .scip import Occurrence, occurrences
from .truth import ORDER, Truth

CALLED = re.compile(rb"[\w$\x80-\xff]+(?:<[^()\n]{0,100}>)?\(")
CONFIG = {"compilerOptions": {"target": "es2022", "module": "esnext", "moduleResolution": "bundler", "jsx": "preserve",
          "strict": True, "skipLibCheck": True, "types": [], "lib": ["es2022", "dom"]}}  # fmt: skip


def index(project: Path, scip: Path, out: Path, source: str) -> None:
    """Let the compiler read all of a project's folder `source`."""
    (project / "tsconfig.json").write_text(json.dumps({**CONFIG, "include": [f"{source}/**/*"]}))
    command = [str(scip), "index", "--output", str(out), "--no-progress-bar"]
    subprocess.run(command, cwd=project, check=True, capture_output=True, timeout=1800)


def compare(edges: Edges, project: Path, out: Path) -> Truth:
    defined: dict[str, set[tuple[str, int]]] = defaultdict(set)
    used: list[Occurrence] = []
    for item in occurrences(out):
        if item.symbol.startswith("local "):
            item = Occurrence(item.path, item.line, item.start, f"{item.path} {item.symbol}", item.definition)
        if item.definition:
            defined[item.symbol].add((item.path, item.line + 1))
        else:
            used.append(item)
    truth, lines = Truth(), _Lines(project)
    at: dict[Place, list[Occurrence]] = defaultdict(list)
    for item in used:
        at[item.path, item.line + 1, lines.column(item.path, item.line, item.start)].append(item)
    for place, items in at.items():  # `{run}` means a property and a variable
        _judge(edges, truth, place, items, defined, lines)
    return truth


class _Lines:
    """Lines of the sources, for columns in bytes."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.found: dict[str, list[bytes]] = {}

    def line(self, path: str, number: int) -> bytes:
        if path not in self.found:
            self.found[path] = (self.project / path).read_bytes().split(b"\n")
        return self.found[path][number]

    def column(self, path: str, number: int, units: int) -> int:
        line = self.line(path, number)
        if line.isascii():
            return units
        return len(line.decode().encode("utf-16-le")[: 2 * units].decode("utf-16-le").encode())


def _judge(
    edges: Edges,
    truth: Truth,
    place: Place,
    items: list[Occurrence],
    defined: dict[str, set[tuple[str, int]]],
    lines: _Lines,
) -> None:
    item, best = items[0], "none"
    for kind, confidence, target in edges.at.get(place, ()):
        if kind == "inherits" or (kind, target.path) == ("imports", place[0]):
            continue
        if any(_is_right(target, other, defined) for other in items):
            truth.right[confidence] += 1
            best = min(best, confidence, key=ORDER.index)
        else:
            truth.wrong[confidence].append(
                (place, f"{target.name} {target.path}:{target.name_line}", item.symbol[-60:])
            )
    is_call = CALLED.match(lines.line(item.path, item.line), place[2]) is not None
    if (
        item.symbol in defined
        and is_call
        and item.symbol.endswith((").", "#"))
        and not item.symbol.startswith(item.path)
    ):
        truth.calls += 1
        truth.found[best] += 1
        if best == "none":
            truth.missed.append((place, item.symbol[-60:]))


def _is_right(target: Target, item: Occurrence, defined: dict[str, set[tuple[str, int]]]) -> bool:
    here = target.path, target.name_line
    if here in defined.get(item.symbol, ()):
        return True
    made, constructs, _ = item.symbol.partition("`<constructor>`")
    return bool(constructs) and here in defined.get(made, ())
