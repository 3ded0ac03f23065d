"""What terms bring is kept within bounds, and the bounds change no score."""

from __future__ import annotations

from pathlib import Path

import pytest

from repos.engine import build_snapshot, make_slice, open_snapshot
from repos.engine.folder import FolderTree
from repos.engine.slicing import gains

TASKS = ("open the file", "read rows of the table", "close the file and the table", "open", "rows")


def test_slices_are_the_same_when_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("file", "table", "rows"):
        lines = [f"def {verb}_{name}(path):\n    return {verb}(path, '{name}')\n" for verb in ("open", "read", "close")]
        (source / f"{name}.py").write_text("\n".join(lines))
    path = tmp_path / "one.snapshot"
    build_snapshot(FolderTree(source), path=path, commit="one")
    roomy = [make_slice(open_snapshot(path), task, budget=500).text for task in TASKS]
    monkeypatch.setattr(gains, "KEPT", 3)
    snapshot = open_snapshot(path)
    assert [make_slice(snapshot, task, budget=500).text for task in TASKS * 2] == roomy * 2
    assert len(snapshot.memo["gains"]) <= 2 * len(TASKS[-1].split())
