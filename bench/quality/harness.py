"""Runs the measuring harness, and reads what it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .engine import work_folder

PROJECT = Path(__file__).resolve().parents[2]
ENGINE = Path(__file__).with_name("engine.py")
BASELINE = "baseline-results/bm25-blocks.jsonl"
BUDGETS = (4000, 8000, 16000, 32000)

Row = dict[str, Any]


def run(evaluation: Path, out: Path, extra: list[str]) -> None:
    """Raises CalledProcessError when the harness fails."""
    paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "EVAL_WORK": str(work_folder()), "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    command = [sys.executable, str(evaluation / "harness.py"), "run", "--data", str(evaluation / "data" / "dev.jsonl")]
    command += ["--retriever", f"{ENGINE}:Engine", "--out", str(out), "--fresh", "-v", *extra]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)


def read(path: Path) -> dict[str, Row]:
    """Rows by task, each flat: `recall@5`, `all files 8k` and so on, in 0 to 1; None where a measure does not exist."""
    with path.open() as file:
        return {row["id"]: flat(row) for row in map(json.loads, file)}


def flat(row: Row) -> Row:
    found = {key: row[key] for key in ("id", "repo", "language", "leaks_symbol", "error")}
    found |= {f"recall@{k}": row[f"r@{k}"] for k in (1, 5, 10)}
    found["all@10"] = row["all@10"]
    for budget in BUDGETS:
        at, name = row["b"][str(budget)], f"{budget // 1000}k"
        found |= {f"all files {name}": at["all_files"], f"symbols {name}": at["sym"], f"edit lines {name}": at["edit"]}
        found[f"tokens {name}"] = at["tokens"]
    return found


def golds(evaluation: Path) -> dict[str, int]:
    """How many files the known answer of each task has."""
    with (evaluation / "data" / "dev.jsonl").open() as file:
        return {task["id"]: len(task["gold_files"]) for task in map(json.loads, file)}
