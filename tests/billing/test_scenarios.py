"""What people do, under every mishap between Stripe and Pare: each pair ends as if nothing had gone wrong.

A run takes a third of the pairs, each mishap and each action several times. The whole table, printed:
`PARE_SCENARIOS=all pytest tests/billing/test_scenarios.py -s`.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import stripe

from accounts.roles import Role
from billing.models import Notice
from tests.billing.invariants import check_always, check_rows
from tests.billing.life import Life
from tests.twin.client import TwinClient

TABLE: dict[str, dict[str, str]] = {}


@dataclass(frozen=True)
class Action:
    """What a team does. `prepare` happens in peace, `act` under the mishap; `ends` is (plan, status, seats)."""

    prepare: Callable[[Life], Any]
    act: Callable[[Life], Any]
    ends: tuple[str, str, int]


def nothing(life: Life) -> None:
    """A team on Starter."""


def on(plan: str, members: int = 0) -> Callable[[Life], None]:
    def prepare(life: Life) -> None:
        life.choose(plan)
        life.pay()
        for _ in range(members):
            life.join()
        life.settle()

    return prepare


def buys(life: Life) -> None:
    life.insist(lambda: life.choose("team"))
    life.pay(returns=False)


def is_declined_then_buys(life: Life) -> None:
    life.insist(lambda: life.choose("pro"))
    screen = life.pay("decline")
    assert screen is not None
    assert screen.alert
    life.pay("good")


def cannot_renew(life: Life) -> None:
    life.insist(lambda: life.visit_portal("update_card", "decline later"))
    life.pass_time(days=32)


def cannot_renew_then_mends(life: Life) -> None:
    cannot_renew(life)
    life.deliver()
    life.work()
    life.insist(lambda: life.visit_portal("update_card", "good"))
    life.insist(life.look)  # the news may be late, or lost
    life.insist(life.pay_again)


def cannot_renew_for_long(life: Life) -> None:
    cannot_renew(life)
    life.pass_time(days=22)


def cancels_and_leaves(life: Life) -> None:
    life.insist(lambda: life.choose("starter"))
    life.settle()
    life.pass_time(days=32)


def cancels_and_returns(life: Life) -> None:
    life.insist(lambda: life.choose("starter"))
    life.settle()
    life.insist(life.resume)


def steps_down(life: Life) -> None:
    life.insist(lambda: life.choose("pro"))
    life.settle()
    life.pass_time(days=32)


ACTIONS = {
    "buys Team": Action(nothing, buys, ("team", "active", 1)),
    "card declined, buys Pro with another": Action(nothing, is_declined_then_buys, ("pro", "active", 1)),
    "Pro to Team": Action(on("pro"), lambda life: life.insist(lambda: life.choose("team")), ("team", "active", 1)),
    "two members join": Action(on("team"), lambda life: (life.join(), life.join()), ("team", "active", 3)),
    "a member leaves": Action(on("team", 2), lambda life: life.leave(), ("team", "active", 2)),
    "a member takes the billing role": Action(
        on("team", 2), lambda life: life.change_role_of_last(Role.BILLING), ("team", "active", 2)
    ),
    "Team to Pro, next period": Action(on("team", 1), steps_down, ("pro", "active", 1)),
    "cancels, period ends": Action(on("team"), cancels_and_leaves, ("starter", "canceled", 1)),
    "cancels, resumes": Action(on("team"), cancels_and_returns, ("team", "active", 1)),
    "renewal fails": Action(on("team", 1), cannot_renew, ("team", "past_due", 2)),
    "renewal fails, card mended": Action(on("team", 1), cannot_renew_then_mends, ("team", "active", 2)),
    "renewal fails for 22 days": Action(on("team", 1), cannot_renew_for_long, ("starter", "past_due", 2)),
    "team deleted": Action(on("team", 1), lambda life: life.close(), ("starter", "canceled", 2)),
}
MISHAPS: dict[str, dict[str, Any]] = {
    "none": {},
    "webhooks twice": {"duplicate": 1},
    "webhooks in any order": {"reorder": True},
    "webhooks late": {"late": True},
    "webhooks lost": {"drop": True},
    "webhooks all at once": {"burst": True},
    "webhooks again days later": {"late_retry": True},
    "Stripe answers 500": {"fail_500": 2},
    "answers lost, work done": {"time_out": 3},
    "Stripe answers 429": {"rate_limit": 2},
}
PAIRS = [
    (name, mishap)
    for row, name in enumerate(ACTIONS)
    for column, mishap in enumerate(MISHAPS)
    if mishap == "none" or (row + column) % 3 == 0 or os.environ.get("PARE_SCENARIOS") == "all"
]


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    print(f"\n| | {' | '.join(MISHAPS)} |\n|{'---|' * (len(MISHAPS) + 1)}")
    for action, results in TABLE.items():
        print(f"| {action} | {' | '.join(results.get(mishap, '') for mishap in MISHAPS)} |")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "mishap"), PAIRS)
def test_it_ends_as_if_nothing_had_gone_wrong(
    bare_twin: TwinClient, monkeypatch: pytest.MonkeyPatch, name: str, mishap: str
) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.02)
    life, action = Life(bare_twin), ACTIONS[name]
    action.prepare(life)
    told = Notice.objects.count()
    life.trouble(**MISHAPS[mishap])
    action.act(life)
    check_always(life)
    life.deliver()
    life.work()
    check_always(life)
    life.settle()
    if mishap == "webhooks lost":
        life.reconcile()
    check_rows(life)
    assert life.standing() == action.ends
    assert Notice.objects.count() - told <= 2  # mails for one fact are not repeated
    TABLE.setdefault(name, {})[mishap] = " ".join(map(str, life.standing()))
