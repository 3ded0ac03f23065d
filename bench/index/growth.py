"""What a larger repository costs: the same sources once and many times over, each copy with paths and blobs of its own.

    python -m bench.index.growth FOLDER [COPIES]     CPU, memory and answers for 1 and COPIES (10) times the sources
    python -m bench.index.growth files [COUNT]       COUNT (200,000) small files

Each size runs in a process of its own. CPU seconds are those of the process and of its parsers.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from repos.engine import FolderTree, build_snapshot, make_slice, open_snapshot
from repos.engine.types import SourceFile, Tree

from .work import cpu

TASKS = 100
BUDGET = 8000
TASK_SEED = 5


class CopiedTree:
    """A tree many times over: `copy3/...` holds each file with a last line of its own, so that no blob occurs twice."""

    def __init__(self, tree: Tree, copies: int) -> None:
        self.tree, self.copies = tree, copies
        self.listed = tree.files()

    def files(self) -> list[SourceFile]:
        return [
            SourceFile(f"copy{copy}/{file.path}", f"{copy:04x}{file.oid}", file.size + len(_last(copy)))
            for copy in range(self.copies)
            for file in self.listed
        ]

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for oid in oids:
            for _, content in self.tree.read([oid[4:]]):
                yield oid, content + _last(int(oid[:4], 16))


def _last(copy: int) -> bytes:
    return b"\n# %04d\n" % copy


class SmallFiles:
    """So many files of four lines, each importing from another."""

    def __init__(self, count: int) -> None:
        self.count = count

    def files(self) -> list[SourceFile]:
        return [SourceFile(f"p{n // 200}/m{n}.py", f"{n:040x}", len(self._text(n))) for n in range(self.count)]

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        yield from ((oid, self._text(int(oid, 16))) for oid in oids)

    def _text(self, n: int) -> bytes:
        other = (n * 7 + 1) % self.count
        return f"from p{other // 200}.m{other} import f{other}\n\n\ndef f{n}():\n    return f{other}()\n".encode()


def measure(tree: Tree, path: Path) -> dict[str, float]:
    """Index a tree and ask it; figures of this process."""
    started = cpu()
    info = build_snapshot(tree, path=path, commit="growth", processes=2)
    index, peak = cpu() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    snapshot, chance = open_snapshot(path), random.Random(TASK_SEED)
    names = [snapshot.qualified(chance.randrange(info.symbols)) for _ in range(2 * TASKS)]
    spent, wall = [], []
    for first, second in zip(names[::2], names[1::2], strict=True):
        clock, start = time.perf_counter(), time.process_time()
        make_slice(snapshot, f"why does {first} fail when {second} is called", budget=BUDGET)
        spent.append(time.process_time() - start)
        wall.append(time.perf_counter() - clock)
    statistics = info.statistics
    return {
        "files": statistics.files,
        "lines": statistics.lines,
        "MB of source": statistics.bytes / 1e6,
        "edges": statistics.edge_count,
        "index, CPU s": index,
        "peak of the index process, MB": peak,
        "snapshot / source": info.size / statistics.bytes,
        "slice, CPU p50 ms": 1e3 * sorted(spent)[TASKS // 2],
        "slice, CPU p99 ms": 1e3 * sorted(spent)[TASKS * 99 // 100],
        "slice, wall p99 ms": 1e3 * sorted(wall)[TASKS * 99 // 100],
    }


def apart(arguments: Sequence[str]) -> dict[str, float]:
    """`measure` in a process of its own: `tree FOLDER COPIES` or `files COUNT`."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.index.growth", "--one", *arguments], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def rows(folder: Path, copies: int) -> list[tuple[str, float, float]]:
    """(measure, once, so many times)"""
    once, many = apart(["tree", str(folder), "1"]), apart(["tree", str(folder), str(copies)])
    return [(name, once[name], many[name]) for name in once]


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["--one"]:
        kind, *rest = arguments[1:]
        tree: Tree = (
            SmallFiles(int(rest[0])) if kind == "files" else CopiedTree(FolderTree(Path(rest[0])), int(rest[1]))
        )
        with tempfile.TemporaryDirectory(prefix="pare-bench-") as scratch:
            print(json.dumps(measure(tree, Path(scratch) / "snapshot")))
    elif arguments[:1] == ["files"]:
        for name, value in apart(["files", arguments[1] if len(arguments) > 1 else "200000"]).items():
            print(f"| {name} | {value:,.2f} |")
    elif arguments:
        copies = int(arguments[1]) if len(arguments) > 1 else 10
        print(f"| measure | once | {copies} times | ratio |\n|---|---|---|---|")
        for name, once, many in rows(Path(arguments[0]), copies):
            print(f"| {name} | {once:,.2f} | {many:,.2f} | {many / max(once, 1e-9):.2f} |")
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
