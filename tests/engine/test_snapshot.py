"""The snapshot file: equal input gives equal bytes, and altered bytes are never used."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine import FolderFactsCache, SnapshotCache, build_snapshot, make_slice, open_snapshot, source_of
from repos.engine.errors import IndexCancelled, SnapshotCorrupt, SnapshotMissing, SnapshotVersion
from repos.engine.types import Phase
from tests.engine.languages.test_go import TREE as GO
from tests.engine.languages.test_python import TREE as PYTHON
from tests.engine.languages.test_typescript import TREE as TYPESCRIPT
from tests.engine.trees import PATIENT, MemoryTree, snapshot_of

FILES = {**PYTHON, **TYPESCRIPT, **GO, "README.md": "# Shop\n\nHow to pay.\n"}


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    cache = FolderFactsCache(tmp_path / "facts")
    turned = MemoryTree(dict(reversed(FILES.items())))
    one = build_snapshot(MemoryTree(FILES), path=tmp_path / "1", commit="c")
    two = build_snapshot(turned, path=tmp_path / "2", commit="c", cache=cache)
    three = build_snapshot(MemoryTree(FILES), path=tmp_path / "3", commit="c", cache=cache)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes() == (tmp_path / "3").read_bytes()
    assert one.digest == two.digest == three.digest
    assert one.size == (tmp_path / "1").stat().st_size


def test_it_holds_the_sources(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, FILES)
    assert source_of(snapshot, "README.md") == FILES["README.md"]
    assert source_of(snapshot, "nowhere.md") is None
    snapshot.verify()


def test_statistics_add_up(tmp_path: Path) -> None:
    found = snapshot_of(tmp_path, FILES).statistics
    assert found.files == sum(row.files for row in found.languages) == len(FILES)
    assert found.symbols == sum(row.symbols for row in found.languages)
    assert found.bytes == sum(len(text.encode()) for text in FILES.values())
    assert {"python", "typescript", "go", "markdown"} <= {row.language for row in found.languages}
    assert found.edge_count > 10


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SnapshotMissing):
        open_snapshot(tmp_path / "none")


def test_another_version(tmp_path: Path) -> None:
    path = snapshot_of(tmp_path, FILES).path
    data = bytearray(path.read_bytes())
    data[8] += 1
    path.with_name("other").write_bytes(data)
    with pytest.raises(SnapshotVersion, match="Index again"):
        open_snapshot(path.with_name("other"))


@pytest.mark.parametrize("data", [b"", b"short", b"not a snapshot at all, but long enough"])
def test_not_a_snapshot(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(SnapshotCorrupt):
        open_snapshot(tmp_path / "x")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return Path(snapshot_of(tmp_path_factory.mktemp("good"), FILES).path).read_bytes()


@settings(PATIENT, max_examples=60)
@given(st.data())
def test_a_truncated_file_does_not_open(tmp_path: Path, good: bytes, data: st.DataObject) -> None:
    (tmp_path / "cut").write_bytes(good[: data.draw(st.integers(0, len(good) - 1))])
    with pytest.raises(SnapshotCorrupt):
        open_snapshot(tmp_path / "cut")


@settings(PATIENT, max_examples=150)
@given(st.data())
def test_an_altered_byte_is_found_or_does_not_matter(tmp_path: Path, good: bytes, data: st.DataObject) -> None:
    """Whatever byte changes: the answer is the right one, or SnapshotCorrupt; never a wrong answer."""
    at = data.draw(st.integers(0, len(good) - 1))
    (tmp_path / "good").write_bytes(good)
    altered = bytearray(good)
    altered[at] ^= 1 << data.draw(st.integers(0, 7))
    (tmp_path / "bad").write_bytes(altered)
    with open_snapshot(tmp_path / "good") as right:
        wanted = make_slice(right, "how the cart is paid", budget=2000).text
    try:
        with open_snapshot(tmp_path / "bad") as wrong:
            found = make_slice(wrong, "how the cart is paid", budget=2000).text
    except SnapshotCorrupt:
        return
    assert found == wanted


def test_a_cancelled_run_leaves_nothing(tmp_path: Path) -> None:
    def stop(phase: Phase, done: int, total: int) -> None:
        if phase == "write":
            raise IndexCancelled("stop")

    with pytest.raises(IndexCancelled):
        build_snapshot(MemoryTree(FILES), path=tmp_path / "s" / "x", commit="c", progress=stop)
    assert not list(tmp_path.rglob("*"))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = snapshot_of(tmp_path, FILES).path
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("repos.engine.snapshot.container.os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        build_snapshot(MemoryTree(GO), path=path, commit="d")
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_progress_is_told_in_order(tmp_path: Path) -> None:
    told: list[tuple[Phase, int, int]] = []
    build_snapshot(MemoryTree(FILES), path=tmp_path / "x", commit="c", progress=lambda *step: told.append(step))
    phases = list(dict.fromkeys(phase for phase, _, _ in told))
    assert phases == ["list", "read", "parse", "resolve", "write"]
    assert told[-1] == ("write", 1, 1)
    assert all(0 <= done <= total for _, done, total in told)
    assert ("parse", len(FILES), len(FILES)) in told


def test_the_cache_keeps_the_last_ones_open(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        build_snapshot(MemoryTree(GO), path=path, commit=path.name)
    cache = SnapshotCache(size=2)
    first = cache.open(paths[0])
    assert cache.open(paths[0]) is first
    cache.open(paths[1])
    cache.open(paths[2])
    assert cache.open(paths[0]) is not first
    assert first.commit == "a"  # still usable by whoever holds it
    cache.forget(paths[0])
    paths[0].unlink()
    with pytest.raises(SnapshotMissing):
        cache.open(paths[0])
