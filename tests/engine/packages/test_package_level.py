"""What a level of a snapshot's packages shows, from the whole tree down to the symbols of a file."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine import Snapshot
from repos.engine.packages import MOST, Level, box_at, package_level
from tests.engine.trees import PATIENT, snapshot_of

SHOP = {
    "README.md": "# Shop\n",
    "src/shop/__init__.py": "",
    "src/shop/cart.py": "from shop.price import total\n\n\ndef pay(items):\n    return total(items)\n",
    "src/shop/price/__init__.py": "from shop.price.rates import rate\n\n\ndef total(items):\n    return rate()\n",
    "src/shop/price/rates.py": "def rate():\n    from shop.cart import pay\n    return pay\n",
    "src/shop/price/old/codes.py": "def code():\n    return 1\n",
    "tests/test_cart.py": "from shop.cart import pay\n\n\ndef test_pay():\n    assert pay([])\n",
}


def level_of(snapshot: Snapshot, path: str = "", part: int = 1) -> Level:
    level = package_level(snapshot, path, part=part)
    assert level is not None
    return level


def arrows(level: Level) -> set[str]:
    return {f"{level.boxes[one.source].name} -> {level.boxes[one.target].name}" for one in level.dependencies}


def many(folders: int, files: int = 1) -> dict[str, str]:
    """Folder n has n + 1 functions in its first file, and uses folder n - 1."""
    tree = {f"pkg/p{n:03}/f{file}.py": "def x():\n    pass\n" for n in range(folders) for file in range(files)}
    for n in range(1, folders):
        body = "".join(f"def g{n}_{at}():\n    return x()\n" for at in range(n))
        tree[f"pkg/p{n:03}/f0.py"] = f"from pkg.p{n - 1:03}.f0 import x as y\n\n\ndef x():\n    return y()\n{body}"
    return tree


def test_the_root_opens_what_holds_the_code(tmp_path: Path) -> None:
    level = level_of(snapshot_of(tmp_path, SHOP))
    kinds = {box.name: box.kind for box in level.boxes}
    assert kinds["tests"] == "package"
    assert "src/shop/price" in " ".join(kinds)
    assert level.silent == 2  # README.md and the empty __init__.py
    assert sum(box.symbols for box in level.boxes) == 5


def test_down_to_files_and_symbols(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, SHOP)
    shop = level_of(snapshot, "src/shop/price")
    assert {box.name for box in shop.boxes if box.kind == "file"} == {"__init__.py", "rates.py", "old/codes.py"}
    assert arrows(shop) == {"__init__.py -> rates.py"}
    file = level_of(snapshot, "src/shop/cart.py")
    assert file.is_file
    assert [(box.kind, box.name, box.word, box.line) for box in file.boxes] == [("symbol", "pay", "function", 4)]


def test_edges_out_of_a_level_and_into_it_are_counted(tmp_path: Path) -> None:
    level = level_of(snapshot_of(tmp_path, SHOP), "src/shop/price")
    inside = sum(one.count for one in level.dependencies)
    assert level.uses > 0 and level.used > 0 and inside > 0


def test_a_cycle_is_found_and_one_way_of_it_closes(tmp_path: Path) -> None:
    files = {
        "a/one.py": "from b.two import two\n\n\ndef one():\n    return two()\n\n\ndef other():\n    return two()\n",
        "b/two.py": "def two():\n    from a.one import one\n    return one()\n",
        "c/three.py": "from a.one import one\n\n\ndef three():\n    return one()\n",
    }
    level = level_of(snapshot_of(tmp_path, files))
    rings = [{level.boxes[at].path for at in cycle} for cycle in level.cycles]
    assert len(rings) == 1 and len(rings[0]) == 2
    assert sum(one.closes for one in level.dependencies) == 1
    outside = next(box for box in level.boxes if box.path.startswith("c"))
    assert outside.cycle == -1 and outside.layer == 2


@pytest.mark.parametrize("folders", [3, MOST, MOST + 1, 130])
def test_never_too_many_boxes_and_nothing_lost(tmp_path: Path, folders: int) -> None:
    snapshot = snapshot_of(tmp_path, many(folders))
    level = level_of(snapshot, "pkg")
    symbols = snapshot.statistics.symbols
    seen = set()
    for part in range(1, level.parts + 1):
        shown = level_of(snapshot, "pkg", part)
        assert len(shown.boxes) <= MOST
        assert sum(box.symbols for box in shown.boxes) == symbols
        seen |= {box.path for box in shown.boxes if box.kind != "rest"}
    assert len(seen) == folders
    assert level_of(snapshot, "pkg", 999).part == level.parts


def test_the_largest_come_first(tmp_path: Path) -> None:
    level = level_of(snapshot_of(tmp_path, many(60)), "pkg")
    shown = [box.symbols for box in level.boxes if box.kind != "rest"]
    assert shown == sorted(shown, reverse=True) and level.boxes[-1].kind == "rest"


@pytest.mark.parametrize("path", ["nowhere", "src/sho", "src/", "/src", "..", "src/../src", "\0", "\udcff", "a" * 5000])
def test_nothing_at_a_path(tmp_path: Path, path: str) -> None:
    assert package_level(snapshot_of(tmp_path, SHOP), path) is None


def test_an_empty_tree_and_one_without_symbols(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    assert level_of(snapshot_of(tmp_path, {})).boxes == ()
    level = level_of(snapshot_of(tmp_path / "b", {"notes.txt": "one\n", "a/b.md": "two\n"}))
    assert (level.boxes, level.silent) == ((), 2)


def test_guesses_count_only_when_asked_for(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, SHOP)
    sure, all_ = level_of(snapshot), package_level(snapshot, guesses=True)
    assert all_ is not None
    assert all(set(one.confidences) <= {"certain", "likely"} for one in sure.dependencies)
    assert sum(one.count for one in all_.dependencies) >= sum(one.count for one in sure.dependencies)


def test_folders_thousands_deep(tmp_path: Path) -> None:
    deep = "a/" * 1500
    snapshot = snapshot_of(tmp_path, {f"{deep}x.py": "def x():\n    pass\n", f"{deep}y.py": "def y():\n    pass\n"})
    assert {box.kind for box in level_of(snapshot).boxes} == {"file"}


names = st.text(st.sampled_from("ab.é<"), min_size=1, max_size=2).filter(lambda name: name.strip("."))
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@settings(PATIENT, max_examples=40)
@given(trees=st.dictionaries(paths, st.integers(0, 3), max_size=60))
def test_each_file_is_in_its_box(trees: Mapping[str, int], tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = {f"{path}.py": "".join(f"def f{at}():\n    pass\n" for at in range(count)) for path, count in trees.items()}
    snapshot = snapshot_of(tmp_path_factory.mktemp("tree"), tree)
    level = level_of(snapshot)
    held = [0] * len(level.boxes)
    for path, count in trees.items():
        at = box_at(level, f"{path}.py")
        if at is not None:
            held[at] += count
        assert at is not None or not count
    assert held == [box.symbols for box in level.boxes]


def test_a_line_is_in_the_innermost_box(tmp_path: Path) -> None:
    code = "class A:\n    def one(self):\n        pass\n\n    def two(self):\n        pass\n\n\ndef b():\n    pass\n"
    level = level_of(snapshot_of(tmp_path, {"m.py": code}), "m.py")
    found = [box_at(level, "m.py", line) for line in (1, 2, 5, 9)]
    assert [level.boxes[at].name for at in found if at is not None] == ["A", "A.one", "A.two", "b"]
    assert box_at(level, "m.py", 8) is None and box_at(level, "other.py", 1) is None
