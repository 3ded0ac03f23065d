"""What a status gives, which subscription counts, and what is told of a change. Pure."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.entitlement import GRACE, LIVE_STATUSES, NOTHING_PAID, Grant, grant_for
from billing.gateway.types import LiveSubscription
from billing.models import Subscription
from billing.sync.choice import choose, duplicates, oldest_unpaid, past_due_since
from billing.sync.story import story
from tests.billing.answers import START, invoice, subscription

NOW = START + timedelta(days=10)
ALL = ("trialing", "active", "past_due", "unpaid", "paused", "incomplete", "incomplete_expired", "canceled")


def state(status: str, **fields: object) -> Subscription:
    return Subscription(**{"status": status, "plan": "team", "quantity": 3, **fields})


@pytest.mark.parametrize("status", ["trialing", "active"])
def test_a_subscription_in_good_order_gives_its_plan_and_seats_follow_the_members(status: str) -> None:
    assert grant_for(state(status), NOW) == Grant("team", 3, seats_follow_members=True)


def test_pro_is_for_one_whatever_the_quantity() -> None:
    assert grant_for(state("active", plan="pro", quantity=4), NOW) == Grant("pro", 1)


@pytest.mark.parametrize("status", ["paused", "incomplete", "incomplete_expired", "canceled"])
def test_what_is_not_paid_gives_starter(status: str) -> None:
    assert grant_for(state(status), NOW) == NOTHING_PAID


def test_no_subscription_gives_starter() -> None:
    assert grant_for(None, NOW) == NOTHING_PAID


def test_a_failed_payment_changes_nothing_for_21_days_but_that_seats_stay_as_paid() -> None:
    since = NOW - timedelta(days=5)
    assert grant_for(state("past_due", past_due_since=since), NOW) == Grant("team", 3, until=since + GRACE)
    assert timedelta(days=21) == GRACE


@pytest.mark.parametrize(("seconds", "plan"), [(-1, "team"), (0, "starter"), (1, "starter")])
def test_the_grace_ends_to_the_second(seconds: int, plan: str) -> None:
    since = NOW - GRACE
    assert grant_for(state("past_due", past_due_since=since), NOW + timedelta(seconds=seconds)).plan == plan


def test_unpaid_is_over_at_once() -> None:
    grant = grant_for(state("unpaid", past_due_since=NOW), NOW)
    assert (grant.plan, grant.until) == ("starter", NOW)


def test_the_older_live_subscription_counts_and_the_id_decides_between_equals() -> None:
    old, new = subscription("sub_b"), subscription("sub_a", created_at=START + timedelta(seconds=1))
    twin = subscription("sub_c")
    ended = subscription("sub_0", status="canceled", created_at=START - timedelta(days=90))
    for order in ([old, new, twin, ended], [ended, twin, new, old]):
        assert choose(order) is old
        assert {one.id for one in duplicates(order)} == {"sub_a", "sub_c"}
    assert choose([ended]) is None and choose([]) is None


@pytest.mark.parametrize("status", ALL)
def test_only_what_stripe_goes_on_charging_for_counts(status: str) -> None:
    assert (choose([subscription(status=status)]) is not None) == (status in LIVE_STATUSES)


def test_it_is_past_due_since_its_oldest_unpaid_invoice() -> None:
    overdue = subscription(status="past_due")
    older = invoice("in_1", status="open", created_at=START + timedelta(days=1))
    newer = invoice("in_2", status="open", created_at=START + timedelta(days=2))
    others = [
        invoice("in_3", status="paid", created_at=START),
        invoice("in_4", status="open", created_at=START, subscription_id="sub_other"),
        invoice("in_5", status="open", created_at=START, amount_due_cents=0),
    ]
    assert oldest_unpaid(overdue, [newer, *others, older]) is older
    assert past_due_since(overdue, [newer, *others, older], None, NOW) == older.created_at
    assert past_due_since(replace(overdue, status="active"), [older], NOW, NOW) is None


def test_without_the_invoice_the_grace_does_not_begin_anew() -> None:
    overdue = subscription(status="past_due")
    assert past_due_since(overdue, [], START, NOW) == START
    assert past_due_since(overdue, [], None, NOW) == NOW


def told(before: LiveSubscription | None, after: LiveSubscription | None) -> list[str]:
    return [happening.action for happening in story(before, after, None)]


LATER = START + timedelta(days=30)
GOOD = subscription()
CANCELLING = subscription(cancel_at=LATER)
DOWN = subscription(schedule_id="sub_sched_1", next_plan="pro", next_interval="month", next_at=LATER)
OVERDUE = subscription(status="past_due")


@pytest.mark.parametrize(
    ("before", "after", "actions"),
    [
        (None, GOOD, ["subscription.started"]),
        (GOOD, None, ["subscription.ended"]),
        (GOOD, subscription("sub_2"), ["subscription.ended", "subscription.started"]),
        (GOOD, GOOD, []),
        (None, None, []),
        (GOOD, CANCELLING, ["subscription.cancel_planned"]),
        (CANCELLING, CANCELLING, []),
        (CANCELLING, GOOD, ["subscription.resumed"]),
        (GOOD, DOWN, ["subscription.downgrade_planned"]),
        (DOWN, GOOD, ["subscription.resumed"]),
        (DOWN, subscription(plan="pro"), []),
        (DOWN, CANCELLING, ["subscription.cancel_planned"]),
        (CANCELLING, DOWN, ["subscription.downgrade_planned"]),
        (DOWN, replace(DOWN, next_interval="year"), ["subscription.downgrade_planned"]),
        (GOOD, OVERDUE, ["payment.failed"]),
        (None, CANCELLING, ["subscription.started", "subscription.cancel_planned"]),
        (None, DOWN, ["subscription.started", "subscription.downgrade_planned"]),
        (None, OVERDUE, ["subscription.started", "payment.failed"]),
        (OVERDUE, OVERDUE, []),
        (OVERDUE, subscription(status="unpaid"), []),
        (OVERDUE, GOOD, ["payment.recovered"]),
        (OVERDUE, None, ["subscription.ended"]),
        (GOOD, subscription(quantity=9), []),
        (GOOD, subscription(interval="year"), ["subscription.interval_changed"]),
    ],
)
def test_what_is_told(before: LiveSubscription | None, after: LiveSubscription | None, actions: list[str]) -> None:
    assert told(before, after) == actions


def test_a_failed_payment_is_told_with_its_invoice() -> None:
    unpaid = invoice(status="open")
    (failed,) = story(GOOD, OVERDUE, unpaid)
    assert (failed.target, failed.details) == ("ACME-0001", {"amount_cents": 8700, "currency": "usd"})


def test_a_planned_end_is_told_with_its_day() -> None:
    assert story(GOOD, CANCELLING, None)[0].details == {"at": LATER.isoformat()}
    assert story(GOOD, DOWN, None)[0].details == {"plan": "pro", "interval": "month", "at": LATER.isoformat()}
