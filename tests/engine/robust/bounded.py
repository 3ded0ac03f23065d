"""Index a folder in a process of its own that may use only so much memory and CPU."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from repos import engine

ROOT = Path(engine.__file__).resolve().parents[2]
INDEX = """
import json, re, sys
from dataclasses import asdict
from pathlib import Path
from repos.engine import FolderTree, build_snapshot, make_slice, open_snapshot

root, out, processes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
info = build_snapshot(FolderTree(root), path=out, commit="c", processes=processes)
# Not ru_maxrss: that one also counts what the process that started this one held.
peak = int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
answer = make_slice(open_snapshot(out), "where is the parser of nested brackets", budget=2000)
print(json.dumps({
    "coverage": {**asdict(info.coverage), "examples": [[one.path, one.reason] for one in info.coverage.examples]},
    "digest": info.digest,
    "symbols": info.symbols,
    "tokens": answer.tokens,
    "megabytes": peak // 1024,
}))
"""


def index(root: Path, *, megabytes: int, cpu_seconds: int, processes: int = 1) -> dict[str, Any]:
    """What came of it. Fails when the process crashed or reached a limit. With 2 processes the parsers have limits of
    their own, and CPU seconds count for each process apart."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))

    command = [sys.executable, "-c", INDEX, str(root), str(root.with_name(f"{root.name}.snapshot")), str(processes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    coverage = found["coverage"]
    assert coverage["seen"] == coverage["parsed"] + coverage["text"] + sum(coverage["skipped"].values())
    return found
