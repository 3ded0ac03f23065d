"""What both servers share: their folder, their process, and waiting until they answer."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.processes import die_with_parent, end_process

START_TIMEOUT = 60.0  # seconds; recovery after a crash is the slow case
STOP_TIMEOUT = 10.0


class LocalStackError(Exception):
    """A server could not be started. The message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Server:
    """A running server: the URL to reach it by, its log, and how to end it."""

    name: str
    url: str
    log: Path
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals

    def stop(self) -> None:
        """End it cleanly; after `STOP_TIMEOUT` seconds end it anyway."""
        end_process(self.process, self.stop_signal, STOP_TIMEOUT)


def writable_folder(path: Path) -> Path:
    """The folder, made if missing. Raises LocalStackError when nothing can be written into it."""
    path = path.expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise LocalStackError(
            f"The folder {path} cannot be written ({error.strerror}). Set PARE_DATA to a folder that can."
        ) from None
    return path


def spawn(
    command: list[str], log: Path, stop_signal: signal.Signals, *, stdin: str = "", **as_account: Any
) -> subprocess.Popen[bytes]:
    """Start a server in a process group of its own, `stdin` as its input, its words in `log`."""
    with log.open("wb") as output, tempfile.TemporaryFile() as source:
        source.write(stdin.encode())
        source.seek(0)
        return subprocess.Popen(
            command,
            stdin=source,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            process_group=0,
            preexec_fn=die_with_parent(stop_signal),
            **as_account,
        )


def wait_until_ready(server: Server, answers: Callable[[], bool]) -> None:
    """Return when `answers()`; raise LocalStackError with the last log lines when the server ends or stays silent."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            said = tail(server.log) or "it said nothing"
            raise LocalStackError(f"{server.name} stopped while it started: {said} (log: {server.log}).")
        if answers():
            return
        time.sleep(0.03)
    server.stop()
    raise LocalStackError(f"{server.name} did not answer within {START_TIMEOUT:.0f} seconds (log: {server.log}).")


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log on one line, or "" when there is none."""
    with suppress(OSError):
        text = log.read_text(encoding="utf-8", errors="replace").strip()
        return " / ".join(line.strip() for line in text.split("\n")[-lines:] if line.strip())
    return ""
