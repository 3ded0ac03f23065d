"""Several things at once, each in a thread with a database connection of its own; and waiting for one of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

from django.db import connection


def in_thread(act: Callable[[], Any], results: list[Any]) -> Thread:
    """Begins the act; its answer, or its error, is put into `results`."""

    def run() -> None:
        try:
            results.append(act())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def together(*acts: Callable[[], object], refusals: type[Exception] | tuple[type[Exception], ...] = ()) -> list[object]:
    """What came of each act, all begun at the same moment: its answer or its refusal. Raises any other error."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            start.wait(30)
            return act()
        except refusals as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def wait_for(ready: Callable[[], object], seconds: float = 30) -> None:
    """Raises TimeoutError when it does not come to that."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not ready after {seconds} s.")
        time.sleep(0.05)
