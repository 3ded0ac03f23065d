"""How a slice reads: a path once a file, neighbours joined, long comments for the best pieces only."""

from pathlib import Path

from repos.engine import make_slice
from repos.engine.slicing.render import as_dict
from tests.engine.trees import snapshot_of

COMMENT = "".join(f"// line {i} of what it is for\n" for i in range(8))
GO = "package shop\n\n" + "\n".join(
    f"{COMMENT}func Settle{name}(ledger int) int {{\n" + "\tledger++\n" * 12 + "\treturn ledger\n}\n"
    for name in "ABCDEF"
)


def test_the_path_is_said_once_a_file(tmp_path: Path) -> None:
    gap = "\n\n" + "\n".join(f"value_{i} = {i}" for i in range(45)) + "\n\n\n"
    source = gap.join(f"def settle_{i}(ledger):\n    return ledger.pay({i})\n" for i in range(3))
    answer = make_slice(snapshot_of(tmp_path, {"shop/books.py": source}), "settle the ledger", budget=330)
    heads = [line for line in answer.text.splitlines() if ":" in line and line.split(":")[-1].split("-")[0].isdigit()]
    assert heads[0].startswith("shop/books.py:")
    assert len(heads) > 1
    assert all(head.startswith(":") for head in heads[1:])


def test_long_comments_are_for_the_best_three(tmp_path: Path) -> None:
    answer = make_slice(snapshot_of(tmp_path, {"shop.go": GO}), "settle the ledger", budget=5000)
    whole = [item for item in answer.items if item.symbol.startswith("Settle")]
    assert len(whole) == 6
    lengths = [item.end - item.start + 1 for item in whole]
    assert lengths == [lengths[0]] * 3 + [lengths[0] - 8] * 3
    assert answer.text.count("line 0 of what it is for") == 3
    assert all(f"func {item.symbol}(" in answer.text for item in whole)


def test_ranges_that_follow_each_other_are_one(tmp_path: Path) -> None:
    source = "\n\n".join(f"def settle_{i}(ledger):\n    return ledger.pay({i})" for i in range(8)) + "\n"
    answer = make_slice(snapshot_of(tmp_path, {"a.py": source}), "settle the ledger", budget=2000)
    assert len(answer.items) == 8
    assert as_dict(answer)["slice"] == [{"path": "a.py", "start": 1, "end": len(source.splitlines())}]


def test_ranges_cover_just_the_items(tmp_path: Path) -> None:
    """Of every line shown, and of no line further off than the lone brackets between two pieces."""
    answer = make_slice(snapshot_of(tmp_path, {"shop.go": GO}), "settle the ledger", budget=900)
    shown = {line for item in answer.items for line in range(item.start, item.end + 1)}
    found = as_dict(answer)["slice"]
    assert isinstance(found, list)
    told = {line for part in found for line in range(part["start"], part["end"] + 1)}
    assert shown <= told
    assert all(any(line + step in shown for step in (-3, -2, -1, 1, 2, 3)) for line in told - shown)
