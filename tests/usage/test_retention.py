"""Months are made ahead and dropped whole; small rows go a few at a time; nothing that a plan shows is lost."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.services import close_team
from billing.plans import PLANS
from tests.conftest import Cast
from tests.usage.builders import make_record, send, yesterday
from usage import partitions, retention
from usage.models import DailyRollup, DailySessions, EventKey, HourlyRollup, UsageEvent
from usage.sources.events import LATE_WINDOW
from usage.tasks import keep_partitions


def test_the_coming_months_are_made_ahead(db: None) -> None:
    keep_partitions()
    month = partitions.first_of(datetime.now(UTC).date())
    ahead = [month, partitions.next_month(month), partitions.next_month(partitions.next_month(month))]
    assert set(ahead) <= set(partitions.existing())
    keep_partitions()


@pytest.mark.parametrize(
    ("day", "after"), [(date(2026, 12, 31), date(2027, 1, 1)), (date(2028, 1, 31), date(2028, 2, 1))]
)
def test_months_follow_each_other(day: date, after: date) -> None:
    assert partitions.next_month(partitions.first_of(day)) == after


def test_a_month_is_dropped_with_everything_about_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    old = datetime.now(UTC) - timedelta(days=200)
    send(cast.acme, *(make_record(occurred_at=old, session_id="s") for _ in range(5)))
    send(cast.acme, make_record(client_id="kept", occurred_at=yesterday(), session_id="s"))
    dropped = retention.drop_old(datetime.now(UTC).date() - timedelta(days=100))
    assert partitions.first_of(old.date()) in dropped
    for table in (UsageEvent, EventKey, DailyRollup, HourlyRollup, DailySessions):
        assert table.objects.for_team(cast.acme).count() == 1
    assert UsageEvent.objects.get().client_id == "kept"


def test_what_is_late_but_taken_is_never_dropped() -> None:
    assert max(plan.history_days for plan in PLANS) < retention.KEPT_DAYS
    assert LATE_WINDOW.days + 31 < retention.KEPT_DAYS


def test_the_key_of_a_dropped_event_still_keeps_its_copies_out(cast: Cast) -> None:
    old = datetime.now(UTC) - timedelta(days=200)
    send(cast.acme, make_record(client_id="a", occurred_at=old))
    partitions.drop_before(datetime.now(UTC).date() - timedelta(days=100))
    send(cast.acme, make_record(client_id="a", occurred_at=yesterday()))
    assert not UsageEvent.objects.exists()


def test_a_closed_team_leaves_nothing_and_takes_nothing_of_others(cast: Cast) -> None:
    for team in (cast.acme, cast.rival):
        send(team, *(make_record(client_id=f"{n}", occurred_at=yesterday(), session_id="s") for n in range(3)))
    close_team(team=cast.acme, actor=cast.olga)
    keep_partitions()
    for table in (UsageEvent, EventKey, DailyRollup, HourlyRollup, DailySessions):
        assert not table.objects.for_team(cast.acme).exists()
        assert table.objects.for_team(cast.rival).exists()
