"""What a push costs beside a build from nothing, and that both write the same bytes.

    python -m bench.index.push FOLDER

Ten files change in three ways: a line more, a function more, or ten copies come under new names. CPU seconds of this
process, which is warm; the build from nothing is the second one.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from repos.engine import FolderFactsCache, FolderTree, build_snapshot, check_grammars
from repos.engine.languages import language_of
from repos.engine.paths import refused
from repos.engine.types import Limits, SourceFile

from .changed import EditedTree

CHANGED = 10
SEED = 3


def edits(tree: FolderTree, listed: Sequence[SourceFile]) -> dict[str, dict[str, bytes]]:
    """By name of the push: new contents by path."""
    limit = Limits().file_bytes
    able = [f for f in listed if language_of(f.path) and not refused(f.path) and 500 < f.size < limit]
    chosen = random.Random(SEED).sample(able, CHANGED)
    contents = dict(tree.read([file.oid for file in chosen]))
    found: dict[str, dict[str, bytes]] = {"a line more": {}, "a function more": {}, "ten files more": {}}
    for number, file in enumerate(chosen):
        content = contents[file.oid]
        found["a line more"][file.path] = content + b"\n"
        found["a function more"][file.path] = content + b"\n\ndef pushed_%d(x):\n    return x\n" % number
        folder, _, name = file.path.rpartition("/")
        found["ten files more"][f"{folder}/pushed_{name}".lstrip("/")] = content + b"\n\n"
    return found


def rows(folder: Path) -> list[tuple[str, float, float]]:
    """(what changed, CPU seconds on the snapshot before, share of a build from nothing)"""
    check_grammars()
    tree = FolderTree(folder)
    listed = tree.files()
    before = EditedTree(tree, listed, {})
    found = []
    with tempfile.TemporaryDirectory(prefix="pare-bench-") as scratch:
        base, on, anew = (Path(scratch) / name for name in ("base", "on", "anew"))
        cache = FolderFactsCache(Path(scratch) / "facts")
        build_snapshot(before, path=base, commit="bench", cache=cache)
        for name, changes in edits(tree, listed).items():
            edited = EditedTree(tree, listed, changes)
            times = []
            for path, on_base in ((on, base), (anew, None)):
                started = time.process_time()
                # From nothing without the cache: that is what a first index costs.
                build_snapshot(edited, path=path, commit="bench", base=on_base, cache=cache if on_base else None)
                times.append(time.process_time() - started)
            if on.read_bytes() != anew.read_bytes():
                raise RuntimeError(f"After {name}, a build on the snapshot before wrote other bytes.")
            found.append((name, times[0], times[0] / times[1]))
    return found


def main(arguments: Sequence[str]) -> int:
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    print("| ten files of a push: | CPU s | share of a build from nothing |\n|---|---|---|")
    for name, seconds, share in rows(Path(arguments[0])):
        print(f"| {name} | {seconds:.2f} | {share:.3f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
