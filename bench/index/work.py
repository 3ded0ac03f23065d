"""One measurement in a process of its own, so that nothing before it counts: `python -m bench.index.work NAME ...`.

Prints what it found as JSON. CPU is user and system time.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from repos.engine import FolderTree, Snapshot, build_snapshot, check_grammars, make_slice, open_snapshot
from repos.engine.languages import language_of, parser_of
from repos.engine.paths import refused
from repos.engine.types import Limits, SourceFile

from .changed import EditedTree
from .queries import BUDGET, FIRST, tasks

Found = dict[str, float]
CHANGED = 10


class Listed:
    """A folder listed beforehand: from git the ids are there, a plain folder has to be hashed for them."""

    def __init__(self, root: Path) -> None:
        self._tree = FolderTree(root)
        self._files = self._tree.files()
        self.read = self._tree.read

    def files(self) -> list[SourceFile]:
        return self._files


def cpu() -> float:
    """Of this process and those it started that have ended: all of a build's, when it is over."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def parse(root: str) -> Found:
    """All files with symbols, by the parser alone."""
    check_grammars()
    tree, limits = FolderTree(Path(root)), Limits()
    chosen = [(language_of(file.path), file) for file in tree.files() if not refused(file.path)]
    jobs = [
        (parser_of(language.name)[0], next(tree.read([file.oid]))[1])
        for language, file in chosen
        if language and file.size <= limits.file_bytes
    ]
    start = time.process_time()
    for parser, source in jobs:
        parser.parse(source)
    return {"cpu": time.process_time() - start, "bytes": sum(len(source) for _, source in jobs), "files": len(jobs)}


def index(root: str, path: str, processes: str) -> Found:
    """A cold index run. Memory in MB: of this process, and of the largest parser process."""
    tree = Listed(Path(root))
    start = cpu()
    info = build_snapshot(tree, path=Path(path), commit="bench", processes=int(processes))
    spent, stats = cpu() - start, info.statistics
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    figures = {"cpu": spent, "own": own, "child": child if int(processes) > 1 else 0.0, "size": info.size}
    return figures | {"bytes": stats.bytes, "edges": stats.edge_count, "symbols": stats.symbols, "lines": stats.lines}


def push(root: str, path: str) -> Found:
    """Ten files of one folder with one more line each, in a worker that has just built the snapshot before."""
    tree = Listed(Path(root))
    start = cpu()
    build_snapshot(tree, path=Path(path), commit="bench", processes=2)
    cold = cpu() - start
    coded = [file for file in tree.files() if language_of(file.path) and not refused(file.path)]
    middle = len(coded) // 2
    pushed = coded[middle : middle + CHANGED]
    contents = dict(tree.read([file.oid for file in pushed]))
    changed = EditedTree(tree, tree.files(), {file.path: contents[file.oid] + b"\n\n" for file in pushed})
    start = cpu()
    build_snapshot(changed, path=Path(f"{path}.after"), commit="bench", processes=2, base=Path(path))
    return {"cold": cold, "cpu": cpu() - start}


def slices(path: str, count: str) -> Found:
    """A warm worker: milliseconds of CPU and by the clock."""
    snapshot = open_snapshot(Path(path))
    times: list[tuple[float, float]] = []
    for number, task in enumerate(tasks(snapshot, int(count) + 20)):
        spent, wall = time.process_time(), time.perf_counter()
        make_slice(snapshot, task, budget=BUDGET)
        if number >= 20:
            times.append((time.process_time() - spent, time.perf_counter() - wall))
    own, clock = (sorted(column) for column in zip(*times, strict=True))
    return {
        name: column[int(len(column) * share)] * 1e3
        for name, column, share in (("p50", own, 0.5), ("p99", own, 0.99), ("wall", clock, 0.99))
    }


def first(path: str, other: str) -> Found:
    """The first slice of a snapshot against the second, in a process that has made a slice of another: milliseconds."""
    make_slice(open_snapshot(Path(other)), FIRST, budget=BUDGET)
    start = time.process_time()
    snapshot = open_snapshot(Path(path))
    make_slice(snapshot, FIRST, budget=BUDGET)
    cold = time.process_time() - start
    warm = min(_again(snapshot) for _ in range(3))
    return {"more": (cold - warm) * 1e3, "warm": warm * 1e3}


def _again(snapshot: Snapshot) -> float:
    start = time.process_time()
    make_slice(snapshot, FIRST, budget=BUDGET)
    return time.process_time() - start


WORK: dict[str, Callable[..., Found]] = {
    "parse": parse,
    "index": index,
    "push": push,
    "slices": slices,
    "first": first,
}

if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    json.dump(WORK[sys.argv[1]](*sys.argv[2:]), sys.stdout)
