"""Paired runs against another indexer: whole processes, alternating, CPU of the whole process tree."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

PACKAGE = "@optave/codegraph@3.11.2"
RUNS = 3
LIMIT = 600.0  # seconds to install: it compiles SQLite


class Skipped(Exception):
    """Why the peer cannot be measured."""


def install(scratch: Path) -> Path:
    """The peer's program. CODEGRAPH names one that is there already."""
    ready = os.environ.get("CODEGRAPH")
    if ready:
        return Path(ready)
    if shutil.which("npm") is None:
        raise Skipped("there is no npm here")
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(scratch), PACKAGE]
    try:
        got = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT)
    except subprocess.TimeoutExpired as error:
        raise Skipped(f"npm took over {LIMIT:.0f} s") from error
    program = scratch / "node_modules" / ".bin" / "codegraph"
    if got.returncode or not program.exists():
        raise Skipped("npm could not install it")
    return program


def spent(command: list[str], folder: Path) -> float:
    """CPU seconds of a command and of what it started. Raises Skipped when it fails."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Skipped(f"`{' '.join(command[:2])}` ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def ratios(root: Path, scratch: Path) -> list[float]:
    """Ours over theirs, one a pair, start-up and listing of files included on both sides."""
    program, own = install(scratch / "npm"), Path(__file__).resolve().parents[2]
    copy = scratch / "peer"
    shutil.copytree(root, copy, symlinks=True)
    subprocess.run(["git", "init", "--quiet", str(copy)], check=True)
    found = []
    for number in range(RUNS):
        shutil.rmtree(copy / ".codegraph", ignore_errors=True)
        theirs = spent([str(program), "build", str(copy)], copy)
        command = [sys.executable, "-m", "bench.index.work", "index", str(root), str(scratch / f"peer{number}"), "2"]
        found.append(spent(command, own) / theirs)
    return found


def told(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f}, n = {len(values)})"
