"""Who works on a run: claims, lost workers, newer requests, progress."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import F
from django.utils import timezone

from config.errors import NotFound
from repos import indexing, progress, services, tasks
from repos.engine import git
from repos.models import IndexRun, Repository, Snapshot, State, Trigger
from tests.conftest import Cast
from tests.engine.git_server import commit_files
from tests.races import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def make_stale(run: IndexRun) -> None:
    IndexRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))


def only_run() -> IndexRun:
    return IndexRun.objects.get()


def test_two_workers_one_run(link: Callable[..., Repository]) -> None:
    link()
    run_id = only_run().pk
    together = threading.Barrier(6)

    def claim(_: int) -> bool:
        try:
            connection.ensure_connection()
            together.wait(30)
            return IndexRun.objects.claim(run_id) is not None
        finally:
            connection.close()

    for turn in range(1, 9):
        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(claim, range(6))) == 1
        assert (only_run().state, only_run().attempts) == (State.RUNNING, turn)
        IndexRun.objects.update(state=State.QUEUED)


def test_a_task_that_arrives_twice_works_once(link: Callable[..., Repository]) -> None:
    repository = link()
    for _ in range(2):
        tasks.index_repository(only_run().pk)
    assert Snapshot.objects.filter(repository=repository).count() == 1
    tasks.index_repository(10**9)  # a run that is gone


def test_two_requests_at_once_make_one_run(link: Callable[..., Repository]) -> None:
    repository = link()
    IndexRun.objects.update(state=State.SUCCEEDED)

    def request(_: int) -> int:
        try:
            return services.request_index(repository=repository, actor=None).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(request, range(5)))) == 1
    assert IndexRun.objects.filter(state=State.QUEUED).count() == 1


def test_the_database_holds_one_waiting_and_one_at_work(link: Callable[..., Repository]) -> None:
    repository = link()
    with pytest.raises(IntegrityError):
        IndexRun.objects.create(repository=repository, trigger=Trigger.POLL)


def test_a_request_during_a_run_waits_behind_it(link: Callable[..., Repository], shop: Path) -> None:
    repository = link()
    first = IndexRun.objects.claim(only_run().pk)
    assert first is not None
    second = services.request_index(repository=repository, actor=None)
    assert second.pk != first.pk and IndexRun.objects.claim(second.pk) is None
    assert services.request_index(repository=repository, actor=None).pk == second.pk
    assert first.finish(State.SUCCEEDED)
    assert IndexRun.objects.claim(second.pk) is not None


def test_a_run_gives_way_to_a_newer_one_before_it_parses(
    link: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = link()
    first = only_run()
    real = git.fetch

    def fetch_while_somebody_pushes(*args: Any, **rest: Any) -> git.Fetched:
        fetched = real(*args, **rest)
        services.request_index(repository=repository, actor=None, trigger=Trigger.PUSH)
        return fetched

    monkeypatch.setattr(git, "fetch", fetch_while_somebody_pushes)
    states, run_id = [], first.pk
    for _ in range(IndexRun.objects.all().MAX_GIVEN_WAY + 1):
        outcome = indexing.index(run_id)
        states.append(IndexRun.objects.get(pk=run_id).state)
        assert outcome.next_run is not None
        run_id = outcome.next_run
    # A branch that is pushed to all the time gets its index all the same.
    assert states == [State.SUPERSEDED] * 3 + [State.SUCCEEDED]


def test_a_killed_workers_run_is_picked_up_again(link: Callable[..., Repository]) -> None:
    repository = link()
    lost = IndexRun.objects.claim(only_run().pk)
    assert lost is not None
    assert indexing.sweep_runs() == []  # its heart was beating a moment ago
    make_stale(lost)
    assert indexing.sweep_runs() == [lost.pk]
    assert only_run().state == State.QUEUED
    indexing.index(lost.pk)
    again = only_run()
    assert (again.state, again.attempts) == (State.SUCCEEDED, 2)
    # The first worker wakes up: it has nothing to say any more.
    assert not lost.finish(State.FAILED, error="too late")
    assert only_run().state == State.SUCCEEDED
    assert Snapshot.objects.filter(repository=repository).count() == 1


def test_a_run_that_kills_its_workers_is_given_up(link: Callable[..., Repository]) -> None:
    link()
    for _ in range(indexing.MAX_ATTEMPTS):
        run = IndexRun.objects.claim(only_run().pk)
        assert run is not None
        make_stale(run)
        indexing.sweep_runs()
    assert (only_run().state, only_run().error_code) == (State.FAILED, "worker_lost")


def test_a_queued_run_that_no_task_knows_of_is_found(link: Callable[..., Repository]) -> None:
    link()
    assert indexing.sweep_runs() == []
    IndexRun.objects.update(queued_at=timezone.now() - timedelta(minutes=5))
    assert indexing.sweep_runs() == [only_run().pk]
    assert indexing.sweep_runs() == []


def test_a_hand_back_gives_way_to_a_run_that_waits_already(link: Callable[..., Repository]) -> None:
    repository = link()
    run = IndexRun.objects.claim(only_run().pk)
    assert run is not None
    newer = services.request_index(repository=repository, actor=None)
    assert not run.hand_back(error_code="git_timeout", error="slow")
    run.refresh_from_db()
    assert run.state == State.SUPERSEDED and IndexRun.objects.claim(newer.pk) is not None


def test_progress_is_written_and_a_lost_run_is_noticed(
    link: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    link()
    monkeypatch.setattr(progress, "WRITE_EVERY", 0.01)
    run = IndexRun.objects.claim(only_run().pk)
    assert run is not None
    with progress.Reporter(run) as reporter:
        reporter.report_and_check("parse", 3, 10)
        wait_for(lambda: only_run().done == 3, 20)
        assert (only_run().phase, only_run().total) == ("parse", 10)
        IndexRun.objects.update(state=State.CANCELLED)
        reporter.report("parse", 4, 10)
        wait_for(reporter._lost.is_set, 20)
        with pytest.raises(progress.RunLost):
            reporter.check()
    assert only_run().done == 3


def test_its_heart_beats_while_nothing_changes(
    link: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    link()
    monkeypatch.setattr(progress, "WRITE_EVERY", 0.01)
    monkeypatch.setattr(progress, "BEAT_EVERY", 0.02)
    run = IndexRun.objects.claim(only_run().pk)
    assert run is not None
    make_stale(run)
    with progress.Reporter(run):
        wait_for(lambda: not IndexRun.objects.stale(timezone.now()).exists(), 20)


def test_unlinking_stops_a_run_at_work(
    cast: Cast, link: Callable[..., Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = link()
    real = git.fetch

    def fetch_while_somebody_unlinks(*args: Any, **rest: Any) -> git.Fetched:
        fetched = real(*args, **rest)
        services.unlink_repository(repository=repository, actor=cast.olga)
        return fetched

    monkeypatch.setattr(git, "fetch", fetch_while_somebody_unlinks)
    run_id = only_run().pk
    assert indexing.index(run_id) == indexing.Outcome()
    assert not Snapshot.objects.exists() and not IndexRun.objects.exists()


def test_the_newer_run_sees_the_newer_commit(indexed: Repository, shop: Path) -> None:
    tip = commit_files(shop, {"late.py": "late = 1\n"})
    run = services.request_index(repository=indexed, actor=None, trigger=Trigger.PUSH)
    tasks.index_repository(run.pk)
    run.refresh_from_db()
    assert (run.state, run.commit) == (State.SUCCEEDED, tip)


def test_a_run_that_waits_for_its_next_attempt_is_not_found_too_early(link: Callable[..., Repository]) -> None:
    link()
    run = IndexRun.objects.claim(only_run().pk)
    assert run is not None and run.hand_back(error_code="git_timeout", error="slow", wait=240)
    IndexRun.objects.update(queued_at=F("queued_at") - timedelta(seconds=200))
    assert indexing.sweep_runs() == []
    IndexRun.objects.update(queued_at=F("queued_at") - timedelta(seconds=200))
    assert indexing.sweep_runs() == [run.pk]


def test_asking_for_a_run_of_what_was_just_unlinked(cast: Cast, link: Callable[..., Repository]) -> None:
    repository = link()
    services.unlink_repository(repository=Repository.objects.get(), actor=cast.olga)
    with pytest.raises(NotFound):
        services.request_index(repository=repository, actor=cast.olga)
