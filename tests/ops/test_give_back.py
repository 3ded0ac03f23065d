"""What `manage.py up` relies on when it stops: a worker that is told to quit gives its task back to the queue."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import redis

from config.processes import end_process
from tests.live import ROOT, Child, start_child
from tests.ops.sleeper import QUEUE, sleep

PATIENCE = 120.0


def until(condition: Callable[[], bool], child: Child) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, child.tail()
        time.sleep(0.1)


def test_a_running_task_goes_back_to_the_queue(tmp_path: Path) -> None:
    command = [
        "celery",
        "-A",
        "tests.ops.sleeper",
        "worker",
        "-c",
        "1",
        "-l",
        "INFO",
        "-n",
        f"sleeper-{os.getpid()}@here",
    ]
    child = start_child("sleeper", command, {**os.environ, "PYTHONPATH": str(ROOT)}, tmp_path / "log")
    try:
        sleep.delay(600)
        until(lambda: "asleep" in child.tail(), child)
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            assert broker.llen(QUEUE) == 0
            child.process.send_signal(signal.SIGTERM)
            until(lambda: "Warm shutdown" in child.tail(), child)
            child.process.send_signal(signal.SIGQUIT)
            until(lambda: child.process.poll() is not None, child)
            assert broker.llen(QUEUE) == 1
    finally:
        end_process(child.process, signal.SIGKILL, 5)
