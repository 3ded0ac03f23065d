"""Regular checks start a run when, and only when, the host has something new."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from billing.services import change_plan
from repos import polling, tasks
from repos.models import IndexRun, Repository, State, Trigger
from tests.conftest import Cast
from tests.engine.git_server import commit_files

pytestmark = pytest.mark.django_db


def polled() -> int:
    return IndexRun.objects.filter(trigger=Trigger.POLL).count()


def test_news_start_a_run_and_no_news_do_not(indexed: Repository, shop: Path) -> None:
    tasks.poll_repository(indexed.pk)
    assert polled() == 0
    commit_files(shop, {"new.py": "n = 1\n"})
    tasks.poll_repository(indexed.pk)
    tasks.poll_repository(indexed.pk)  # a run waits already
    assert polled() == 1


def test_a_host_that_does_not_answer_is_noted_on_the_page(indexed: Repository, shop: Path) -> None:
    shop.rename(shop.with_name("away"))
    tasks.poll_repository(indexed.pk)
    indexed.refresh_from_db()
    assert polled() == 0 and "no repository at this address" in indexed.poll_error
    shop.with_name("away").rename(shop)
    tasks.poll_repository(indexed.pk)
    indexed.refresh_from_db()
    assert indexed.poll_error == ""


def test_what_failed_at_a_commit_is_not_tried_again_at_it(indexed: Repository, shop: Path) -> None:
    tip = commit_files(shop, {"new.py": "n = 1\n"})
    IndexRun.objects.update(state=State.FAILED, commit=tip)
    tasks.poll_repository(indexed.pk)
    assert polled() == 0
    commit_files(shop, {"fix.py": "n = 1\n"})
    tasks.poll_repository(indexed.pk)
    assert polled() == 1


def test_what_failed_at_a_cap_is_tried_again_when_the_plan_has_none(
    cast: Cast, indexed: Repository, shop: Path
) -> None:
    tip = commit_files(shop, {"new.py": "n = 1\n"})
    IndexRun.objects.update(state=State.FAILED, commit=tip, error_code="symbol_cap_reached")
    change_plan(team=cast.acme, plan="starter", actor=None)
    tasks.poll_repository(indexed.pk)
    assert polled() == 0
    change_plan(team=cast.acme, plan="pro", actor=None)
    tasks.poll_repository(indexed.pk)
    assert polled() == 1


@pytest.mark.django_db(transaction=True)
def test_a_due_repository_is_taken_once(indexed: Repository) -> None:
    def take(_: int) -> int:
        try:
            return len(polling.take_due(timezone.now()))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == 1


@pytest.mark.parametrize(("plan", "seconds"), [("starter", 3600), ("pro", 900), ("team", 300)])
def test_the_plan_sets_how_often(cast: Cast, indexed: Repository, plan: str, seconds: int) -> None:
    change_plan(team=cast.acme, plan=plan, seats=5, actor=None)
    now = timezone.now()
    assert polling.take_due(now) == [indexed.pk]
    indexed.refresh_from_db()
    assert 0.89 * seconds <= (indexed.next_poll_at - now).total_seconds() <= 1.11 * seconds
    assert polling.take_due(now) == []


def test_paused_busy_and_closed_ones_are_not_due(cast: Cast, link: Callable[..., Repository]) -> None:
    link()  # its first run waits
    later = timezone.now() + timedelta(days=1)
    assert polling.take_due(later) == []
    IndexRun.objects.update(state=State.SUCCEEDED)
    Repository.objects.update(paused_at=timezone.now())
    assert polling.take_due(later) == []
    Repository.objects.update(paused_at=None)
    cast.acme.closed_at = timezone.now()
    cast.acme.save()
    assert polling.take_due(later) == []


def test_a_run_that_failed_at_the_host_is_made_again_when_it_answers(indexed: Repository) -> None:
    IndexRun.objects.update(state=State.FAILED, commit="", error="The host did not answer.")
    tasks.poll_repository(indexed.pk)
    assert polled() == 1
