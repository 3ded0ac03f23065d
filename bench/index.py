"""What an index run and a slice cost, as ratios that a busy machine does not change much.

    python -m bench [FOLDER]

FOLDER is any folder of source files; the default is this project. All times are CPU seconds of this process.
"""

from __future__ import annotations

import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from repos.engine import (
    FolderFactsCache,
    FolderTree,
    Snapshot,
    blob_id,
    build_snapshot,
    check_grammars,
    make_slice,
    open_snapshot,
)
from repos.engine.languages import language_of, parser_of
from repos.engine.paths import refused
from repos.engine.types import Limits, SourceFile

QUERIES = 300
BUDGET = 8000
CHANGED = 10
T = TypeVar("T")


class ChangedTree:
    """A tree of which some files got one more line."""

    def __init__(self, tree: FolderTree, changed: Sequence[SourceFile]) -> None:
        self.tree = tree
        self.fresh = {}
        for _, content in tree.read([file.oid for file in changed]):
            more = content + b"\n"
            self.fresh[blob_id(content)] = (blob_id(more), more)

    def files(self) -> list[SourceFile]:
        return [self._changed(file) for file in self.tree.files()]

    def _changed(self, file: SourceFile) -> SourceFile:
        if file.oid not in self.fresh:
            return file
        return SourceFile(file.path, self.fresh[file.oid][0], file.size + 1)

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        changed = dict(self.fresh.values())
        yield from ((oid, changed[oid]) for oid in oids if oid in changed)
        yield from self.tree.read([oid for oid in oids if oid not in changed])


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def parse_only(tree: FolderTree, files: Sequence[SourceFile]) -> float:
    """CPU seconds to parse the files and nothing else."""
    contents = dict(tree.read([file.oid for file in files]))
    jobs = [(parser_of(language.name)[0], contents[f.oid]) for f in files if (language := language_of(f.path))]
    return timed(lambda: [parser.parse(source).root_node.has_error for parser, source in jobs])[0]


def queries(snapshot: Snapshot) -> list[str]:
    """Made of names that occur: two or three definitions each."""
    chance = random.Random(7)
    count = snapshot.statistics.symbols
    pick = [chance.sample(range(count), min(count, chance.choice((2, 3)))) for _ in range(QUERIES)]
    return [" ".join(snapshot.qualified(number) for number in numbers) for numbers in pick]


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(root: Path, scratch: Path) -> list[tuple[str, str]]:
    """(measure, value) rows."""
    check_grammars()
    tree = FolderTree(root)
    listed = tree.files()
    limits = Limits()
    parsed = [f for f in listed if language_of(f.path) and not refused(f.path) and f.size <= limits.file_bytes]
    raw = min(parse_only(tree, parsed) for _ in range(2))
    path, cache = scratch / "s.snapshot", FolderFactsCache(scratch / "facts")
    listing = timed(tree.files)[0]
    cold, info = timed(lambda: build_snapshot(tree, path=path, commit="bench"))
    build_snapshot(tree, path=path, commit="bench", cache=cache)
    same, _ = timed(lambda: build_snapshot(tree, path=path, commit="bench", cache=cache))
    changed = ChangedTree(tree, parsed[:CHANGED])
    few, _ = timed(lambda: build_snapshot(changed, path=scratch / "c.snapshot", commit="bench", cache=cache))
    make_slice(open_snapshot(path), "load the tokenizer", budget=10)
    first, snapshot = timed(lambda: _first(path))
    times = [timed(partial(make_slice, snapshot, task, budget=BUDGET))[0] for task in queries(snapshot)]
    median, worst = percentile(times, 0.5) * 1e3, percentile(times, 0.99) * 1e3
    size = sum(file.size for file in parsed)
    stats = info.statistics
    # Listing a plain folder hashes every file; from git the ids are there already.
    cold, same, few = cold - listing, same - listing, few - listing
    return [
        ("files with symbols, MB of them", f"{len(parsed)}, {size / 1e6:.1f}"),
        ("symbols, edges", f"{stats.symbols}, {stats.edge_count}"),
        ("raw parse", f"{raw:.2f} s, {size / 1e6 / max(raw, 1e-9):.1f} MB/s"),
        ("cold index / raw parse", f"{cold:.2f} s, {cold / max(raw, 1e-9):.2f}"),
        ("again, nothing changed / cold", f"{same:.2f} s, {same / cold:.2f}"),
        (f"again, {CHANGED} files changed / cold", f"{few:.2f} s, {few / cold:.2f}"),
        ("snapshot / source", f"{info.size / 1e6:.2f} MB, {info.size / max(1, stats.bytes):.2f}"),
        ("first slice after opening", f"{first * 1e3:.1f} ms"),
        (f"slice of {BUDGET} tokens, p50, p99", f"{median:.1f} ms, {worst:.1f} ms"),
        ("peak memory of all this", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"),
    ]


def _first(path: Path) -> Snapshot:
    snapshot = open_snapshot(path)
    make_slice(snapshot, "where are files opened and closed", budget=BUDGET)
    return snapshot


def main(arguments: Sequence[str]) -> int:
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parents[1])
    if not root.is_dir():
        print(f"There is no folder {root}.", file=sys.stderr)
        return 2
    scratch = Path(tempfile.mkdtemp(prefix="pare-bench-"))
    try:
        rows = measure(root, scratch)
    finally:
        shutil.rmtree(scratch)
    print("| measure (CPU) | value |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
    return 0
