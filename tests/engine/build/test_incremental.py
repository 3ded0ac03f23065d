"""A build on the snapshot before writes, byte for byte, what a build from nothing writes."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine import build_snapshot
from repos.engine.build import incremental
from repos.engine.types import Limits
from tests.engine.build.corpus import FILES, Files, edited
from tests.engine.trees import PATIENT, MemoryTree


@pytest.fixture(autouse=True)
def any_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take over whatever can be, in these small trees, too."""
    monkeypatch.setattr(incremental, "LEAST_KEPT", 0.0)


def cold(folder: Path, files: Files, limits: Limits | None = None) -> bytes:
    build_snapshot(MemoryTree(files), path=folder / "cold", commit="c", limits=limits)
    return (folder / "cold").read_bytes()


def on(folder: Path, base: str, name: str, files: Files, limits: Limits | None = None) -> bytes:
    path = folder / name
    build_snapshot(MemoryTree(files), path=path, commit="c", base=folder / base, limits=limits)
    return path.read_bytes()


@settings(PATIENT, max_examples=60)
@given(st.integers(0, 1 << 40))
def test_any_edits_in_a_row(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder, chance = tmp_path_factory.mktemp("row"), random.Random(seed)
    files: Files = dict(FILES)
    build_snapshot(MemoryTree(files), path=folder / "0", commit="c")
    for step in range(3):
        files = edited(files, chance)
        assert on(folder, str(step), str(step + 1), files) == cold(folder, files), f"seed {seed}, step {step}"
