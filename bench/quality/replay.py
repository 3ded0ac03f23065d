"""The harness's measures for any weights, in seconds: signals once a task, then only sums and packing.

The figures are those of the harness, whose own functions judge the slices; tests/engine/slicing/test_measuring.py
compares them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repos.engine import Snapshot
from repos.engine.slicing.features import Features, features
from repos.engine.slicing.rank import Weights, order
from repos.engine.slicing.render import as_dict
from repos.engine.slicing.slice import slice_of
from repos.engine.slicing.task import read_task

from .engine import kept, work_folder
from .harness import Row

BUDGETS = (4000, 8000, 16000)


@dataclass(slots=True)
class Case:
    """One task with its checkout, the snapshot of it, and its signals over that."""

    task: dict[str, Any]
    root: Path
    snapshot: Snapshot
    features: Features


def load(evaluation: Path, only: str = "") -> list[Case]:
    """All tasks; snapshots are built where there is none of this engine yet."""
    os.environ["EVAL_WORK"] = str(work_folder())
    sys.path.insert(0, str(evaluation))
    checkout = importlib.import_module("evallib.repo").checkout
    cached_counts(importlib.import_module("evallib.metrics"))
    with (evaluation / "data" / "dev.jsonl").open() as file:
        tasks = [task for task in map(json.loads, file) if only in task["id"]]
    cases: list[Case] = []
    for task in sorted(tasks, key=lambda task: (task["repo"], task["base_commit"])):
        root = checkout(task["repo"], task["base_commit"])
        same = next((case.snapshot for case in cases[-1:] if case.root == root), None)
        snapshot = same or kept(root, work_folder() / "engine")
        read = read_task(task["query"])
        cases.append(Case(task, root, snapshot, features(snapshot, read, tests=read.tests)))
    return cases


def cached_counts(metrics: Any) -> None:
    """Lets the harness count each text, and read and split each file, once: all settings show much the same."""
    for module, name in ((metrics.tokens, "count"), (metrics, "read"), (metrics, "lines_of")):
        known: dict[Any, Any] = {}
        plain = getattr(module, name)

        def once(*arguments: Any, known: dict[Any, Any] = known, plain: Any = plain) -> Any:
            if arguments not in known:
                known[arguments] = plain(*arguments)
            return known[arguments]

        setattr(module, name, once)


def measure(cases: list[Case], weights: Weights) -> list[Row]:
    return [_judge(case, weights) for case in cases]


def _judge(case: Case, weights: Weights) -> Row:
    metrics = sys.modules["evallib.metrics"]
    task, ranking = case.task, order(case.features, weights)
    row: Row = {"id": task["id"], "repo": task["repo"], "language": task["language"]}
    row["leaks_symbol"] = task["leaks_symbol"]
    for budget in BUDGETS:
        answer = as_dict(slice_of(case.snapshot, ranking, budget))
        at = metrics.slice_metrics(case.root, task, answer["slice"], budget, {}, 1)
        name = f"{budget // 1000}k"
        row |= {f"all files {name}": at["all_files"], f"symbols {name}": at["sym"], f"edit lines {name}": at["edit"]}
    found = metrics.rank_metrics(answer["files"], task["gold_files"])
    return row | {f"recall@{k}": found[f"r@{k}"] for k in (1, 5, 10)} | {"all@10": found["all@10"]}
