"""The workers of the outbox: one at a time for each account, and another where one was lost."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from billing import changes, gateway, services, tasks
from billing.changes import attempt, outbox
from billing.models import ChangeKind, ChangeState, StripeChange
from tests.billing.buying import account_of, acme_buys, ask, do_all, is_team_once, live, seats_at_stripe
from tests.conftest import Cast, make_cast
from tests.factories import make_membership
from tests.live import Worker
from tests.races import together, wait_for
from tests.twin.client import TwinClient


@pytest.mark.parametrize("duplicates", [1, 3])
def test_a_task_that_arrives_again_does_nothing(cast: Cast, twin: TwinClient, duplicates: int) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    for _ in range(1 + duplicates):
        tasks.work_changes(account_of(cast.acme).pk)
    change.refresh_from_db()
    assert (change.state, change.attempts) == (ChangeState.DONE, 1)
    assert is_team_once(cast, twin)
    tasks.work_changes(10**9)  # an account that is gone


class Killed(BaseException):
    """What ends a worker between two lines."""


@pytest.mark.parametrize("where", ["attempt", "bring_up_to_date"])
def test_a_worker_killed_after_the_call_is_followed_by_another(
    cast: Cast, twin: TwinClient, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    real: Callable[..., Any] = getattr(outbox, where)

    def killed(argument: Any) -> None:
        if where == "attempt":
            real(argument)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, where, killed)
        with pytest.raises(Killed):
            do_all(cast.acme)
    assert is_team_once(cast, twin)
    assert changes.perform(change.pk).attempts == 1  # the lease still runs, or it is done
    StripeChange.objects.filter(state=ChangeState.DOING).update(claimed_at=timezone.now() - timedelta(minutes=4))
    for account_id in changes.due_accounts(timezone.now()):
        changes.work(account_id)
    services.refresh(cast.acme)
    change.refresh_from_db()
    assert change.state == ChangeState.DONE
    assert is_team_once(cast, twin) and live(cast.acme).plan == "team"


def test_a_worker_that_was_given_up_writes_nothing_any_more(
    cast: Cast, twin: TwinClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast)

    def slow(claimed: StripeChange) -> attempt.Outcome:
        later = timezone.now() + timedelta(seconds=1)
        StripeChange.objects.filter(pk=claimed.pk).update(claimed_at=later)  # another worker's
        return attempt.Outcome(ChangeState.REFUSED, "late", "too late")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "attempt", slow)
        do_all(cast.acme)
    change.refresh_from_db()
    assert (change.state, change.error_code) == (ChangeState.DOING, "")


def test_changes_of_an_account_go_one_at_a_time_oldest_first(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    first = ask(cast)
    second = changes.request_change(account=account_of(cast.acme), kind=ChangeKind.SEATS, wanted={}, actor=None)
    assert changes.perform(second.pk).state == ChangeState.WAITING
    do_all(cast.acme)
    for change in (first, second):
        change.refresh_from_db()
    assert first.finished_at and second.finished_at and first.finished_at < second.finished_at
    assert is_team_once(cast, twin)


def test_the_database_holds_one_at_a_time(cast: Cast) -> None:
    account = account_of(cast.acme)
    make = {"account": account, "kind": ChangeKind.SEATS, "state": ChangeState.DOING}
    StripeChange.objects.create(**make)
    with pytest.raises(IntegrityError):
        StripeChange.objects.create(**make)


def test_what_is_asked_for_twice_by_a_sweep_is_one(cast: Cast) -> None:
    account = account_of(cast.acme)

    def request(kind: ChangeKind, wanted: dict[str, str]) -> int:
        return changes.request_change(account=account, kind=kind, wanted=wanted, actor=None).pk

    assert request(ChangeKind.SEATS, {}) == request(ChangeKind.SEATS, {})
    one = request(ChangeKind.END_NOW, {"subscription_id": "sub_1"})
    assert one == request(ChangeKind.END_NOW, {"subscription_id": "sub_1"})
    assert one != request(ChangeKind.END_NOW, {"subscription_id": "sub_2"})
    StripeChange.objects.filter(kind=ChangeKind.SEATS).update(request={"quantity": 3})
    assert StripeChange.objects.get(kind=ChangeKind.SEATS).pk != request(ChangeKind.SEATS, {})


@pytest.mark.django_db(transaction=True)
def test_the_real_worker_makes_it(celery_worker: Worker, twin: TwinClient) -> None:
    cast = make_cast()
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    # Not drained: when a look at the account is under way, Stripe has the change wait for a second.
    wait_for(lambda: StripeChange.objects.get(pk=change.pk).state == ChangeState.DONE)
    tasks.sweep_changes.delay()
    make_membership(cast.acme)
    tasks.sweep_changes.delay()
    wait_for(lambda: (live(cast.acme).plan, seats_at_stripe(twin)) == ("team", 4))
    celery_worker.drain()
    assert (live(cast.acme).plan, seats_at_stripe(twin)) == ("team", 4)


@pytest.mark.django_db(transaction=True)
def test_many_workers_one_call(twin: TwinClient) -> None:
    cast = make_cast()
    acme_buys(twin, cast, "pro")
    change = ask(cast)
    account_id = account_of(cast.acme).pk
    together(*[lambda: changes.work(account_id)] * 6)
    change.refresh_from_db()
    assert (change.state, change.attempts) == (ChangeState.DONE, 1)
    assert is_team_once(cast, twin)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_stripe_is_asked(twin: TwinClient, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast()
    acme_buys(twin, cast, "pro")
    ask(cast)
    real, seen = gateway.change_now, Event()

    def watched(**arguments: Any) -> None:
        assert not connection.in_atomic_block
        seen.set()
        real(**arguments)

    monkeypatch.setattr(gateway, "change_now", watched)
    do_all(cast.acme)
    assert seen.is_set() and live(cast.acme).plan == "team"
