"""The graph's edges of Python against jedi, on a sample of calls and mentions."""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
from pathlib import Path

from .calls import names_of_calls
from .edges import Edges, Place, Target
from .truth import ORDER, Truth

Answer = tuple[str, int, str, str]  # path, line, name, kind


def sample(edges: Edges, project: Path, under: str, size: int) -> list[Place]:
    """Calls as Python's own parser finds them, and places at which we have an edge."""
    places = {place for place in edges.at if place[0].startswith(under) and place[0].endswith(".py")}
    for path in edges.snapshot.files.paths:
        if path.startswith(under) and path.endswith(".py"):
            try:
                places |= {(path, *name) for name in names_of_calls(project / path).values()}
            except SyntaxError:
                continue
    found = sorted(places)
    return sorted(random.Random(3).sample(found, min(size, len(found))))


def ask(project: Path, python: Path, places: list[Place], folder: Path) -> list[list[Answer]]:
    asked, out = folder / f"jedi-{project.name}-places.json", folder / f"jedi-{project.name}.json"
    lines: dict[str, list[bytes]] = {}
    rows = []
    for path, line, column in places:
        if path not in lines:
            lines[path] = (project / path).read_bytes().split(b"\n")
        rows.append((path, line, len(lines[path][line - 1][:column].decode("utf-8", "replace"))))
    text = json.dumps(rows)
    if not (out.exists() and asked.exists() and asked.read_text() == text):
        asked.write_text(text)
        script = Path(__file__).with_name("asking.py")
        command = [str(python), str(script), str(project), str(asked), str(out)]
        subprocess.run(command, check=True, capture_output=True, timeout=3600)
    answers: list[list[Answer]] = json.loads(out.read_text())
    return answers


def compare(edges: Edges, project: Path, places: list[Place], answers: list[list[Answer]]) -> Truth:
    truth = Truth()
    root = os.path.realpath(project) + os.sep
    within = _Imports(project)
    for place, answer in zip(places, answers, strict=True):
        meant = [(os.path.realpath(path).removeprefix(root), line, name, kind) for path, line, name, kind in answer]
        meant = [row for row in meant if row[0] and not within.holds(row[0], row[1])]
        if not meant:
            continue  # jedi does not know, or stops at a re-export
        best = "none"
        for kind, confidence, target in edges.at.get(place, ()):
            if kind == "imports":
                continue
            if any(_same(target, row) for row in meant):
                truth.right[confidence] += 1
                best = min(best, confidence, key=ORDER.index)
            else:
                said = ", ".join(f"{row[2]} {row[0][-40:]}:{row[1]} {row[3]}" for row in meant)
                truth.wrong[confidence].append((place, f"{target.name} {target.path}:{target.name_line}", said))
        if any(not os.path.isabs(row[0]) and row[3] in ("function", "class") for row in meant):
            truth.calls += 1
            truth.found[best] += 1
            if best == "none":
                truth.missed.append((place, meant[0][2]))
    return truth


class _Imports:
    """The lines of import statements."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.lines: dict[str, set[int]] = {}

    def holds(self, path: str, line: int) -> bool:
        if path not in self.lines:
            file = self.project / path
            tree = ast.parse(file.read_bytes()) if file.suffix == ".py" and file.is_file() else ast.Module([], [])
            self.lines[path] = {
                number
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
            }
        return line in self.lines[path]


def _same(target: Target, row: Answer) -> bool:
    path, line, name, _ = row
    return target.path == path and target.name == name and target.first <= line <= target.name_line
