"""The command line; see the package."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from repos.engine.slicing.rank import WEIGHTS

from . import __doc__ as about
from . import choose, harness, replay, tables
from .engine import work_folder

MUST_HOLD = ("recall@5", "all files 8k", "edit lines 8k")
SUMMARY = (*choose.RANKS, *tables.SLICES)


def run(evaluation: Path, extra: list[str]) -> int:
    """Status 1 when the engine is below the baseline on any of MUST_HOLD."""
    out = work_folder() / "results" / "pare.jsonl"
    harness.run(evaluation, out, extra)
    ours, theirs = harness.read(out), harness.read(evaluation / harness.BASELINE)
    rows = list(ours.values())
    print(f"{len(rows)} tasks, {sum(bool(row['error']) for row in rows)} errors")
    tables.table("Pare", tables.grouped(rows, harness.golds(evaluation)))
    same = [theirs[name] for name in ours if name in theirs]
    tables.table("baseline", {"bm25-blocks": same})
    below = [m for m in MUST_HOLD if tables.mean(rows, m) < tables.mean(same, m)]
    if below:
        print(f"\nBelow the baseline on: {', '.join(below)}.", file=sys.stderr)
    return 1 if below else 0


def loro(evaluation: Path, only: str) -> int:
    cases = replay.load(evaluation, only)
    chooser = choose.Chooser(lambda weights: replay.measure(cases, weights))
    repositories = sorted({case.task["repo"] for case in cases})
    held: list[harness.Row] = []
    for left_out in repositories:
        weights, changes = chooser.choose(set(repositories) - {left_out})
        print(f"without {left_out}: {told(changes)}", flush=True)
        held += [row for row in replay.measure(cases, weights) if row["repo"] == left_out]
    golds = harness.golds(evaluation)
    tables.table("leave one repository out", tables.grouped(held, golds), SUMMARY)
    tables.table("shipped", tables.grouped(chooser.base, golds), SUMMARY)
    print(f"\nchosen on all, from the shipped: {told(chooser.choose(set(repositories))[1])}")
    return 0


def told(changes: list[tuple[str, str, float]]) -> str:
    return ", ".join(f"{group} {name} = {to:.3g}" for group, name, to in changes) or "as shipped"


def ablation(evaluation: Path, only: str) -> int:
    cases = replay.load(evaluation, only)
    base = replay.measure(cases, WEIGHTS)
    tables.table("all signals", {"shipped": base}, SUMMARY)
    print(f"\n| taken away: change in points | {' | '.join(SUMMARY)} |\n{'|---' * (len(SUMMARY) + 1)}|")
    for name, weights in choose.without(WEIGHTS):
        rows = replay.measure(cases, weights)
        cells = [f"{tables.mean(rows, m) - tables.mean(base, m):+.1f}" for m in SUMMARY]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("run", "loro", "ablation"), default="run")
    parser.add_argument("--sample", help="run: only a fixed sample of about so many tasks")
    parser.add_argument("--only", default="", help="only tasks whose id contains this")
    arguments = parser.parse_args()
    evaluation = Path(os.environ.get("PARE_EVAL", "")).resolve()
    if not (evaluation / "harness.py").is_file():
        print(f"There is no measuring harness at {evaluation}. Set PARE_EVAL to its folder.", file=sys.stderr)
        return 2
    if arguments.what == "loro":
        return loro(evaluation, arguments.only)
    if arguments.what == "ablation":
        return ablation(evaluation, arguments.only)
    extra = ["--sample", arguments.sample] if arguments.sample else []
    return run(evaluation, extra + (["--only", arguments.only] if arguments.only else []))


if __name__ == "__main__":
    sys.exit(main())
