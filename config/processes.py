"""Child processes that cannot be left behind: each leads its own process group and ends with its parent."""

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

PR_SET_PDEATHSIG = 1
SUPERVISOR = "PARE_SUPERVISOR"  # in the environment of its children: the process that ends them
ORPHAN_PATIENCE = 10.0  # seconds an orphan has to end by itself


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `stop_signal` to the child when the thread that made it ends.

    Linux only; elsewhere it does nothing.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: the child must not load anything
    parent = os.getpid()

    def arm() -> None:
        signal.signal(stop_signal, signal.SIG_DFL)  # a shell's `&` leaves SIGINT and SIGQUIT ignored, in children too
        prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between the fork and the call above
            os.kill(os.getpid(), signal.SIGKILL)

    return arm


def end_when_orphaned() -> None:
    """For a child that may hang on its orphan signal: some seconds after its supervisor is gone, its group is killed.

    Celery waits for a broker that went together with the supervisor, and would wait for an hour.
    """
    supervisor = int(os.environ.get(SUPERVISOR, 0))
    if supervisor and os.getpgrp() == os.getpid():
        threading.Thread(target=_watch, args=(supervisor,), daemon=True, name="end when orphaned").start()


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(1)
    time.sleep(ORPHAN_PATIENCE)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def end_process(process: subprocess.Popen[bytes], stop_signal: signal.Signals, timeout: float) -> None:
    """Send `stop_signal` to a child that leads a process group; after at most `timeout` seconds kill the group."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(stop_signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout)
    kill_group(process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the child's process group, the child itself included."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def token() -> str:
    """A password that nobody types: 192 random bits."""
    return secrets.token_urlsafe(24)
