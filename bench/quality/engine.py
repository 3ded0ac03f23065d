"""What the harness calls. It loads this file by its path."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

import repos.engine
from repos.engine import FolderFactsCache, FolderTree, Snapshot, build_snapshot, make_slice, open_snapshot
from repos.engine.slicing.render import as_dict

ROOM = Path(repos.engine.__file__).parent
BUILDING = ("build", "extraction", "graph", "languages", "snapshot", "paths.py", "words.py", "types.py")


class Engine:
    """`index` once a checkout, then `query`."""

    name = "pare"

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None

    def index(self, root: str) -> None:
        path = work_folder() / "engine" / (hashlib.sha256(root.encode()).hexdigest()[:32] + ".snapshot")
        facts = FolderFactsCache(work_folder() / "engine" / "facts")
        build_snapshot(FolderTree(Path(root)), path=path, commit="0" * 40, cache=facts)
        self.snapshot = open_snapshot(path)

    def query(self, text: str, budget: int) -> dict[str, object]:
        if self.snapshot is None:
            raise RuntimeError("index first")
        return as_dict(make_slice(self.snapshot, text, budget=budget))


def kept(root: Path, folder: Path) -> Snapshot:
    """The snapshot of a checkout by the engine as it stands: built when the code that builds it has changed."""
    path = folder / stamp() / (hashlib.sha256(str(root).encode()).hexdigest()[:32] + ".snapshot")
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        build_snapshot(FolderTree(root), path=path, commit="0" * 40, cache=FolderFactsCache(folder / "facts"))
    return open_snapshot(path)


@cache
def stamp() -> str:
    """A digest of the engine's code, without the rooms that only read snapshots."""
    found = hashlib.sha256()
    for path in sorted(ROOM.rglob("*.py")):
        if path.relative_to(ROOM).parts[0] in BUILDING:
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def work_folder() -> Path:
    return Path(os.environ.get("EVAL_WORK") or Path(tempfile.gettempdir()) / "pare-eval")
