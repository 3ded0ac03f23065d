"""The engine against known answers: for real tasks of real repositories, does the slice hold what the fix changed?

    python -m bench.quality [--out FILE] [--sample N] [--only TEXT]

Runs the measuring harness of the folder in $PARE_EVAL (default: see the Makefile) on all its tasks, prints its tables
next to those of the best baseline it keeps (bm25-blocks), and ends with status 1 when the engine is below that
baseline on recall@5, on all files at 8k or on edit lines at 8k. Scratch files go to $EVAL_WORK (default: a folder in
the system's temporary one).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from repos.engine import FolderFactsCache, FolderTree, Snapshot, build_snapshot, make_slice, open_snapshot
from repos.engine.slicing.render import as_dict

PROJECT = Path(__file__).resolve().parents[1]
BASELINE = "baseline-results/bm25-blocks.jsonl"
MEASURES = {
    "recall@1": ("r@1",),
    "recall@5": ("r@5",),
    "recall@10": ("r@10",),
    **{f"all files {k}k": ("b", f"{k}000", "all_files") for k in (4, 8, 16, 32)},
    **{f"symbols {k}k": ("b", f"{k}000", "sym") for k in (4, 8, 16, 32)},
    **{f"edit lines {k}k": ("b", f"{k}000", "edit") for k in (4, 8, 16, 32)},
}
MUST_HOLD = ("recall@5", "all files 8k", "edit lines 8k")


class Engine:
    """What the harness calls: `index` once a checkout, then `query`."""

    name = "pare"

    def __init__(self) -> None:
        self.folder = work_folder() / "engine"
        self.snapshot: Snapshot | None = None

    def index(self, root: str) -> None:
        path = self.folder / (hashlib.sha256(root.encode()).hexdigest()[:32] + ".snapshot")
        build_snapshot(
            FolderTree(Path(root)), path=path, commit="0" * 40, cache=FolderFactsCache(self.folder / "facts")
        )
        self.snapshot = open_snapshot(path)

    def query(self, text: str, budget: int) -> dict[str, object]:
        if self.snapshot is None:
            raise RuntimeError("index first")
        return as_dict(make_slice(self.snapshot, text, budget=budget))


def work_folder() -> Path:
    return Path(os.environ.get("EVAL_WORK") or Path(tempfile.gettempdir()) / "pare-eval")


def run_harness(evaluation: Path, out: Path, extra: list[str]) -> None:
    """Raises CalledProcessError when the harness fails."""
    paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "EVAL_WORK": str(work_folder()), "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    command = [sys.executable, str(evaluation / "harness.py"), "run", "--data", str(evaluation / "data" / "dev.jsonl")]
    command += ["--retriever", f"{Path(__file__)}:Engine", "--out", str(out), "--fresh", "-v", *extra]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        [sys.executable, str(evaluation / "harness.py"), "report", str(out), "--by", "language"], env=env, check=True
    )


def read(path: Path) -> dict[str, dict[str, Any]]:
    with path.open() as file:
        return {row["id"]: row for row in map(json.loads, file)}


def mean(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> float:
    """In percent. Tasks for which a measure does not exist do not count."""
    values = []
    for row in rows:
        value: Any = row
        for key in keys:
            value = value[key]
        if value is not None:
            values.append(value)
    return 100 * sum(values) / len(values) if values else 0.0


def compare(ours: dict[str, dict[str, Any]], theirs: dict[str, dict[str, Any]]) -> list[str]:
    """Prints both, over the same tasks; returns the measures on which we are below."""
    same = sorted(set(ours) & set(theirs))
    errors = sum(bool(ours[i]["error"]) for i in same)
    print(f"\n| {len(same)} tasks, {errors} errors | pare | bm25-blocks |\n|---|---|---|")
    below = []
    for name, keys in MEASURES.items():
        mine, other = mean([ours[i] for i in same], keys), mean([theirs[i] for i in same], keys)
        print(f"| {name} | {mine:.1f} | {other:.1f} |")
        if name in MUST_HOLD and mine < other:
            below.append(name)
    return below


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the engine's slices against known answers.")
    parser.add_argument("--out", type=Path, default=work_folder() / "results" / "pare.jsonl")
    parser.add_argument("--sample", help="only a fixed sample of about so many tasks")
    parser.add_argument("--only", help="only tasks whose id contains this")
    arguments = parser.parse_args()
    evaluation = Path(os.environ.get("PARE_EVAL", "")).resolve()
    if not (evaluation / "harness.py").is_file():
        print(f"There is no measuring harness at {evaluation}. Set PARE_EVAL to its folder.", file=sys.stderr)
        return 2
    extra = ["--sample", arguments.sample] if arguments.sample else []
    extra += ["--only", arguments.only] if arguments.only else []
    run_harness(evaluation, arguments.out, extra)
    below = compare(read(arguments.out), read(evaluation / BASELINE))
    if below:
        print(f"\nBelow the baseline on: {', '.join(below)}.", file=sys.stderr)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
