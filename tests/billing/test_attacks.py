"""What somebody tries who wants a plan, or seats, without paying; and charges that nobody asked for."""

import json
import secrets
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Invitation, Membership
from accounts.services import accept_invitation, remove_member
from accounts.services.errors import MemberCapReached
from billing import reconcile, services
from billing.alerts import MAILS_AN_HOUR
from billing.changes import sweeps
from billing.errors import StripeBusy
from billing.models import BillingAccount, Checkout
from billing.services.guards import waiting_room
from tests.billing.buying import account_of, acme_buys, done, live, refused, seats_at_stripe, sweep, use_card
from tests.billing.rows import make_invoice, subscribe
from tests.conftest import Cast
from tests.factories import make_membership, make_team, make_user
from tests.twin.client import TwinClient


def sell_by_year() -> None:
    call_command("stripe_setup", pro_yearly="190", team_yearly="290", verbosity=0)


def join(cast: Cast) -> None:
    """Somebody accepts an invitation."""
    person, day = make_user(), timezone.now() + timedelta(days=1)
    digest = secrets.token_bytes(32)
    invitation = Invitation.objects.create(team=cast.acme, email=person.email, token_digest=digest, expires_at=day)
    accept_invitation(invitation=invitation, user=person)


def test_seats_never_paid_for_give_no_credit(cast: Cast, twin: TwinClient) -> None:
    """Ten join, the card declines, and they leave again: what was never paid is not given back."""
    acme_buys(twin, cast)
    twin.advance(days=12)
    use_card(twin, cast, "decline later")
    guests = [make_membership(cast.acme) for _ in range(10)]
    sweep(cast.acme)
    assert (live(cast.acme).status, seats_at_stripe(twin)) == ("past_due", 13)
    for guest in guests:
        remove_member(membership=guest, actor=cast.olga)
    sweep(cast.acme)
    assert seats_at_stripe(twin) == 3
    twin.advance(days=22)
    assert [row["total"] for row in twin.truth("invoice")][2] == 3 * 2900  # the renewal, in full
    [customer] = twin.truth("customer")
    assert customer["balance"] == 0


def test_nobody_joins_while_a_change_waits_for_its_payment(cast: Cast, twin: TwinClient) -> None:
    """Else an unpaid change, asked for every day anew, would keep all seats beyond the first ones free."""
    sell_by_year()
    acme_buys(twin, cast)
    use_card(twin, cast, "decline later")
    done(services.change_subscription(team=cast.acme, plan="team", interval="year", actor=cast.olga))
    assert live(cast.acme).pending_until
    with pytest.raises(MemberCapReached):
        join(cast)
    use_card(twin, cast, "good")
    done(services.retry_payment(team=cast.acme, actor=cast.olga))
    join(cast)
    sweep(cast.acme)
    assert (seats_at_stripe(twin), live(cast.acme).interval) == (4, "year")


def test_an_unpaid_change_that_lapsed_lets_members_join_again(cast: Cast, twin: TwinClient) -> None:
    sell_by_year()
    acme_buys(twin, cast)
    use_card(twin, cast, "decline later")
    done(services.change_subscription(team=cast.acme, plan="team", interval="year", actor=cast.olga))
    twin.advance(days=1)
    services.refresh(cast.acme)
    assert live(cast.acme).pending_until is None
    join(cast)


def test_a_change_of_plan_does_not_overtake_the_seats_that_are_due(cast: Cast, twin: TwinClient) -> None:
    """Members join, and before the sweep counts them a change is asked for that the card does not pay."""
    sell_by_year()
    acme_buys(twin, cast)
    use_card(twin, cast, "decline later")
    for _ in range(5):
        join(cast)
    change = services.change_subscription(team=cast.acme, plan="team", interval="year", actor=cast.olga)
    assert refused(change).error_code == "payment_overdue"
    assert (seats_at_stripe(twin), live(cast.acme).status) == (8, "past_due")


