"""Any order of what people do, what time does and what goes wrong ends with our rows equal to the twin's.

The same lives in every run; `PARE_LIVES=200` lives that many new ones.
"""

import os
from collections import Counter

import pytest
import stripe
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.roles import Role
from tests.billing.invariants import check_always, check_rows
from tests.billing.life import Life
from tests.twin.client import TwinClient

PLANS = st.sampled_from(["pro", "team", "team", "starter"])
FIRST_PLANS = st.sampled_from(["", "pro", "team", "team"])
INTERVALS = st.sampled_from(["month", "month", "month", "year"])
CARDS = st.sampled_from(["good", "good", "good", "decline", "decline later", "3ds"])
# What has to have happened in some life, or the rest proves little.
MUST_SEE = {"active", "past_due", "canceled", "team", "pro", "starter", "closed", "planned", "refused", "yearly"}
ROLES = st.sampled_from([Role.MEMBER, Role.MEMBER, Role.ADMIN, Role.BILLING])
WEBHOOK_MISHAPS = ["drop", "duplicate", "reorder"]
MISHAPS = st.sampled_from(["fail_500", "time_out", "rate_limit", *WEBHOOK_MISHAPS])


class Payments(RuleBasedStateMachine):
    """One team's life. The rules are what may happen next; none of them waits for what an earlier one began."""

    twin: TwinClient
    seen: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(self.twin)

    @initialize(plan=FIRST_PLANS, interval=INTERVALS, card=CARDS, members=st.integers(0, 3))
    def begin(self, plan: str, interval: str, card: str, members: int) -> None:
        """Most lives begin as a customer's."""
        if plan and self.life.choose(plan, interval) and self.life.pay(card):
            for _ in range(members):
                self.life.join()

    @property
    def is_open(self) -> bool:
        return self.life.team.closed_at is None

    @property
    def is_paying(self) -> bool:
        return self.is_open and "subscription" in self.life.situation()

    @precondition(lambda self: self.is_open)
    @rule(plan=PLANS, interval=INTERVALS)
    def choose(self, plan: str, interval: str) -> None:
        self.life.choose(plan, interval)

    @precondition(lambda self: self.life.page and not self.is_paying)
    @rule(card=CARDS, bank=st.sampled_from(["Complete", "Complete", "Fail"]), returns=st.booleans())
    def pay(self, card: str, bank: str, returns: bool) -> None:
        self.life.pay(card, bank=bank, returns=returns)

    @precondition(lambda self: self.is_paying)
    @rule(act=st.sampled_from(["resume", "pay_again"]))
    def undo(self, act: str) -> None:
        getattr(self.life, act)()

    @precondition(lambda self: self.is_paying)
    @rule(act=st.sampled_from(["cancel", "resume"]))
    def decide_at_stripe(self, act: str) -> None:
        self.life.visit_portal(act)

    @precondition(lambda self: self.is_paying)
    @rule(card=st.sampled_from(["good", "decline later", "decline later", "3ds"]))
    def change_card(self, card: str) -> None:
        self.life.visit_portal("update_card", card)

    @precondition(lambda self: self.is_paying)
    @rule(days=st.sampled_from([0, 5, 15, 22]), heard=st.booleans())
    def let_a_payment_fail(self, days: int, heard: bool) -> None:
        """The card stops working, and the next renewal comes; then some days of grace go by."""
        self.life.visit_portal("update_card", "decline later")
        self.life.pass_time(days=367 if "yearly" in self.life.situation() else 32)
        if heard:
            self.life.deliver()
            self.life.work()
        self.life.pass_time(days=days)

    @precondition(lambda self: self.is_open)
    @rule(act=st.sampled_from(["join", "join", "leave", "change_role_of_last"]), role=ROLES)
    def move_people(self, act: str, role: Role) -> None:
        if act == "leave":
            self.life.leave()
        else:
            getattr(self.life, act)(role)

    @rule(days=st.sampled_from([0.01, 1, 9, 23, 32, 32]), in_order=st.sampled_from([True, True, False]))
    def pass_time(self, days: float, in_order: bool) -> None:
        if in_order:
            self.life.deliver()
            self.life.work()
        self.life.pass_time(days=days)

    @rule(mishap=MISHAPS, times=st.integers(1, 4))
    def break_something(self, mishap: str, times: int) -> None:
        self.twin.chaos(**{mishap: times % 3 if mishap in WEBHOOK_MISHAPS else times})

    @rule(order=st.sampled_from(["given", "reverse", "shuffle"]))
    def deliver(self, order: str) -> None:
        self.life.deliver(order)

    @rule(at_night=st.booleans())
    def work(self, at_night: bool) -> None:
        self.life.work()
        if at_night:
            self.life.reconcile()

    @precondition(lambda self: self.is_open)
    @rule(sure=st.integers(0, 2))
    def close(self, sure: int) -> None:
        if sure == 2:
            self.life.close()

    @invariant()
    def caps_are_right(self) -> None:
        check_always(self.life)
        self.seen.update(self.life.situation())

    def teardown(self) -> None:
        try:
            self.life.settle()
            self.life.reconcile()
            self.life.settle()
            check_rows(self.life)
        except AssertionError as error:
            error.add_note(self.life.story())
            raise
        self.seen.update(self.life.situation())
        self.refused.update(self.life.refused)


@pytest.mark.django_db(transaction=True)
def test_any_order_ends_with_rows_equal_to_the_truth(bare_twin: TwinClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)  # seconds between the library's own retries
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.02)
    Payments.twin = bare_twin
    lives = int(os.environ.get("PARE_LIVES", 0))
    limits = settings(
        max_examples=lives or 16,
        derandomize=not lives,
        database=None,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.generate],  # a life takes seconds: the first that fails is shown as it is
    )
    run_state_machine_as_test(Payments, settings=limits)
    print("Seen, in steps:", dict(Payments.seen.most_common()))
    print("Refused:", dict(Payments.refused.most_common()))
    assert set(Payments.seen) >= MUST_SEE
