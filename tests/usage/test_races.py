"""Many senders and many workers at once, on real transactions: nothing is lost and nothing counts twice."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum

from tests.conftest import make_cast
from tests.races import together
from tests.usage.builders import make_record, yesterday
from usage import ingest, partitions, pricebook, rollups, tasks
from usage.ingest import NewEvent
from usage.models import DailyRollup, DirtyDay, HourlyRollup, PriceRow, PriceVersion, UsageEvent
from usage.sources import TokenCounts


@pytest.fixture
def team_id(transactional_db: None) -> int:
    pricebook.current()
    return make_cast().acme.pk


def send(team_id: int, keys: range, output: int = 1) -> ingest.Outcome:
    events = [
        NewEvent(make_record(client_id=f"id{key}", tokens=TokenCounts(output=output), occurred_at=yesterday()))
        for key in keys
    ]
    return ingest.write(team_id=team_id, events=events, book=pricebook.current())


def test_overlapping_batches_of_many_senders_count_each_event_once(team_id: int) -> None:
    def sender(step: int) -> Callable[[], object]:
        # Forwards and backwards, more and less complete, each batch overlapping with all the others.
        def work() -> int:
            accepted = 0
            for start in range(0, 400, 100):
                keys = range(start, start + 160) if step % 2 else range(start + 159, start - 1, -1)
                accepted += send(team_id, keys, output=step + 1).accepted
            return accepted

        return work

    accepted = together(*(sender(step) for step in range(4)))
    assert sum(accepted) == 460  # type: ignore[arg-type]
    assert UsageEvent.objects.for_team(team_id).count() == 460
    assert UsageEvent.objects.aggregate(total=Sum("output"))["total"] == 460 * 4


def test_a_new_month_is_made_by_one_of_many(team_id: int) -> None:
    month = partitions.first_of((yesterday() - timedelta(days=300)).date())
    together(*(lambda: partitions.ensure([month]) for _ in range(4)))
    assert partitions.existing().count(month) == 1


def test_senders_and_workers_at_once_end_with_exact_sums(team_id: int) -> None:
    done = threading.Event()

    def sender(first: int) -> Callable[[], object]:
        def work() -> None:
            for start in range(first, first + 200, 20):
                send(team_id, range(start, start + 30), output=5)

        return work

    def worker() -> None:
        while not done.wait(0.01):
            for team, day in rollups.dirty_days():
                rollups.recompute(team_id=team, day=day)

    def senders() -> None:
        try:
            together(sender(0), sender(100))
        finally:
            done.set()

    together(worker, worker, senders)
    for team, day in rollups.dirty_days():
        assert rollups.recompute(team_id=team, day=day)
    assert not DirtyDay.objects.exists()
    expected = {"output": 310 * 5, "events": 310, "computed_cost": Decimal("0.00002500") * 310 * 5}
    sums = {name: Sum(name) for name in expected}
    assert HourlyRollup.objects.for_team(team_id).aggregate(**sums) == expected
    assert DailyRollup.objects.for_team(team_id).aggregate(**sums) == expected


def test_an_event_committed_while_its_day_is_recomputed_is_not_missed(team_id: int) -> None:
    send(team_id, range(1))
    [(_, day)] = rollups.dirty_days(team_id)
    with transaction.atomic():
        assert rollups.recompute(team_id=team_id, day=day)
        together(lambda: send(team_id, range(1, 2)))  # commits before the recompute does
    assert DailyRollup.objects.get().events == 1
    assert rollups.dirty_days(team_id) == [(team_id, day)]
    rollups.recompute(team_id=team_id, day=day)
    assert DailyRollup.objects.get().events == 2


def test_two_workers_do_not_recompute_one_day_at_once(team_id: int) -> None:
    send(team_id, range(1))
    [(_, day)] = rollups.dirty_days(team_id)
    with transaction.atomic():
        assert rollups.recompute(team_id=team_id, day=day)
        assert together(lambda: rollups.recompute(team_id=team_id, day=day)) == [False]
    assert DailyRollup.objects.count() == 1


def test_a_day_that_cannot_be_summed_does_not_keep_the_others_waiting(team_id: int) -> None:
    send(team_id, range(1))
    nobody = 2**40 + 7  # there is no such team, so its sums are refused
    DirtyDay.objects.create(team_id=nobody, day=yesterday().date())
    ingest.write(team_id=nobody, events=[NewEvent(make_record(occurred_at=yesterday()))], book=pricebook.current())
    tasks.sweep_changed_days()
    assert DailyRollup.objects.get().team_id == team_id
    assert {team for team, _ in rollups.dirty_days()} == {nobody}


def test_two_refreshes_of_the_price_book_make_one_version(transactional_db: None) -> None:
    lines = pricebook.installed_lines()[:50]
    assert together(*(lambda: pricebook.refresh(lines, "test") for _ in range(2))) == [1, 1]
    assert (PriceVersion.objects.count(), PriceRow.objects.count()) == (1, 50)
