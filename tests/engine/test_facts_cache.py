"""Facts are found again by blob: what did not change is neither read nor parsed again."""

from pathlib import Path

import pytest

from repos.engine import FolderFactsCache, build_snapshot
from repos.engine.types import Limits
from tests.engine.languages.test_go import TREE as GO
from tests.engine.languages.test_python import TREE as PYTHON
from tests.engine.trees import MemoryTree

FILES = {**PYTHON, **GO}


def build(folder: Path, files: dict[str, str], cache: FolderFactsCache) -> tuple[int, bytes]:
    """-> (blobs read, bytes of the snapshot)"""
    tree = MemoryTree(files)
    build_snapshot(tree, path=folder / "s", commit="c", cache=cache)
    return len(tree.reads), (folder / "s").read_bytes()


def test_only_changed_blobs_are_read(tmp_path: Path) -> None:
    cache = FolderFactsCache(tmp_path / "facts")
    assert build(tmp_path, FILES, cache)[0] == len(set(FILES.values()))
    assert build(tmp_path, FILES, cache)[0] == 0
    moved = {("moved/" + path): text for path, text in FILES.items()}
    assert build(tmp_path, moved, cache)[0] == 0
    assert build(tmp_path, {**FILES, "new.py": "def new(): pass\n"}, cache)[0] == 1


def test_a_file_under_another_language_is_read_again(tmp_path: Path) -> None:
    cache = FolderFactsCache(tmp_path / "facts")
    build(tmp_path, {"a.ts": "function f() {}\n"}, cache)
    assert build(tmp_path, {"a.js": "function f() {}\n"}, cache)[0] == 1


def test_other_limits_are_other_facts(tmp_path: Path) -> None:
    cache, tree = FolderFactsCache(tmp_path / "facts"), MemoryTree({"a.py": "x = 1\n" * 50})
    build_snapshot(tree, path=tmp_path / "s", commit="c", cache=cache)
    info = build_snapshot(tree, path=tmp_path / "s", commit="c", cache=cache, limits=Limits(file_bytes=10))
    assert dict(info.coverage.skipped) == {"too_large": 1}
    assert build_snapshot(tree, path=tmp_path / "s", commit="c", cache=cache).coverage.parsed == 1


@pytest.mark.parametrize("damage", [b"", b"abc", b"\0" * 400])
def test_a_damaged_entry_counts_as_missing(tmp_path: Path, damage: bytes) -> None:
    cache = FolderFactsCache(tmp_path / "facts")
    _, right = build(tmp_path, FILES, cache)
    for path in (tmp_path / "facts").glob("??/*"):
        path.write_bytes(damage)
    assert build(tmp_path, FILES, cache)[1] == right


def test_sweeping_removes_what_is_old(tmp_path: Path) -> None:
    cache = FolderFactsCache(tmp_path)
    cache.put_many({"aabb": b"1", "ccdd": b"2"})
    assert cache.get_many(["aabb", "ccdd", "eeff"]) == {"aabb": b"1", "ccdd": b"2"}
    assert cache.sweep(older_than=3600) == 0
    assert cache.sweep(older_than=-1) == 2
    assert cache.get_many(["aabb"]) == {}
