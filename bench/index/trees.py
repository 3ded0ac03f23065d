"""The trees that are measured: a folder that was named, or one vendored from the dev set's packs under different names,
and Django's source archive where pip can reach it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

DJANGO = "django==5.2.*"
PACKS = ("google/gson", "angular/angular-cli")
ENOUGH = 5 << 20  # bytes of source from which the bars count


def size_of(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def unpack(repository: str, scratch: Path) -> Path | None:
    """The tree of one commit of a repository of the dev set in PARE_EVAL."""
    data = Path(os.environ.get("PARE_EVAL", "/nowhere")) / "data"
    pack = data / "packs" / f"{repository.replace('/', '+')}.pack"
    if not pack.is_file():
        return None
    tasks = map(json.loads, (data / "dev.jsonl").read_text().splitlines())
    commit = min(task["base_commit"] for task in tasks if task["repo"] == repository)
    bare, tree = scratch / f"{pack.stem}.git", scratch / pack.stem
    git = ["git", "--git-dir", str(bare)]
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    with pack.open("rb") as file:
        subprocess.run([*git, "index-pack", "--stdin"], stdin=file, stdout=subprocess.DEVNULL, check=True)
    tree.mkdir()
    subprocess.run([*git, "--work-tree", str(tree), "read-tree", commit], check=True)
    subprocess.run([*git, "--work-tree", str(tree), "checkout-index", "--all", "--quiet"], check=True)
    return tree


def vendor(source: Path, target: Path, bytes_: int) -> Path:
    """Copies of a tree under different names, until there are `bytes_` bytes."""
    size, number = size_of(source), 0
    if not size:
        raise ValueError(f"There is nothing in {source}.")
    while number * size < bytes_:
        shutil.copytree(source, target / f"part{number}", symlinks=True, ignore=shutil.ignore_patterns(".git"))
        number += 1
    return target


def django(scratch: Path) -> Path | None:
    """The unpacked source archive, or None where pip cannot get it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", DJANGO]
    got = subprocess.run([*command, "--dest", str(scratch)], capture_output=True, check=False, timeout=300)
    archives = sorted(scratch.glob("*.tar.gz"))
    if got.returncode or not archives:
        return None
    with tarfile.open(archives[0]) as archive:
        archive.extractall(scratch / "django", filter="data")
    return next((scratch / "django").iterdir())


def inputs(folder: Path | None, scratch: Path) -> dict[str, Path]:
    """What to measure, by name."""
    if folder is not None:
        return {folder.resolve().name: folder}
    archive = django(scratch)
    found = {"django 5.2": archive} if archive is not None else {}
    for repository in PACKS:
        tree = unpack(repository, scratch)
        if tree is not None:
            name = repository.partition("/")[2]
            found[name] = vendor(tree, scratch / name, ENOUGH)
    return found or {"this project": vendor(Path(__file__).resolve().parents[2] / "repos", scratch / "own", ENOUGH)}
