"""The measuring of slices: in-process figures are the harness's, and a choice of weights sees only what it may."""

import os
from pathlib import Path
from typing import Any

import pytest

from bench.quality import choose, harness, replay, tables
from repos.engine.slicing.features import BLOCK_SIGNALS, FILE_SIGNALS
from repos.engine.slicing.rank import WEIGHTS, Weights

EVALUATION = Path(os.environ.get("PARE_EVAL", ""))
ONE_TASK = "gin-gonic__gin-2"


def row(repository: str, value: float) -> dict[str, Any]:
    return {"repo": repository, **dict.fromkeys((*choose.RANKS, *tables.SLICES), value)}


def test_every_weight_is_one_of_a_signal() -> None:
    assert set(WEIGHTS.blocks) <= set(BLOCK_SIGNALS)
    assert set(WEIGHTS.files) <= set(FILE_SIGNALS)
    assert len(dict(choose.without(WEIGHTS))) == len(WEIGHTS.blocks) + len(WEIGHTS.files) + len(choose.OWN)


def test_a_choice_does_not_look_at_what_is_left_out() -> None:
    """Without `path` the task of one repository gets better, that of the other worse."""

    def measure(weights: Weights) -> list[dict[str, Any]]:
        off = weights.files["path"] == 0
        return [row("one", 0.9 if off else 0.5), row("two", 0.1 if off else 0.5)]

    chooser = choose.Chooser(measure)
    assert chooser.choose({"one"})[1] == [("files", "path", 0.0)]
    assert chooser.choose({"two"}) == (WEIGHTS, [])
    assert chooser.choose({"one", "two"}) == (WEIGHTS, [])


def test_a_gain_at_one_budget_that_costs_at_another_is_none() -> None:
    def measure(weights: Weights) -> list[dict[str, Any]]:
        found = row("one", 0.5)
        if weights.spread == 0:
            found |= {"all files 8k": 1.0, "symbols 8k": 1.0, "symbols 4k": 0.4}
        return [found]

    assert choose.Chooser(measure).choose({"one"}) == (WEIGHTS, [])


def test_means_leave_out_what_does_not_exist() -> None:
    rows: list[dict[str, Any]] = [{"symbols 8k": 1.0}, {"symbols 8k": None}, {"symbols 8k": 0.5}]
    assert tables.mean(rows, "symbols 8k") == 75.0
    assert tables.interval(rows[:1], "symbols 8k") == 0.0


@pytest.mark.skipif(not (EVALUATION / "harness.py").is_file(), reason="PARE_EVAL names no measuring harness")
def test_the_figures_are_those_of_the_harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVAL_WORK", str(tmp_path))
    harness.run(EVALUATION, tmp_path / "out.jsonl", ["--only", ONE_TASK])
    theirs = harness.read(tmp_path / "out.jsonl")
    ours = {found["id"]: found for found in replay.measure(replay.load(EVALUATION, ONE_TASK), WEIGHTS)}
    assert ours.keys() == theirs.keys() != set()
    for name, found in ours.items():
        assert found == {measure: theirs[name][measure] for measure in found}
