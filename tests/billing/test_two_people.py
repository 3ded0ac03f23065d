"""Two people at the billing page at the same moment: one session, one subscription, one change."""

from collections.abc import Callable
from functools import partial
from threading import Event

import pytest
from django.db import transaction

from accounts.models import User
from billing import changes, errors, services
from billing.grants import lock_account
from billing.models import Checkout, CheckoutState, StripeChange
from billing.services import guards
from config.errors import DomainError
from tests import races
from tests.billing.buying import account_of, acme_buys, at_stripe, buy, do_all, live, paid_cents, sweep
from tests.conftest import Cast, make_cast
from tests.factories import make_membership
from tests.twin.client import TwinClient

pytestmark = pytest.mark.django_db(transaction=True)
# Each person's answer, or refusal.
together = partial(races.together, refusals=DomainError)


@pytest.fixture
def people(twin: TwinClient) -> Cast:
    """The cast, for everybody to see: each thread has its own connection."""
    return make_cast()


def opening(people: Cast, actor: User, plan: str = "team") -> Callable[[], object]:
    return lambda: services.open_checkout(team=people.acme, plan=plan, interval="month", actor=actor)


def test_the_same_plan_is_one_page(people: Cast, twin: TwinClient) -> None:
    answers = together(*[opening(people, actor) for actor in (people.olga, people.vic) * 3])
    assert len(set(answers)) == 1, answers
    assert len(twin.truth("checkout.session")) == len(twin.truth("customer")) == Checkout.objects.count() == 1


def test_different_plans_leave_one_page_that_can_be_paid(people: Cast, twin: TwinClient) -> None:
    answers = together(opening(people, people.olga, "pro"), opening(people, people.vic, "team"))
    assert {str} <= set(map(type, answers)) <= {str, errors.ChangeInProgress, errors.CheckoutEnded, errors.Superseded}
    [paid] = Checkout.objects.unfinished()
    open_at_stripe = [row["id"] for row in twin.truth("checkout.session") if row["status"] == "open"]
    assert open_at_stripe == [paid.stripe_id]
    assert len(twin.truth("customer")) == 1
    assert twin.pay_checkout(paid.url).left_for
    services.refresh(people.acme)
    assert [row["id"] for row in at_stripe(twin)] == [live(people.acme).stripe_id]


def test_both_pay_on_the_one_page(people: Cast, twin: TwinClient) -> None:
    url, same = together(opening(people, people.olga), opening(people, people.vic))
    assert url == same
    assert twin.open(str(url)).has_button("Pay")
    assert twin.pay_checkout(str(url)).left_for
    assert not twin.open(str(url)).has_button("Pay")
    assert len(at_stripe(twin)) == 1


def test_a_click_while_the_other_pays(people: Cast, twin: TwinClient) -> None:
    url = services.open_checkout(team=people.acme, plan="team", interval="month", actor=people.olga)
    twin.pay_checkout(url)
    session = Checkout.objects.get().stripe_id or ""
    answers = together(
        lambda: services.confirm_checkout(team=people.acme, session_id=session).state,
        opening(people, people.vic, "pro"),
        opening(people, people.vic, "team"),
    )
    assert answers[0] == CheckoutState.COMPLETE
    assert all(isinstance(answer, errors.AlreadySubscribed) for answer in answers[1:]), answers
    assert len(at_stripe(twin)) == 1


def test_two_changes_of_plan_are_one(people: Cast, twin: TwinClient) -> None:
    acme_buys(twin, people, "pro")

    def change(actor: User) -> Callable[[], object]:
        return lambda: services.change_subscription(team=people.acme, plan="team", interval="month", actor=actor)

    answers = together(change(people.olga), change(people.vic), change(people.olga))
    assert sum(isinstance(answer, StripeChange) for answer in answers) == 1
    assert sum(isinstance(answer, errors.ChangeInProgress) for answer in answers) == 2
    do_all(people.acme)
    assert (live(people.acme).plan, len(paid_cents(twin))) == ("team", 2)


def test_a_sweep_and_a_person_at_once(people: Cast, twin: TwinClient) -> None:
    """Seats that are due and a change of plan: in some order, each counted when it is sent."""
    acme_buys(twin, people)
    make_membership(people.acme)
    account_id = account_of(people.acme).pk

    def work() -> object:
        changes.find_work()
        return changes.work(account_id)

    together(
        work,
        lambda: services.change_subscription(team=people.acme, plan="starter", interval="month", actor=people.olga),
        work,
    )
    do_all(people.acme)
    sweep(people.acme)  # where the person was first, the seats were left for it
    assert (live(people.acme).quantity, live(people.acme).cancel_at is not None) == (4, True)
    assert len(paid_cents(twin)) == 2
    assert not StripeChange.objects.open().exists()


def test_while_the_account_is_locked_for_long(people: Cast, twin: TwinClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at Stripe holds the row: a click does not hang, and the sweep goes on with the next team."""
    acme_buys(twin, people)
    buy(twin, people.rival, people.mallory)
    make_membership(people.acme)
    make_membership(people.rival)
    monkeypatch.setattr(guards, "LOCK_WAIT", "100ms")
    looked, done = Event(), Event()

    def look() -> object:
        with transaction.atomic():
            lock_account(people.acme)
            looked.set()
            return done.wait(60)

    def click() -> object:
        looked.wait(60)
        try:
            changes.find_work()
            return services.change_subscription(team=people.acme, plan="pro", interval="month", actor=people.olga)
        finally:
            done.set()

    _, answer = together(look, click)
    assert isinstance(answer, errors.ChangeInProgress)
    assert [change.account.team for change in StripeChange.objects.open()] == [people.rival]
