"""Prints how true the edges of the graph are, and ends with status 1 when those called certain are not true enough.

    python -m bench.graph [python] [run] [typescript] [--wrong]

Sources come from PyPI and npm into a scratch folder ($PARE_BENCH, or the temporary folder), with the tools that are the
key: jedi and the projects' own tests in a virtual environment, scip-typescript beside them. All is kept there for the
next time. `typescript` needs node and npm. `--wrong` lists the edges called certain that are not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from . import compiling, inferring, running, sources
from .edges import edges_of_folder
from .truth import Truth

BAR = {"python": 0.95, "run": 0.95, "typescript": 0.90}
SAMPLE = 1000
HEAD = "| key | sources | certain | likely | guess | calls known | found certain | certain or likely | at all |"


def python(folder: Path) -> Iterator[tuple[str, Truth]]:
    asker = sources.environment(folder, "jedi", sources.JEDI)
    for name in sources.PYTHON:
        project = sources.from_pypi(folder, name)
        edges = edges_of_folder(project)
        places = inferring.sample(edges, project, "", SAMPLE)
        yield project.name, inferring.compare(edges, project, places, inferring.ask(project, asker, places, folder))


def run(folder: Path) -> Iterator[tuple[str, Truth]]:
    runner = sources.environment(folder, "run", sources.TESTS)
    for name in sources.PYTHON:
        project = sources.from_pypi(folder, name)
        trace = folder / f"trace-{project.name}.json"
        if not trace.exists():
            running.run_tests(project, runner, trace, "tests")
        yield project.name, running.compare(edges_of_folder(project), running.calls_that_ran(project, trace))


def typescript(folder: Path) -> Iterator[tuple[str, Truth]]:
    scip = sources.scip(folder)
    for name in sources.TYPESCRIPT:
        project = sources.from_npm(folder, name)
        index = folder / f"{project.name}.scip"
        if not index.exists():
            compiling.index(project, scip, index, "src")
        yield project.name, compiling.compare(edges_of_folder(project), project, index)


PARTS: dict[str, Callable[[Path], Iterator[tuple[str, Truth]]]] = {
    "python": python,
    "run": run,
    "typescript": typescript,
}
KEYS = {"python": "jedi", "run": "its tests, run", "typescript": "scip-typescript"}


def main(arguments: list[str]) -> int:
    wanted = [argument for argument in arguments if argument in PARTS] or list(PARTS)
    folder = sources.scratch()
    print(HEAD)
    print("|---" * HEAD.count(" |") + "|")
    low = []
    for part in wanted:
        for name, truth in PARTS[part](folder):
            print(f"| {KEYS[part]} | {name} | {_row(truth)} |", flush=True)
            if "--wrong" in arguments:
                for place, said, so in truth.wrong["certain"]:
                    print("   ", place, "we say", said, "but", so)
            if truth.precision("certain") < BAR[part]:
                low.append(f"{name} ({KEYS[part]})")
    print(f"Not true enough: {', '.join(low)}" if low else "All true enough.")
    return 1 if low else 0


def _row(truth: Truth) -> str:
    precisions = (
        f"{truth.precision(c):.3f} of {truth.right[c] + len(truth.wrong[c])}" for c in ("certain", "likely", "guess")
    )
    recalls = (truth.recall(*c) for c in (("certain",), ("certain", "likely"), ("certain", "likely", "guess")))
    return " | ".join([*precisions, str(truth.calls), *(f"{share:.3f}" for share in recalls)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
