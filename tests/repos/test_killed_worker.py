"""A worker process that is killed in the middle of a run, for real."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from repos import indexing, storage, tasks
from repos.models import IndexRun, Repository, State
from tests.live import ROOT, child_environment
from tests.races import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

# A worker that has claimed the run, holds the mirror's lock, and then takes for ever.
STUCK = """
import sys, time, django
django.setup()
from repos import indexing
from repos.engine.git import mirror
mirror.commit_of = lambda *arguments: time.sleep(600)
indexing.index(int(sys.argv[1]))
"""


def test_its_run_is_picked_up_again(link: Callable[..., Repository]) -> None:
    repository = link()
    run = IndexRun.objects.get()
    process = subprocess.Popen([sys.executable, "-c", STUCK, str(run.pk)], cwd=ROOT, env=child_environment())
    try:
        lock = storage.mirror_of(repository.public_id).with_name(f"{repository.public_id}.lock")
        wait_for(lambda: IndexRun.objects.get().state == State.RUNNING and is_held(lock), 60)
        first_beat = IndexRun.objects.get().heartbeat_at
        assert indexing.index(run.pk) == indexing.Outcome()  # it is at work: nobody else takes it
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert first_beat is not None
    IndexRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    for run_id in indexing.sweep_runs():
        tasks.index_repository(run_id)
    again = IndexRun.objects.get()
    assert (again.state, again.attempts, again.error) == (State.SUCCEEDED, 2, "")


def is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
