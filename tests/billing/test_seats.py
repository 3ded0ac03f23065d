"""Seats follow the billable members by themselves: added ones are paid at once, freed ones are credited."""

import pytest
from django.db.models import F

from accounts.models import Membership, User
from accounts.roles import Role
from accounts.services import change_role, close_team
from billing import changes, services, tasks
from billing.models import ChangeKind, ChangeState, Invoice, StripeChange
from tests.billing.buying import (
    account_of,
    acme_buys,
    buy,
    done,
    live,
    only_checkout,
    paid_cents,
    seats_at_stripe,
    sweep,
    use_card,
)
from tests.conftest import Cast
from tests.factories import make_membership
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

SEATS = StripeChange.objects.filter(kind=ChangeKind.SEATS)


def remove(cast: Cast, *people: User) -> None:
    Membership.objects.filter(team=cast.acme, user__in=people).delete()


def test_a_new_member_is_paid_for_at_once(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    make_membership(cast.acme)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == live(cast.acme).quantity == account_of(cast.acme).seats == 4
    first, seat = paid_cents(twin)
    assert first == 3 * 2900 and 2890 <= seat <= 2900  # the month has just begun


def test_a_card_that_was_confirmed_once_is_not_asked_again_for_a_seat(cast: Cast, twin: TwinClient) -> None:
    """Banks ask whenever the holder is said to be there; a seat is added by the workers."""
    acme_buys(twin, cast, card="3ds")
    make_membership(cast.acme)
    sweep(cast.acme)
    assert (live(cast.acme).status, live(cast.acme).quantity) == ("active", 4)
    assert len(paid_cents(twin)) == 2


def test_many_who_join_one_by_one_are_more_than_stripe_makes_invoices_for(cast: Cast, twin: TwinClient) -> None:
    """Twenty a day for a subscription. The later ones are charged together, and not as late as at the renewal: who
    pays by the year would have them free until then.
    """
    acme_buys(twin, cast)
    for _ in range(changes.sweeps.INVOICES_AT_ONCE + 4):
        make_membership(cast.acme)
        sweep(cast.acme)
    assert len(paid_cents(twin)) == changes.sweeps.INVOICES_AT_ONCE == 10
    assert seats_at_stripe(twin) == 3 + 9
    Membership.objects.filter(team=cast.acme, user=cast.mei).delete()
    Invoice.objects.update(created_at=F("created_at") - changes.sweeps.THEN_EVERY)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == live(cast.acme).quantity == 3 + 14 - 1
    assert paid_cents(twin)[10:] == [pytest.approx(4 * 2900, abs=20)]


def test_one_who_left_is_credited_on_the_next_invoice(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    remove(cast, cast.mei)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == 2
    assert paid_cents(twin) == [3 * 2900]
    twin.advance(days=32)
    assert paid_cents(twin)[1] == pytest.approx(2 * 2900 - 2900, abs=10)


def test_a_sweep_without_a_difference_asks_nothing(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    make_membership(cast.acme, role=Role.BILLING)
    sweep(cast.acme)
    assert not SEATS.exists()


def test_the_billing_role_has_no_seat_until_it_becomes_another(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    vic = Membership.objects.get(team=cast.acme, user=cast.vic)
    change_role(membership=vic, role=Role.MEMBER, actor=cast.olga)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == 4
    change_role(membership=vic, role=Role.BILLING, actor=cast.olga)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == 3


def test_there_is_always_one_seat(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    Membership.objects.filter(team=cast.acme).exclude(role=Role.BILLING).delete()
    sweep(cast.acme)
    assert seats_at_stripe(twin) == 1
    assert account_of(cast.acme) not in changes.sweeps.seats_that_differ()


def test_members_are_counted_when_the_seats_are_sent(cast: Cast, twin: TwinClient) -> None:
    """Two joined, and a third between the sweep and the worker: one request, for all of them."""
    acme_buys(twin, cast)
    make_membership(cast.acme)
    changes.find_work()
    make_membership(cast.acme)
    changes.find_work()
    done(SEATS.get())
    assert seats_at_stripe(twin) == 5


def test_one_who_came_and_left_meanwhile_costs_nothing(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    guest = make_membership(cast.acme)
    changes.find_work()
    guest.delete()
    assert done(SEATS.get()).request is None
    assert paid_cents(twin) == [3 * 2900]


def test_pro_has_no_seats_to_follow(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    make_membership(cast.acme)
    sweep(cast.acme)
    assert (seats_at_stripe(twin), SEATS.count()) == (1, 0)


def test_members_who_came_while_the_page_was_open(cast: Cast, twin: TwinClient) -> None:
    url = services.open_checkout(team=cast.acme, plan="team", interval="month", actor=cast.olga)
    make_membership(cast.acme)
    twin.pay_checkout(url)
    services.confirm_checkout(team=cast.acme, session_id=only_checkout(cast.acme).stripe_id or "")
    sweep(cast.acme)
    assert seats_at_stripe(twin) == live(cast.acme).quantity == 4


def test_a_declined_seat_is_given_and_makes_the_team_overdue(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    use_card(twin, cast, "decline later")
    make_membership(cast.acme)
    sweep(cast.acme)
    cast.acme.refresh_from_db()
    assert (live(cast.acme).status, live(cast.acme).quantity, cast.acme.member_cap) == ("past_due", 4, 4)


def test_while_a_payment_fails_only_freed_seats_are_sent(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    use_card(twin, cast, "decline later")
    twin.advance(days=33)
    services.refresh(cast.acme)
    assert live(cast.acme).status == "past_due"
    late = make_membership(cast.acme)  # slipped in before the cap came
    sweep(cast.acme)
    assert (seats_at_stripe(twin), SEATS.count()) == (3, 0)
    late.delete()
    remove(cast, cast.mei)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == 2


def test_seats_while_a_smaller_plan_is_planned(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    done(services.change_subscription(team=cast.acme, plan="pro", interval="month", actor=cast.olga))
    make_membership(cast.acme)
    sweep(cast.acme)
    assert (seats_at_stripe(twin), live(cast.acme).next_plan) == (4, "pro")
    twin.advance(days=32)
    services.refresh(cast.acme)
    assert (live(cast.acme).plan, seats_at_stripe(twin)) == ("pro", 1)


def test_seats_of_a_change_that_waits_for_its_payment_are_left_alone(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    yearly = sdk(twin.url).v1.prices.create(
        {"product": "pare_team", "unit_amount": 29000, "currency": "usd", "recurring": {"interval": "year"},
         "lookup_key": "pare_team_yearly"}
    )
    assert yearly.lookup_key
    use_card(twin, cast, "decline later")
    done(services.change_subscription(team=cast.acme, plan="team", interval="year", actor=cast.olga))
    assert live(cast.acme).pending_plan == "team"
    make_membership(cast.acme)
    sweep(cast.acme)
    assert not SEATS.exists()
    use_card(twin, cast, "good")
    done(services.retry_payment(team=cast.acme, actor=cast.olga))
    sweep(cast.acme)
    assert (seats_at_stripe(twin), live(cast.acme).interval) == (4, "year")


def test_a_refusal_is_not_asked_for_again_by_every_sweep(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    make_membership(cast.acme)
    account = account_of(cast.acme)
    StripeChange.objects.create(
        account=account, kind=ChangeKind.SEATS, state=ChangeState.REFUSED, finished_at=live(cast.acme).account.synced_at
    )
    assert account not in changes.sweeps.seats_that_differ()


def test_one_account_that_gets_no_answer_does_not_stop_the_others(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    buy(twin, cast.rival, cast.mallory)
    for team in (cast.acme, cast.rival):
        make_membership(team)
    twin.chaos(fail_500={"times": 3, "match": "GET /v1/customers"})
    for account_id in changes.find_work():
        changes.work(account_id)
    assert SEATS.filter(state=ChangeState.WAITING).count() == 1
    assert SEATS.filter(state=ChangeState.DONE).count() == 1


def test_a_closed_teams_seats_follow_nobody(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    make_membership(cast.acme)
    close_team(team=cast.acme, actor=cast.olga)
    changes.find_work()
    assert not SEATS.exists()


def test_the_periodic_task_finds_and_enqueues(cast: Cast, twin: TwinClient, settings: object) -> None:
    acme_buys(twin, cast)
    make_membership(cast.acme)
    tasks.sweep_changes()
    assert SEATS.get().state == ChangeState.WAITING
    tasks.work_changes(account_of(cast.acme).pk)
    assert seats_at_stripe(twin) == 4
