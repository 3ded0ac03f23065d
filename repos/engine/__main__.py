"""The command line.

    python -m repos.engine index ROOT
    python -m repos.engine query ROOT --budget N      the task on standard input, JSON on standard output

The index of a folder is kept outside it: in $PARE_ENGINE_CACHE, or the user's cache folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

from . import FolderFactsCache, FolderTree, build_snapshot, make_slice, open_snapshot
from .errors import EngineError, SnapshotMissing
from .slicing.render import as_dict
from .types import SliceOptions


def cache_folder() -> Path:
    chosen = os.environ.get("PARE_ENGINE_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pare-engine"


def snapshot_path(root: Path) -> Path:
    return cache_folder() / "snapshots" / (hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32] + ".snapshot")


def index(root: Path, processes: int) -> None:
    if not root.is_dir():
        raise EngineError(f"There is no folder {root}.")
    info = build_snapshot(
        FolderTree(root),
        path=snapshot_path(root),
        commit="folder",
        processes=processes,
        cache=FolderFactsCache(cache_folder() / "facts"),
    )
    coverage = info.coverage
    left_out = sum(coverage.skipped.values())
    print(f"{info.symbols} symbols in {coverage.parsed} files, {coverage.text} files as text, {left_out} left out")


def query(root: Path, budget: int, as_text: bool) -> None:
    try:
        snapshot = open_snapshot(snapshot_path(root))
    except SnapshotMissing as error:
        raise EngineError(f"{root} is not indexed yet: run `index` on it first.") from error
    result = make_slice(snapshot, sys.stdin.read(), budget=budget, options=SliceOptions(repository=root.name))
    if as_text:
        print(result.text, end="")
    else:
        print(json.dumps(as_dict(result)))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m repos.engine", description="Index a folder, then ask for slices of it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("index", help="index a folder")
    one.add_argument("root", type=Path)
    one.add_argument("--processes", type=int, default=1)
    two = commands.add_parser("query", help="a slice for the task on standard input")
    two.add_argument("root", type=Path)
    two.add_argument("--budget", type=int, default=8000)
    two.add_argument("--text", action="store_true", help="the text an agent would get, instead of JSON")
    arguments = parser.parse_args()
    try:
        if arguments.command == "index":
            index(arguments.root, arguments.processes)
        else:
            query(arguments.root, arguments.budget, arguments.text)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
