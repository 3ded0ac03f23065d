"""`python -m bench [FOLDER]`: one table of what indexing and slicing cost, each row with what it must reach."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import growth, peers
from .trees import inputs, size_of, vendor

EDGES = 350_000
RUNS = 2
QUERIES = 300
BESIDE = 100  # slices while an index runs beside them
LARGE = 25 << 20
COPIES = 10
Found = dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    measure: str
    must: str
    aim: str
    value: str


def work(*command: str) -> Found:
    found: Found = json.loads(subprocess.run(_command(*command), check=True, stdout=subprocess.PIPE).stdout)
    return found


def _command(*command: str) -> list[str]:
    return [sys.executable, "-m", "bench.index.work", *command]


def cold(name: str, root: Path, scratch: Path) -> list[Row]:
    """The least of each of some runs: whatever else the machine did only adds."""
    path = scratch / f"{root.name}.snapshot"
    raw = min((work("parse", str(root)) for _ in range(RUNS)), key=_cpu)
    run = min((work("index", str(root), str(path), "2") for _ in range(RUNS)), key=_cpu)
    share = run["size"] / run["bytes"]
    what = f"{name}, {run['bytes'] / 1e6:.1f} MB, {run['lines']:,.0f} lines"
    ratio = f"{run['cpu'] / raw['cpu']:.2f} ({run['cpu']:.2f} s / {raw['cpu']:.2f} s)"
    return [
        Row(f"cold index CPU / raw parse CPU: {what}", "<= 4.0", "2.5", ratio),
        Row(f"snapshot / source: {name}", "<= 0.60", "", f"{share:.2f} ({run['size'] / 1e6:.1f} MB)"),
    ]


def _cpu(found: Found) -> float:
    return found["cpu"]


def memory(name: str, root: Path, scratch: Path) -> list[Row]:
    tree = root if size_of(root) >= LARGE else vendor(root, scratch / "large", LARGE)
    run = work("index", str(tree), str(scratch / "large.snapshot"), "2")
    largest, total = max(run["own"], run["child"]), run["own"] + 2 * run["child"]
    what = f"peak memory of an index worker: {name}, {run['bytes'] / 1e6:.0f} MB of source in use"
    value = f"{largest:.0f} MB; {total:.0f} MB with both parser processes"
    return [Row(what, "<= 200 MB in the largest process", "", value)]


def pushed(name: str, root: Path, scratch: Path) -> list[Row]:
    run = work("push", str(root), str(scratch / "push.snapshot"))
    value = f"{run['cpu'] / run['cold']:.2f} ({run['cpu']:.2f} s)"
    return [Row(f"push of ten files, warm worker / cold: {name}", "<= 0.10", "", value)]


def slices(name: str, root: Path, scratch: Path) -> list[Row]:
    """On a tree vendored until it has edges enough; the last row with a cold index of the same tree beside it."""
    tree, path = root, scratch / "edges.snapshot"
    run = work("index", str(tree), str(path), "2")
    if run["edges"] < EDGES:
        tree = vendor(root, scratch / "edges", int(size_of(root) * EDGES / max(1, run["edges"])))
        run = work("index", str(tree), str(path), "2")
    small = (
        work("index", str(Path(__file__).parent), str(scratch / "small.snapshot"), "1") and scratch / "small.snapshot"
    )
    quiet, fresh = work("slices", str(path), str(QUERIES)), work("first", str(path), str(small))
    with subprocess.Popen(
        _command("index", str(tree), str(scratch / "beside"), "2"), stdout=subprocess.DEVNULL
    ) as busy:
        beside = work("slices", str(path), str(BESIDE))
        busy.kill()
    what = f"{name}, {run['edges']:,.0f} edges, {run['bytes'] / 1e6:.0f} MB"
    return [
        Row(f"slice, warm, CPU p50: {what}", "<= 10 ms", "", f"{quiet['p50']:.1f} ms"),
        Row("the same, p99", "<= 20 ms", "", f"{quiet['p99']:.1f} ms"),
        Row("the same by the clock, p99, while an index runs beside it", "<= 50 ms", "", f"{beside['wall']:.1f} ms"),
        Row("first slice in a fresh worker, more than a warm one", "<= 10 ms", "", f"{fresh['more']:.1f} ms"),
    ]


def grown(name: str, root: Path) -> list[Row]:
    """The same tree many times over."""
    if size_of(root) > LARGE:
        return [Row(f"{COPIES} times the source: {name}", "", "", "skipped: python -m bench.index.growth measures it")]
    found = {measure: f"{many / max(once, 1e-9):.2f}" for measure, once, many in growth.rows(root, COPIES)}
    return [
        Row(f"{COPIES} times the source, index CPU: {name}", "<= 11 times", "", found["index, CPU s"]),
        Row("the same, slice CPU p50", "<= 3 times", "", found["slice, CPU p50 ms"]),
    ]


def peer(name: str, root: Path, scratch: Path) -> list[Row]:
    try:
        value = peers.told(peers.ratios(root, scratch))
    except peers.Skipped as reason:
        value = f"skipped: {reason}"
    return [Row(f"cold index CPU / {peers.PACKAGE}, whole processes: {name}", "<= 0.6", "0.4", value)]


def rows(trees: dict[str, Path], scratch: Path) -> list[Row]:
    found: list[Row] = []
    for name, root in trees.items():
        found += cold(name, root, scratch)
    name, root = max(trees.items(), key=lambda item: size_of(item[1]))
    measures: list[Callable[[str, Path, Path], list[Row]]] = [memory, pushed, slices, peer]
    for measure in measures:
        print(f"... {measure.__name__}", file=sys.stderr)
        found += measure(name, root, scratch)
    return found + grown(*min(trees.items(), key=lambda item: size_of(item[1])))


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0]) if arguments else None
    if folder is not None and not folder.is_dir():
        print(f"There is no folder {folder}.", file=sys.stderr)
        return 2
    scratch = Path(tempfile.mkdtemp(prefix="pare-bench-"))
    try:
        found = rows(inputs(folder, scratch), scratch)
    finally:
        shutil.rmtree(scratch)
    print(f"Load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
    print("| measure | must | aim | this run |\n|---|---|---|---|")
    for row in found:
        print(f"| {row.measure} | {row.must} | {row.aim} | {row.value} |")
    return 0
