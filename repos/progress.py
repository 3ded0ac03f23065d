"""Telling the world how far a run is, and learning whether it is still ours. One thread writes; nobody waits for it."""

import logging
import threading
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.utils import timezone

from repos.models import IndexRun

log = logging.getLogger(__name__)
WRITE_EVERY = 0.5  # seconds between two writes of changed counts
BEAT_EVERY = 10.0  # seconds between two signs of life when nothing changes


class RunLost(Exception):
    """The run was unlinked, paused, or given to another worker: stop, and write nothing more."""


class Reporter:
    """Use as a context manager round the work. `report` may be called from any thread, as often as one likes."""

    def __init__(self, run: IndexRun) -> None:
        self.run = run
        self._state: tuple[str, int, int | None] = (run.phase, run.done, run.total)
        self._written = self._state
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._write_until_stopped, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def report(self, phase: str, done: int, total: int | None = None) -> None:
        self._state = (phase, done, total)

    def check(self) -> None:
        """Raises RunLost when the run is no longer this worker's."""
        if self._lost.is_set():
            raise RunLost

    def report_and_check(self, phase: str, done: int, total: int | None = None) -> None:
        self.report(phase, done, total)
        self.check()

    def _write_until_stopped(self) -> None:
        try:
            quiet = 0.0
            while not self._stop.wait(WRITE_EVERY) and not self._lost.is_set():
                quiet += WRITE_EVERY
                if self._state != self._written or quiet >= BEAT_EVERY:
                    self._write()
                    quiet = 0.0
        finally:
            connection.close()

    def _write(self) -> None:
        phase, done, total = self._written = self._state
        held = IndexRun.objects.held(self.run)
        try:
            is_ours = held.update(phase=phase, done=done, total=total, heartbeat_at=timezone.now())
        except DatabaseError:
            # The database may be back for the next beat; if not, the run becomes stale and is picked up again.
            log.warning("Could not write the progress of index run %s.", self.run.pk, exc_info=True)
            connection.close()
            return
        if not is_ours:
            self._lost.set()
