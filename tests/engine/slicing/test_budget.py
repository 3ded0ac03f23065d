"""A slice never has more tokens than its budget, and uses it up as long as there is something to show."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import repos.engine
from repos.engine import FolderTree, Snapshot, build_snapshot, count_tokens, make_slice, open_snapshot
from repos.engine.types import Slice
from tests.engine.trees import PATIENT, snapshot_of

A_LINE = 60  # tokens; pieces are whole lines, so as much may be left over
TASKS = (
    "Pack blocks into the budget of a slice by score",
    "the snapshot is corrupt when a section's checksum fails",
    "words",
    "`read_task` splits statements wrongly when a sentence ends in a colon: it loses the last one.",
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The engine's own source."""
    path = tmp_path_factory.mktemp("real") / "snapshot"
    build_snapshot(FolderTree(Path(repos.engine.__file__).parent), path=path, commit="e" * 40)
    return open_snapshot(path)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Blocks from one line to 150, short lines and long ones, 1.3 million tokens, of which a budget can take a part."""
    draw = random.Random(4)
    files = {}
    for number in range(120):
        parts = []
        for place in range(25):
            lines = draw.choice((1, 3, 8, 20, 60, 119, 150))
            body = "".join(f"    ledger.{draw.choice('abcdef')}({draw.random()}, {line})\n" for line in range(lines))
            parts.append(f"def settle_{number}_{place}(ledger):\n{body}\n\n")
        files[f"books/part_{number}.py"] = "".join(parts)
    return snapshot_of(tmp_path_factory.mktemp("large"), files)


def shows_all(snapshot: Snapshot, answer: Slice) -> bool:
    """Whether every line of the ranked files that may be shown is."""
    shown: dict[str, set[int]] = {}
    for item in answer.items:
        shown.setdefault(item.path, set()).update(range(item.start, item.end + 1))
    blocks = zip(
        snapshot.blocks.files.tolist(), snapshot.blocks.starts.tolist(), snapshot.blocks.ends.tolist(), strict=True
    )
    ranked = {file.path for file in answer.files}
    wanted = [(snapshot.files.paths[file], end) for file, _, end in blocks if snapshot.files.paths[file] in ranked]
    return all(end in shown.get(path, ()) for path, end in wanted)


@settings(PATIENT, max_examples=60)
@given(st.sampled_from(TASKS), st.one_of(st.integers(1, 400), st.integers(400, 40_000), st.integers(1, 1_000_000)))
def test_a_real_tree(real: Snapshot, task: str, budget: int) -> None:
    answer = make_slice(real, task, budget=budget)
    assert answer.tokens == count_tokens(answer.text) <= budget
    assert answer.tokens >= 0.95 * budget or budget - answer.tokens <= A_LINE or shows_all(real, answer)


@settings(PATIENT, max_examples=40)
@given(st.one_of(st.integers(1, 400), st.integers(400, 40_000)))
def test_a_large_tree(large: Snapshot, budget: int) -> None:
    answer = make_slice(large, "settle the ledger of part 7", budget=budget)
    assert answer.tokens <= budget
    assert answer.tokens >= 0.95 * budget or budget - answer.tokens <= A_LINE


@pytest.mark.parametrize("budget", [200_000, 1_000_000])
def test_the_largest_budgets(large: Snapshot, budget: int) -> None:
    answer = make_slice(large, "settle the ledger of part 7", budget=budget)
    assert 0.95 * budget <= answer.tokens <= budget


def test_nothing_is_shown_twice(real: Snapshot) -> None:
    answer = make_slice(real, TASKS[0], budget=100_000)
    seen: set[tuple[str, int]] = set()
    for item in answer.items:
        if item.form != "signature":
            lines = {(item.path, line) for line in range(item.start, item.end + 1)}
            assert not lines & seen
            seen |= lines
