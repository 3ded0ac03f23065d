"""The graph's calls against what a project's own tests run.

Of the calls that ran, those whose function stands in the project count. An edge is right when its target ran; when it
leads to the class of which a constructor made an instance; or when the target is decorated and ran inside what the
decorator made of it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from .calls import names_of_calls
from .edges import Edges, Place, Target
from .truth import ORDER, Truth


@dataclass(slots=True)
class Ran:
    """What ran at one call: (path, first line, name, depth, class made, path of that); a path is absolute when outside
    the project."""

    functions: list[tuple[str, int, str, int, str, str]] = field(default_factory=list)


def run_tests(project: Path, python: Path, out: Path, *arguments: str) -> None:
    """Run a project's tests under the tracing plugin. Failing tests still tell what they ran."""
    here = Path(__file__).parent
    sources = [str(project / "src")] if (project / "src").is_dir() else [str(project)]
    paths = os.pathsep.join([*sources, str(here)])
    environment = dict(os.environ, PYTHONPATH=paths, TRACE_ROOT=str(project), TRACE_OUT=str(out), PYTHONHASHSEED="0")
    command = [str(python), "-m", "pytest", "-q", "-p", "tracing", "-p", "no:cacheprovider", *arguments]
    subprocess.run(command, cwd=project, env=environment, check=False, capture_output=True, timeout=1800)


def calls_that_ran(project: Path, trace: Path) -> dict[Place, Ran]:
    root = os.path.realpath(project) + os.sep
    names: dict[str, dict[tuple[int, int], tuple[int, int]]] = {}
    found: dict[Place, Ran] = defaultdict(Ran)
    for file, line, column, ran, first, name, depth, made, home in json.loads(trace.read_text()):
        path = file.removeprefix(root)
        if path not in names:
            names[path] = names_of_calls(Path(file)) if file.endswith(".py") and Path(file).is_file() else {}
        place = names[path].get((line, column))
        if place is not None:
            row = ran.removeprefix(root), first, name, depth, made, home.removeprefix(root)
            found[path, *place].functions.append(row)
    return found


def compare(edges: Edges, ran: dict[Place, Ran]) -> Truth:
    truth = Truth()
    for place, what in sorted(ran.items()):
        direct = [row for row in what.functions if row[3] == 1]
        if not direct:
            continue
        here = [row for row in edges.at.get(place, ()) if row[0] in ("calls", "tests")]
        best = _judge(truth, place, here, what)
        if any(not os.path.isabs(row[0]) or row[5] and not os.path.isabs(row[5]) for row in direct):
            truth.calls += 1
            truth.found[best] += 1
            if best == "none":
                truth.missed.append((place, direct[0][2]))
    return truth


def _judge(truth: Truth, place: Place, here: list[tuple[str, str, Target]], what: Ran) -> str:
    """-> the best confidence of an edge that is right, or `none`."""
    best = "none"
    by_confidence: dict[str, list[Target]] = defaultdict(list)
    for _, confidence, target in here:
        by_confidence[confidence].append(target)
    for confidence, targets in by_confidence.items():
        for target in targets:
            if _is_right(target, what):
                truth.right[confidence] += 1
                best = min(best, confidence, key=ORDER.index)
            else:
                ran = ", ".join(f"{row[2]} {row[0][-40:]}:{row[1]}" for row in what.functions if row[3] == 1)
                truth.wrong[confidence].append((place, f"{target.name} {target.path}:{target.name_line}", ran))
    return best


def _is_right(target: Target, what: Ran) -> bool:
    for path, first, name, depth, made, home in what.functions:
        if path == target.path and name == target.name and target.first <= first <= target.name_line:
            if depth == 1 or target.first < target.name_line:
                return True
        elif depth == 1 and (made, home) == (target.name, target.path):
            return True
    return False
