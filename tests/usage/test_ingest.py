"""An event counts once: the write path against the real database."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Cast
from tests.usage.builders import make_record, yesterday
from usage import ingest, pricebook, rollups
from usage.ingest import NewEvent
from usage.models import GROUP_FIELDS, DailyRollup, DirtyDay, EventKey, HourlyRollup, UsageEvent
from usage.sources import TokenCounts, UsageRecord


def write(team_id: int, *records: UsageRecord, **place: Any) -> ingest.Outcome:
    events = [NewEvent(record, **place) for record in records]
    return ingest.write(team_id=team_id, events=events, book=pricebook.current())


def record(**fields: Any) -> UsageRecord:
    return make_record(**{"occurred_at": yesterday(), **fields})


def test_it_stores_and_prices_an_event(cast: Cast) -> None:
    tokens = TokenCounts(input_uncached=100, cache_read=2000, cache_write_5m=30, output=40, reasoning=5)
    sent = record(client_id="a", tokens=tokens, reported_cost=Decimal("0.5"), reported_basis="client-estimated")
    assert write(cast.acme.pk, sent, member_id=cast.mei.pk, api_key_id=7) == (1, 0, 0)
    event = UsageEvent.objects.for_team(cast.acme).get()
    assert (event.client_id, event.member_id, event.api_key_id, event.provider) == ("a", cast.mei.pk, 7, "anthropic")
    assert (event.input_uncached, event.cache_read, event.output, event.reasoning) == (100, 2000, 40, 5)
    assert event.computed_cost == Decimal("0.0026875")
    parts = (event.cost_input, event.cost_cache_read, event.cost_cache_write, event.cost_output)
    assert event.computed_cost == sum(part for part in parts if part is not None)
    assert (event.reported_cost, event.reported_basis) == (Decimal("0.5"), "client-estimated")
    assert event.month == event.occurred_at.date().replace(day=1)
    assert event.price_version == pricebook.current().version
    assert list(DirtyDay.objects.values_list("team_id", "day")) == [(cast.acme.pk, event.occurred_at.date())]


def test_an_unknown_model_is_stored_without_a_price(cast: Cast) -> None:
    write(cast.acme.pk, record(model="who-knows"))
    event = UsageEvent.objects.for_team(cast.acme).get()
    assert (event.computed_cost, event.unpriced_reason) == (None, "unknown model")


def test_the_same_event_again_changes_nothing(cast: Cast) -> None:
    sent = record(client_id="a")
    write(cast.acme.pk, sent)
    DirtyDay.objects.all().delete()
    assert write(cast.acme.pk, sent, sent) == (0, 0, 2)
    assert UsageEvent.objects.count() == 1
    assert not DirtyDay.objects.exists()


def test_copies_within_one_call_count_once(cast: Cast) -> None:
    lesser, better = (record(client_id="a", tokens=TokenCounts(output=count)) for count in (1, 9))
    assert write(cast.acme.pk, lesser, better, lesser) == (1, 0, 2)
    assert UsageEvent.objects.get().output == 9


def test_two_teams_may_use_one_id(cast: Cast) -> None:
    sent = record(client_id="a")
    assert write(cast.acme.pk, sent) == write(cast.rival.pk, sent) == (1, 0, 0)
    assert UsageEvent.objects.for_team(cast.rival).count() == 1


def test_a_more_complete_copy_replaces_and_a_lesser_does_not(cast: Cast) -> None:
    write(cast.acme.pk, record(client_id="a", tokens=TokenCounts(output=5)))
    assert write(cast.acme.pk, record(client_id="a", tokens=TokenCounts(output=50))) == (0, 1, 0)
    assert write(cast.acme.pk, record(client_id="a", tokens=TokenCounts(output=7))) == (0, 0, 1)
    event = UsageEvent.objects.get()
    assert (event.output, event.computed_cost) == (50, Decimal("0.00125"))


def test_a_cost_makes_a_copy_more_complete(cast: Cast) -> None:
    write(cast.acme.pk, record(client_id="a"))
    better = record(client_id="a", reported_cost=Decimal("1.5"), reported_basis="billed")
    assert write(cast.acme.pk, better) == (0, 1, 0)
    assert UsageEvent.objects.get().reported_cost == Decimal("1.5")


def test_a_copy_of_another_month_lands_on_the_first_row(cast: Cast) -> None:
    first = datetime.now(UTC) - timedelta(days=40)
    moved = datetime.now(UTC) - timedelta(hours=1)
    write(cast.acme.pk, record(client_id="a", occurred_at=first))
    DirtyDay.objects.all().delete()
    better = record(client_id="a", occurred_at=moved, tokens=TokenCounts(output=999))
    assert write(cast.acme.pk, better) == (0, 1, 0)
    event = UsageEvent.objects.get()
    assert (event.occurred_at, event.output) == (first, 999)
    assert DirtyDay.objects.get().day == first.date()


def test_gaps_are_filled_from_a_lesser_copy(cast: Cast) -> None:
    write(cast.acme.pk, record(client_id="a", tokens=TokenCounts(output=50)), member_label="someone@acme.example")
    lesser = record(client_id="a", tokens=TokenCounts(output=1), repository="web", session_id="s")
    assert write(cast.acme.pk, lesser, member_id=cast.mei.pk, repository_id=3) == (0, 1, 0)
    event = UsageEvent.objects.get()
    assert (event.output, event.repository_label, event.repository_id, event.session_id) == (50, "web", 3, "s")
    assert (event.member_id, event.member_label) == (cast.mei.pk, "")


def test_nobody_takes_over_the_event_of_another(cast: Cast) -> None:
    write(cast.acme.pk, record(client_id="a"), member_id=cast.mei.pk)
    write(cast.acme.pk, record(client_id="a", tokens=TokenCounts(output=10**6)), member_id=cast.olga.pk)
    assert UsageEvent.objects.get().member_id == cast.mei.pk


def test_a_failure_leaves_nothing_behind(cast: Cast) -> None:
    good = record(client_id="a")
    with pytest.raises(IntegrityError):
        write(cast.acme.pk, good, record(client_id="b", tokens=TokenCounts(output=1, reasoning=2)))
    assert not EventKey.objects.exists()
    assert write(cast.acme.pk, good) == (1, 0, 0)


def test_a_batch_costs_the_same_number_of_queries_whatever_its_size(cast: Cast) -> None:
    used = []
    for size in (1, 300):
        batch = [record() for _ in range(size)]
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                write(cast.acme.pk, *batch)
            used.append(len(queries))
    new_one, known_one, new_many, known_many = used
    assert new_many <= new_one <= 14
    assert known_many <= known_one <= 14


def test_partitions_hold_one_month_each(cast: Cast) -> None:
    for days in (1, 35, 70):
        write(cast.acme.pk, record(occurred_at=datetime.now(UTC) - timedelta(days=days)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, month FROM usage_usageevent")
        rows = cursor.fetchall()
    assert len({name for name, _ in rows}) == 3
    assert all(name == f"usage_usageevent_{month:%Y_%m}" for name, month in rows)


# --- The same copies in any order leave the same rows ----------------------------------------------------------------

counts = st.integers(0, 3)
copies = st.builds(
    lambda key, output, read, cost, billing, repository, session: record(
        client_id=f"id{key}",
        tokens=TokenCounts(output=output, cache_read=read),
        reported_cost=None if cost is None else Decimal(cost),
        reported_basis=None if cost is None else "client-estimated",
        billing=billing,
        repository=repository,
        session_id=session,
    ),
    counts,
    counts,
    counts,
    st.sampled_from([None, 1, 2]),
    st.sampled_from(["api", "unknown", "subscription"]),
    st.sampled_from(["", "web", "Über"]),
    st.sampled_from(["", "s1", "s2"]),
)
STATE = [field.name for field in UsageEvent._meta.concrete_fields if field.name not in {"id", "received_at"}]


def state_after(team_id: int, batches: list[list[UsageRecord]]) -> tuple[object, ...]:
    """Every column of every event, and of the rollups, after these calls; the slate is clean before."""
    with connection.cursor() as cursor:
        for table in (UsageEvent, EventKey, DirtyDay, HourlyRollup, DailyRollup):
            cursor.execute(f"DELETE FROM {table._meta.db_table}")
    for batch in batches:
        write(team_id, *batch)
        for team, day in rollups.dirty_days():
            rollups.recompute(team_id=team, day=day)
    events = UsageEvent.objects.order_by("client_id").values_list(*STATE)
    days = sorted(map(str, DailyRollup.objects.values_list("day", *GROUP_FIELDS, *rollups.SUMS)))
    hours = sorted(map(str, HourlyRollup.objects.values_list("hour", *GROUP_FIELDS, *rollups.SUMS)))
    return [[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in events], days, hours


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(copies, min_size=1, max_size=8), seed=st.integers(0, 10**6), size=st.integers(1, 5))
def test_any_order_and_any_repetition_leave_the_same_rows(
    cast: Cast, sent: list[UsageRecord], seed: int, size: int
) -> None:
    rng = random.Random(seed)
    shuffled = sent + rng.choices(sent, k=4)
    rng.shuffle(shuffled)
    batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    assert state_after(cast.acme.pk, batches) == state_after(cast.acme.pk, [sent])


def test_the_day_of_an_event_is_that_of_utc(cast: Cast) -> None:
    late = datetime.fromisoformat("2026-11-01T01:00:00+02:00").astimezone(UTC)
    write(cast.acme.pk, record(occurred_at=late))
    assert DirtyDay.objects.get().day == date(2026, 10, 31)
    assert UsageEvent.objects.get().month == date(2026, 10, 1)
