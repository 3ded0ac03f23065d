"""Copies near the web process: bounded, checked, and fetched by one at a time."""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repos.engine.errors import SnapshotCorrupt
from repos.storage.nearby import Nearby

DATA = b"a snapshot " * 100
DIGEST = hashlib.sha256(DATA).hexdigest()


def bring(near: Nearby, data: bytes) -> Path:
    return near.get(hashlib.sha256(data).hexdigest(), len(data), lambda: [data])


@pytest.mark.parametrize("sent", [b"", DATA[:-1], DATA + b"x", DATA[:-1] + b"x", DATA * 1000])
def test_other_bytes_are_refused_and_not_kept(tmp_path: Path, sent: bytes) -> None:
    near = Nearby(tmp_path, 1 << 20)
    with pytest.raises(SnapshotCorrupt):
        near.get(DIGEST, len(DATA), lambda: [sent])
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".lock")]


def test_no_more_is_read_than_was_stored(tmp_path: Path) -> None:
    read = 0

    def endless() -> Iterable[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1000

    with pytest.raises(SnapshotCorrupt):
        Nearby(tmp_path, 1 << 20).get(DIGEST, len(DATA), endless)
    assert read == 2


def test_a_copy_of_another_length_is_fetched_again(tmp_path: Path) -> None:
    near = Nearby(tmp_path, 1 << 20)
    bring(near, DATA).write_bytes(DATA[:10])
    assert bring(near, DATA).read_bytes() == DATA


def test_many_at_once_fetch_once(tmp_path: Path) -> None:
    fetched = []

    def fetch() -> list[bytes]:
        fetched.append(1)
        return [DATA]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: Nearby(tmp_path, 1 << 20).get(DIGEST, len(DATA), fetch), range(6)))
    assert fetched == [1]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 1500))
def test_it_keeps_within_its_bound_and_the_last_used_stay(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[int], most: int
) -> None:
    folder = tmp_path_factory.mktemp("near")
    near = Nearby(folder, most)
    for clock, number in enumerate(wanted):
        path = bring(near, bytes([number]) * (100 + 50 * number))
        os.utime(path, (clock, clock))
        sizes = {copy: copy.stat().st_size for copy in folder.glob("*.pare")}
        assert path in sizes and (sum(sizes.values()) <= most or len(sizes) == 1)


def test_the_one_used_longest_ago_goes(tmp_path: Path) -> None:
    near = Nearby(tmp_path, 250)
    first, second = bring(near, b"1" * 100), bring(near, b"2" * 100)
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    bring(near, b"1" * 100)  # used again
    bring(near, b"3" * 100)
    assert first.exists() and not second.exists()
