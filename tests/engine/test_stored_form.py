"""The forms in which a snapshot keeps postings, sources and columns: what is read is what was written."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine.errors import SnapshotCorrupt
from repos.engine.snapshot import container, sources, terms
from repos.engine.snapshot.container import PAGE, Container, Packed
from tests.engine.trees import PATIENT

POSTINGS = st.lists(
    st.dictionaries(st.integers(0, 300) | st.integers(0, 2**31 - 1), st.integers(0, 251), max_size=6), max_size=6
)


@settings(PATIENT)
@given(POSTINGS, st.data())
def test_postings(of_terms: list[dict[int, int]], data: st.DataObject) -> None:
    rows = [sorted(term.items()) for term in of_terms]
    starts = np.cumsum([0, *map(len, rows)])
    blocks = np.array([block for row in rows for block, _ in row], np.uint32)
    codes = np.array([code for row in rows for _, code in row], np.uint8)
    heap, at = terms.encode(starts, blocks, codes)
    asked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=4)) if rows else []
    piece = b"".join(heap[at[term] : at[term + 1]] for term in asked)
    ends = np.cumsum([at[term + 1] - at[term] for term in asked], dtype=np.int64)
    counts, found, kinds = terms.decode(np.frombuffer(piece, np.uint8), ends)
    assert counts.tolist() == [len(rows[term]) for term in asked]
    assert list(zip(found.tolist(), kinds.tolist(), strict=True)) == [pair for term in asked for pair in rows[term]]


@settings(PATIENT)
@given(st.dictionaries(st.text("ab/.", min_size=1, max_size=9), st.binary(max_size=40), max_size=60))
def test_sources(tmp_path: Path, files: dict[str, bytes]) -> None:
    paths = sorted(files)
    parts = sources.sections(
        paths, [len(files[path]) for path in paths], lambda file: files[paths[file]], lambda *_: None
    )
    container.write(tmp_path / "x", None, parts)
    found = sources.Sources(Container(tmp_path / "x"))
    assert [found[number] for number in range(len(paths))] == [files[path] for path in paths]


def test_a_changed_file_leaves_the_other_frames_alone() -> None:
    paths = [f"f{number:03}.py" for number in range(400)]
    sizes = [9_000] * 400
    before = sources.first_files(paths, sizes)
    sizes[200] = 60_000
    after = sources.first_files(paths, sizes)
    assert len(before) > 40
    assert len(set(before) ^ set(after)) <= 4


@settings(PATIENT)
@given(st.lists(st.integers(-(2**40), 2**40) | st.integers(0, 9), max_size=50), st.booleans())
def test_columns(tmp_path: Path, values: list[int], running: bool) -> None:
    container.write(tmp_path / "x", None, {"a": Packed(np.array(values, np.int64), running)})
    found = Container(tmp_path / "x").array("a")
    assert found.dtype == np.int64
    assert found.tolist() == values


def test_a_damaged_page_spoils_only_what_is_on_it(tmp_path: Path) -> None:
    data = bytes(range(256)) * 2048
    container.write(tmp_path / "x", None, {"a": data})
    altered = bytearray((tmp_path / "x").read_bytes())
    altered[-PAGE - 5] ^= 4
    (tmp_path / "x").write_bytes(altered)
    found = Container(tmp_path / "x")
    assert found.checked("a", 0, 3 * PAGE) == data[: 3 * PAGE]
    assert found.checked("a", len(data) - 9, len(data)) == data[-9:]
    with pytest.raises(SnapshotCorrupt):
        found.checked("a", len(data) - PAGE - 9, len(data) - PAGE - 8)
    with pytest.raises(SnapshotCorrupt):
        found.array("a")
