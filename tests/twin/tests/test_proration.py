"""The twin's arithmetic of time and cents, by itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.resources.periods import add, period_at
from tests.twin.resources.proration import amount_of, credit, debit, rest_of

MONTH = (1_767_225_600, 1_769_904_000)  # January 2026
LENGTH = MONTH[1] - MONTH[0]


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2026-01-31T10:00", "month", 1, "2026-02-28T10:00"),
        ("2028-01-31T10:00", "month", 1, "2028-02-29T10:00"),
        ("2026-01-31T10:00", "month", 2, "2026-03-31T10:00"),
        ("2026-12-15T00:00", "month", 1, "2027-01-15T00:00"),
        ("2028-02-29T00:00", "year", 1, "2029-02-28T00:00"),
        ("2026-03-31T00:00", "month", -1, "2026-02-28T00:00"),
        ("2026-03-28T23:59:59", "week", 1, "2026-04-04T23:59:59"),
        ("2026-03-28T12:00", "day", 3, "2026-03-31T12:00"),
    ],
)
def test_intervals_follow_the_calendar(start: str, interval: str, count: int, end: str) -> None:
    assert add(moment(start), interval, count) == moment(end)


@given(
    st.integers(0, 4_000_000_000),
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(1, 12),
    st.integers(0, 4_000_000_000),
)
def test_every_moment_lies_in_one_period(anchor: int, interval: str, count: int, at: int) -> None:
    start, end = period_at(anchor, interval, count, at)
    assert start <= at < end
    assert period_at(anchor, interval, count, end)[0] == end
    assert period_at(anchor, interval, count, start - 1)[1] == start


@pytest.mark.parametrize(
    ("amount", "at", "rest"),
    [(100, 50, 50), (100, 0, 100), (100, 100, 0), (100, 120, 0), (100, -5, 100), (1, 50, 1), (-1, 50, -1), (3, 51, 1)],
)
def test_the_rest_of_a_period_to_the_second(amount: int, at: int, rest: int) -> None:
    assert rest_of(amount, 0, 100, at) == rest, "half a cent goes away from zero"


@given(
    st.integers(1, 100_000),
    st.lists(st.tuples(st.integers(0, LENGTH), st.integers(1, 200)), min_size=1, max_size=12),
    st.integers(1, 200),
)
def test_all_credits_and_debits_add_up_to_the_time_used(
    unit: int, changes: list[tuple[int, int]], first: int
) -> None:
    """Whatever is changed how often in a period: what was billed in all is the price of each stretch of time."""
    price = {"unit_amount": unit, "recurring": {"interval": "month"}}
    item: dict[str, Any] = {
        "id": "si",
        "price": price,
        "quantity": first,
        "current_period_start": MONTH[0],
        "current_period_end": MONTH[1],
    }
    whole = {"start": MONTH[0], "end": MONTH[1], "line": None}
    item["_billed"] = {**whole, "amount": amount_of(price, first), "quantity": first}
    billed, used, since = amount_of(price, first), 0.0, 0
    for after, quantity in sorted(changes):
        at = MONTH[0] + after
        used += amount_of(price, item["quantity"]) * (after - since) / LENGTH
        back = credit(item, at, "Team")
        item["quantity"] = quantity
        more = debit(item, at, "Team", MONTH)
        item["_billed"] = {**whole, "amount": more.amount, "start": at, "quantity": quantity}
        billed, since = billed + back.amount + more.amount, after
        assert back.amount <= 0 <= more.amount
    used += amount_of(price, item["quantity"]) * (LENGTH - since) / LENGTH
    assert abs(billed - used) <= len(changes) + 1e-6 * used