def test_stripe_leads_back_to_this_pare_whatever_the_host_header_says(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    cast.client(cast.olga).post("/t/acme/billing/portal/", {"card": "1"}, headers={"Host": "evil.example"})
    rows = [row for row in twin.truth("billing_portal.session") if "evil" in json.dumps(row)]
    assert twin.truth("billing_portal.session") and rows == []


@pytest.mark.django_db(transaction=True)
def test_a_key_of_another_account_takes_no_plan_and_floods_no_mailbox(
    cast: Cast, twin: TwinClient, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    """Stripe knows none of our customers then."""
    settings.ADMINS = [("Operator", "ops@pare.example")]
    many = MAILS_AN_HOUR + 5
    for number in range(many):
        subscribe(make_team(f"Customer {number}", owner=cast.olga))
    reconcile.check_accounts()
    assert BillingAccount.objects.filter(plan="team", source="stripe").exclude(stripe_customer_id=None).count() == many
    assert len(mailoutbox) == MAILS_AN_HOUR
    assert "in the log only" in mailoutbox[-1].body and "in the log only" not in mailoutbox[-2].body


def test_whoever_clicks_without_end_while_stripe_is_slow_takes_half_of_the_threads(
    cast: Cast, twin: TwinClient
) -> None:
    """One that finds the waiting room full is told so at once; pages go on, and so does what needs no wait."""
    acme_buys(twin, cast)
    olga = cast.client(cast.olga)
    with ExitStack() as stack:
        for _ in range(settings.PARE_WEB_THREADS // 2):
            stack.enter_context(waiting_room())
        for act in ("portal", "refresh", "resume"):
            assert StripeBusy.message in olga.post(f"/t/acme/billing/{act}/", follow=True).content.decode(), act
        assert "Too many people wait" in olga.get("/t/acme/billing/plan/pro/month/cost/").content.decode()
        assert olga.get("/t/acme/billing/seat/").status_code == 200
    assert olga.post("/t/acme/billing/portal/").status_code == 303


def test_a_checkout_that_finds_no_room_can_be_begun_again(cast: Cast, twin: TwinClient) -> None:
    named: dict[str, Any] = {"team": cast.acme, "plan": "pro", "interval": "month", "actor": cast.olga}
    with ExitStack() as stack:
        checkout = services.start_checkout(**named)
        for _ in range(settings.PARE_WEB_THREADS // 2):
            stack.enter_context(waiting_room())
        with pytest.raises(StripeBusy):
            services.finish_checkout_start(checkout)
    assert services.open_checkout(**named)
    assert len(twin.truth("checkout.session")) == 1


@pytest.mark.django_db
def test_seats_freed_while_their_bill_is_a_draft_wait_for_its_payment(cast: Cast) -> None:
    """Stripe keeps a renewal's invoice as a draft for an hour, and would credit what may never be paid."""
    subscription = subscribe(cast.acme, quantity=5)
    draft = make_invoice(cast.acme, subscription, status="draft")
    account = BillingAccount.objects.get(team=cast.acme)
    assert account not in sweeps.seats_that_differ()
    for _ in range(3):
        make_membership(cast.acme)
    assert account in sweeps.seats_that_differ(), "more are paid for at once"
    Membership.objects.filter(team=cast.acme).exclude(user=cast.olga).delete()
    assert account not in sweeps.seats_that_differ()
    draft.status = "paid"
    draft.save()
    assert account in sweeps.seats_that_differ()


def test_with_another_accounts_key_a_page_that_can_be_paid_keeps_its_customer(cast: Cast, twin: TwinClient) -> None:
    """Forgotten, the customer would pay once the key is right again, and get nothing for it."""
    services.open_checkout(team=cast.acme, plan="pro", interval="month", actor=cast.olga)
    customer = account_of(cast.acme).stripe_customer_id
    twin.reset()  # an account that has never heard of the customer
    services.refresh(cast.acme)
    assert account_of(cast.acme).stripe_customer_id == customer
    Checkout.objects.update(expires_at=timezone.now())
    services.refresh(cast.acme)
    assert account_of(cast.acme).stripe_customer_id is None


def test_a_planned_change_charges_for_the_members_of_its_day(cast: Cast, twin: TwinClient) -> None:
    """From yearly to monthly: who left, or joined, in between is not charged for as on the day it was planned."""
    sell_by_year()
    acme_buys(twin, cast, interval="year")
    done(services.change_subscription(team=cast.acme, plan="team", interval="month", actor=cast.olga))
    Membership.objects.filter(team=cast.acme, user=cast.mei).delete()
    sweep(cast.acme)
    assert (seats_at_stripe(twin), live(cast.acme).next_interval) == (2, "month")
    twin.advance(days=366)
    services.refresh(cast.acme)
    assert (seats_at_stripe(twin), live(cast.acme).interval) == (2, "month")
    lines = twin.truth("invoice")[-1]["lines"]["data"]
    assert [row["amount"] for row in lines if row["description"].startswith("2 × Pare Team (")] == [2 * 2900]
