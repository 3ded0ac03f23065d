"""One git command over a mirror whose answer may be cut: by bytes, by seconds."""

import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from repos.engine.git.process import clean_environment, end_group, git_program


def first_bytes(
    mirror: Path,
    arguments: Sequence[str],
    *,
    most_bytes: int,
    seconds: float,
    configuration: Mapping[str, str] | None = None,
) -> bytes:
    """What git says, up to `most_bytes` or until `seconds` are over; nothing when it fails. Touches no network."""
    with tempfile.TemporaryDirectory(prefix="pare-git-") as home:
        process = subprocess.Popen(
            [git_program(), f"--git-dir={mirror}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=clean_environment(home, configuration or {}, {}),
            process_group=0,
        )
        watch = threading.Timer(seconds, end_group, args=(process,))
        watch.start()
        assert process.stdout is not None
        try:
            return process.stdout.read(most_bytes)
        finally:
            watch.cancel()
            end_group(process)
            process.stdout.close()
