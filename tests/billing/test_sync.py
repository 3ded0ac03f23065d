"""Rows follow Stripe's state: from a fetch under the row's lock, one live subscription for each team, told once."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry, Team
from billing import gateway, sync
from billing.errors import PaidThroughStripe
from billing.models import (
    BillingAccount,
    ChangeKind,
    Checkout,
    CheckoutState,
    Invoice,
    Notice,
    NoticeKind,
    StripeChange,
    StripeEvent,
    Subscription,
)
from billing.services import change_plan, plan_of
from billing.sync import customer as looking
from billing.sync.customer import write_down
from billing.sync.mirror import as_fetched
from tests.billing import stripe_side
from tests.billing.answers import START, customer, invoice, subscription
from tests.conftest import Cast, make_cast
from tests.twin.client import TwinClient

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=30)


def account_of(team: Team) -> BillingAccount:
    return BillingAccount.objects.for_team(team).get()


def actions(team: Team) -> list[str]:
    """What the trail says of payments, oldest first, after the plan that the cast begins with."""
    entries = AuditEntry.objects.for_team(team).exclude(action__startswith="member").order_by("pk")
    return list(entries.values_list("action", flat=True))[1:]


# Against the twin


def test_a_subscription_becomes_rows_and_a_plan(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.rival)
    bought = stripe_side.subscribe(id, "pro", quantity=1)
    assert sync.sync_customer(id) is True
    account = account_of(cast.rival)
    row = account.subscriptions.get()
    assert (row.stripe_id, row.status, row.plan, row.interval, row.quantity) == (bought, "active", "pro", "month", 1)
    assert (row.unit_amount_cents, row.currency) == (1900, "usd")
    assert (account.source, account.plan, account.card_last4, account.currency) == ("stripe", "pro", "4242", "usd")
    assert account.synced_at is not None
    paid = account.invoices.get()
    assert (paid.status, paid.total_cents, paid.subscription_id) == ("paid", 1900, bought)
    assert plan_of(cast.rival).key == "pro"
    assert actions(cast.rival) == ["subscription.started", "plan.changed"]


def test_a_second_look_changes_nothing(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    stripe_side.subscribe(id)
    sync.sync_customer(id)
    told = AuditEntry.objects.count(), Notice.objects.count()
    assert sync.sync_customer(id) is False
    assert (AuditEntry.objects.count(), Notice.objects.count()) == told


def test_rows_are_the_answer_to_the_letter(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    bought = stripe_side.subscribe(id)
    sync.sync_customer(id)
    stripe_side.set_quantity(bought, 5)
    stripe_side.api().v1.subscriptions.update(bought, {"cancel_at_period_end": True})
    sync.sync_customer(id)
    answer = gateway.fetch_customer(id)
    account = account_of(cast.acme)
    assert [as_fetched(row) for row in account.subscriptions.all()] == list(answer.subscriptions)
    assert {row.stripe_id: row.status for row in account.invoices.all()} == {
        one.id: one.status for one in answer.invoices
    }
    assert "subscription.cancel_planned" in actions(cast.acme) and "seats.changed" in actions(cast.acme)


def test_seats_of_a_team_in_good_order_follow_its_members(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    stripe_side.subscribe(id, quantity=3)
    sync.sync_customer(id)
    cast.acme.refresh_from_db()
    assert cast.acme.member_cap is None and plan_of(cast.acme).members is None
    assert cast.acme.service_keys_allowed


def test_a_subscription_that_ends_gives_starter(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    bought = stripe_side.subscribe(id)
    sync.sync_customer(id)
    stripe_side.cancel(bought)
    assert sync.sync_customer(id) is True
    row = Subscription.objects.get(stripe_id=bought)
    assert row.status == "canceled" and row.ended_at is not None
    cast.acme.refresh_from_db()
    assert plan_of(cast.acme).key == "starter" and cast.acme.member_cap == 1
    assert actions(cast.acme)[-2:] == ["subscription.ended", "plan.changed"]


def test_a_plan_that_the_operator_set_stays_until_the_team_subscribes(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    sync.sync_customer(id)
    assert plan_of(cast.acme).members == 5 and account_of(cast.acme).source == "operator"


def test_a_first_payment_that_fails_gives_nothing(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme, "pm_card_chargeCustomerFail")
    stripe_side.subscribe(id)
    sync.sync_customer(id)
    assert Subscription.objects.get().status == "incomplete"
    assert plan_of(cast.acme).members == 5 and not Notice.objects.filter(kind=NoticeKind.PAYMENT_FAILED).exists()


def test_a_customer_deleted_at_stripe_is_detached_and_the_operator_told(
    cast: Cast, twin: TwinClient, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ADMINS = [("Operator", "ops@pare.example")]
    id = stripe_side.make_customer(cast.acme)
    stripe_side.subscribe(id)
    sync.sync_customer(id)
    stripe_side.api().v1.customers.delete(id)
    with django_capture_on_commit_callbacks(execute=True):
        assert sync.sync_customer(id) is True
    account = account_of(cast.acme)
    assert (account.stripe_customer_id, account.currency, account.card_last4) == (None, "", "")
    assert plan_of(cast.acme).key == "starter"
    assert account.subscriptions.get().status == "canceled"
    assert [message.to for message in mail.outbox] == [["ops@pare.example"]] and "acme" in mail.outbox[0].body
    assert sync.sync_customer(id) is False  # nobody's now


def test_with_another_accounts_key_nobody_loses_a_plan(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    stripe_side.subscribe(id)
    sync.sync_customer(id)
    twin.reset()  # an account that has never heard of the customer
    assert sync.sync_customer(id) is False
    assert plan_of(cast.acme).key == "team" and account_of(cast.acme).stripe_customer_id == id
    # The operator, who knows that it is gone, can say so.
    sync.detach(id)
    assert plan_of(cast.acme).key == "starter" and account_of(cast.acme).stripe_customer_id is None


def test_a_missing_customer_without_a_subscription_is_detached(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    twin.reset()
    sync.sync_customer(id)
    assert account_of(cast.acme).stripe_customer_id is None and plan_of(cast.acme).members == 5


def test_when_stripe_does_not_answer_rows_stay_as_they_were(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    bought = stripe_side.subscribe(id)
    sync.sync_customer(id)
    stripe_side.cancel(bought)
    ring(id)
    twin.chaos(fail_500=20)
    with pytest.raises(gateway.StripeUnavailable):
        sync.sync_customer(id)
    assert Subscription.objects.get().status == "active" and plan_of(cast.acme).key == "team"
    assert StripeEvent.objects.unprocessed().count() == 1
    twin.chaos(fail_500=False)
    sync.sync_customer(id)
    assert plan_of(cast.acme).key == "starter" and not StripeEvent.objects.unprocessed().exists()


def test_two_subscriptions_the_older_counts_and_the_other_is_ended(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    first = stripe_side.subscribe(id)
    twin.advance(seconds=5)
    second = stripe_side.subscribe(id, "pro", quantity=1)
    sync.sync_customer(id)
    assert Subscription.objects.live().get().stripe_id == first
    assert not Subscription.objects.filter(stripe_id=second).exists()
    change = StripeChange.objects.get(kind=ChangeKind.END_NOW)
    assert change.wanted == {"subscription_id": second}
    sync.sync_customer(id)
    assert StripeChange.objects.filter(kind=ChangeKind.END_NOW).count() == 1
    gateway.end_now(subscription_id=second, key="test-end")
    sync.sync_customer(id)
    assert Subscription.objects.get(stripe_id=second).status == "canceled"
    assert Subscription.objects.live().get().stripe_id == first and plan_of(cast.acme).key == "team"


def test_a_checkout_that_ended_is_noted(cast: Cast, twin: TwinClient) -> None:
    id = stripe_side.make_customer(cast.acme)
    paid = start_checkout(cast.acme, id, "one")
    twin.pay_checkout(paid.url)
    sync.sync_customer(id)
    paid.refresh_from_db()
    assert paid.state == CheckoutState.COMPLETE and plan_of(cast.acme).key == "pro"
    other = start_checkout(cast.acme, id, "two")
    sync.sync_customer(id)
    other.refresh_from_db()
    # It could still be paid, and would make a second subscription.
    assert other.state == CheckoutState.OPEN
    assert StripeChange.objects.get().wanted == {"session_id": other.stripe_id}
    stripe_side.api().v1.checkout.sessions.expire(other.stripe_id or "")
    sync.sync_customer(id)
    other.refresh_from_db()
    assert other.state == CheckoutState.EXPIRED


def start_checkout(team: Team, customer_id: str, key: str) -> Checkout:
    session = gateway.start_checkout(
        customer_id=customer_id,
        price_id=gateway.find_price("pro", "month").id,
        quantity=1,
        success_url="http://127.0.0.1:8000/back?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="http://127.0.0.1:8000/",
        expires_at=int((timezone.now() + timedelta(hours=2)).timestamp()),
        client_reference=str(team.public_id),
        key=key,
    )
    return Checkout.objects.create(
        account=account_of(team),
        stripe_id=session.id,
        plan="pro",
        interval="month",
        url=session.url,
        state=CheckoutState.OPEN,
        expires_at=session.expires_at,
    )


def ring(customer_id: str, id: str = "evt_1") -> StripeEvent:
    return StripeEvent.objects.create(
        id=id, type="customer.subscription.updated", customer_id=customer_id, created_at=timezone.now()
    )


# What the rows become, whatever the answer


@pytest.fixture
def account(cast: Cast) -> BillingAccount:
    account = account_of(cast.acme)
    account.stripe_customer_id = "cus_1"
    account.save()
    return account


@transaction.atomic
def take(account: BillingAccount, *subscriptions: Any, **fields: Any) -> sync.Look:
    return write_down(
        BillingAccount.objects.select_for_update().get(pk=account.pk), customer(*subscriptions, **fields), {}
    )


def test_one_that_stripe_does_not_know_any_more_has_ended(account: BillingAccount) -> None:
    take(account, subscription("sub_1"))
    take(account)
    row = Subscription.objects.get()
    assert row.status == "canceled" and row.ended_at is not None
    assert take(account).differences == ()


def test_one_ends_before_the_next_begins(account: BillingAccount) -> None:
    take(account, subscription("sub_1"))
    new = subscription("sub_2", created_at=LATER)
    take(account, new, subscription("sub_1", status="canceled", ended_at=LATER))
    assert Subscription.objects.live().get().stripe_id == "sub_2"


def test_the_older_one_comes_to_life_while_the_newer_counts(account: BillingAccount) -> None:
    """An incomplete first try that is paid after all: it is the older one, so it counts, and the other one goes."""
    older, newer = subscription("sub_1", status="incomplete"), subscription("sub_2", created_at=LATER)
    take(account, older, newer)
    assert Subscription.objects.live().get().stripe_id == "sub_2"
    take(account, newer, subscription("sub_1"))
    assert Subscription.objects.get().stripe_id == "sub_1"
    take(account, subscription("sub_1"), subscription("sub_2", created_at=LATER, status="canceled", ended_at=LATER))
    assert set(Subscription.objects.values_list("stripe_id", "status")) == {("sub_1", "active"), ("sub_2", "canceled")}


def test_three_at_once_leave_one(account: BillingAccount) -> None:
    take(account, *(subscription(f"sub_{n}", created_at=START + timedelta(seconds=n)) for n in (3, 1, 2)))
    assert Subscription.objects.get().stripe_id == "sub_1"
    assert {change.wanted["subscription_id"] for change in StripeChange.objects.all()} == {"sub_2", "sub_3"}


def test_an_open_invoice_that_is_gone_is_dropped_and_old_paid_ones_stay(account: BillingAccount) -> None:
    take(account, subscription(), invoices=(invoice("in_1"), invoice("in_2", status="draft")))
    take(account, subscription(), invoices=(invoice("in_3"),))
    assert set(Invoice.objects.values_list("stripe_id", flat=True)) == {"in_1", "in_3"}


def test_a_currency_once_known_stays(account: BillingAccount) -> None:
    take(account, subscription())
    take(account, subscription(), currency="")
    assert account_of(account.team).currency == "usd"


def test_a_failed_payment_is_told_once_to_people(account: BillingAccount) -> None:
    since = timezone.now() - timedelta(days=2)
    owed = invoice("in_9", status="open", created_at=since)
    take(account, subscription())
    for attempts in (1, 2, 3):
        take(account, subscription(status="past_due"), invoices=(replace(owed, attempts=attempts),))
    account.refresh_from_db()
    assert account.valid_until == since + timedelta(days=21) and account.plan == "team" and account.seats == 3
    notice = Notice.objects.get(kind=NoticeKind.PAYMENT_FAILED)
    assert notice.key == "in_9" and notice.facts["until"] == account.valid_until.isoformat()
    account.team.refresh_from_db()
    assert account.team.member_cap == 3 and account.team.payment_grace_until == account.valid_until
    assert actions(account.team).count("payment.failed") == 1
    take(account, subscription(), invoices=(invoice("in_9"),))
    account.team.refresh_from_db()
    assert account.team.payment_grace_until is None and account.team.member_cap is None
    assert actions(account.team)[-1] == "payment.recovered"


def test_after_the_grace_the_team_is_on_starter(account: BillingAccount) -> None:
    owed = invoice("in_9", status="open", created_at=timezone.now() - timedelta(days=22))
    take(account, subscription())
    take(account, subscription(status="past_due"), invoices=(owed,))
    assert plan_of(account.team).key == "starter"
    assert Notice.objects.filter(kind=NoticeKind.PLAN_CHANGED).latest("pk").facts["reason"] == "unpaid"
    # "Nothing changes until ..." would be false now.
    assert not Notice.objects.filter(kind=NoticeKind.PAYMENT_FAILED).exists()
    take(account, subscription(), invoices=(invoice("in_9"),))
    assert plan_of(account.team).key == "team"


def test_what_stripe_has_given_up_on_has_no_grace(account: BillingAccount) -> None:
    owed = invoice("in_9", status="open", created_at=timezone.now() - timedelta(days=1))
    take(account, subscription())
    take(account, subscription(status="unpaid"), invoices=(owed,))
    assert plan_of(account.team).key == "starter"
    assert set(Notice.objects.values_list("kind", flat=True)) == {NoticeKind.PLAN_CHANGED}


def test_an_operator_cannot_put_a_paying_team_on_another_plan(account: BillingAccount) -> None:
    take(account, subscription())
    with pytest.raises(PaidThroughStripe):
        change_plan(team=account.team, plan="pro", actor=None)


# Races, on real connections


def in_thread(act: Callable[[], Any], results: list[Any]) -> threading.Thread:
    def run() -> None:
        try:
            results.append(act())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def paying(transactional_db: None, twin: TwinClient) -> tuple[TwinClient, Team, str, str]:
    """The twin, a team, its customer and its subscription, in a database where other connections see them."""
    team = make_cast().acme
    id = stripe_side.make_customer(team)
    return twin, team, id, stripe_side.subscribe(id)


Paying = tuple[TwinClient, Team, str, str]


def test_two_looks_at_once_make_one_set_of_rows(paying: Paying) -> None:
    _, team, id, _ = paying
    results: list[Any] = []
    for thread in [in_thread(lambda: sync.sync_customer(id), results) for _ in range(4)]:
        thread.join(timeout=60)
    assert sorted(results) == [False, False, False, True]
    assert Subscription.objects.count() == 1 and Invoice.objects.count() == 1
    assert actions(team).count("subscription.started") == 1


def test_an_older_answer_does_not_overwrite_a_newer_one(paying: Paying) -> None:
    """The first look has read the subscription when it is cancelled, and is still waiting for the invoices."""
    twin, team, id, bought = paying
    sync.sync_customer(id)
    twin.chaos(slow={"times": 1, "match": "GET /v1/invoices", "seconds": 2})
    results: list[Any] = []
    first = in_thread(lambda: sync.sync_customer(id), results)
    wait_for(lambda: is_locked(id))
    wait_for(lambda: asked(twin, "/v1/invoices") == 3)
    stripe_side.cancel(bought)
    second = in_thread(lambda: sync.sync_customer(id), results)
    for thread in (first, second):
        thread.join(timeout=60)
    assert results == [False, True]
    assert Subscription.objects.get().status == "canceled" and plan_of(team).key == "starter"


def asked(twin: TwinClient, template: str) -> int:
    return sum(call["passed"] for call in twin.calls() if call["template"] == template)


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError


def is_locked(id: str) -> bool:
    with transaction.atomic():
        free = BillingAccount.objects.select_for_update(skip_locked=True, no_key=True).filter(stripe_customer_id=id)
        return not free.exists()


def test_members_can_come_and_go_while_stripe_is_asked(paying: Paying) -> None:
    """The team's row is free until the last answer is there."""
    twin, team, id, _ = paying
    start_checkout(team, id, "one")
    twin.chaos(slow={"times": 1, "match": "GET /v1/checkout/sessions", "seconds": 4})
    results: list[Any] = []
    look = in_thread(lambda: sync.sync_customer(id), results)
    wait_for(lambda: asked(twin, "/v1/checkout/sessions/{session}") == 1 or bool(results))
    assert results == [] and is_locked(id)
    with transaction.atomic():
        assert Team.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=team.pk).exists()
    look.join(timeout=60)
    assert results == [True]


def test_whoever_waits_too_long_for_another_look_comes_back_later(paying: Paying, monkeypatch: Any) -> None:
    _, team, id, _ = paying
    monkeypatch.setattr(looking, "LOCK_WAIT", "100ms")
    results: list[Any] = []
    with transaction.atomic():
        BillingAccount.objects.select_for_update(no_key=True).get(team=team)
        in_thread(lambda: sync.sync_customer(id), results).join(timeout=60)
    assert [type(result) for result in results] == [gateway.StripeUnavailable]


def test_a_burst_of_events_costs_few_looks(paying: Paying) -> None:
    twin, _, id, _ = paying
    for number in range(50):
        ring(id, f"evt_{number}")
    before = asked(twin, "/v1/customers/{customer}")
    results: list[Any] = []
    threads = [in_thread(lambda: [sync.look_at(id, only_if_due=True) for _ in range(25)], results) for _ in range(2)]
    for thread in threads:
        thread.join(timeout=60)
    assert asked(twin, "/v1/customers/{customer}") - before == 1
    assert not StripeEvent.objects.unprocessed().exists()


def test_an_event_that_comes_during_a_look_is_left_for_the_next(paying: Paying) -> None:
    twin, _, id, _ = paying
    ring(id, "evt_1")
    twin.chaos(slow={"times": 1, "match": "GET /v1/subscriptions", "seconds": 2})
    before, results = asked(twin, "/v1/customers/{customer}"), list[Any]()
    look = in_thread(lambda: sync.sync_customer(id), results)
    wait_for(lambda: asked(twin, "/v1/customers/{customer}") > before)
    ring(id, "evt_2")
    look.join(timeout=60)
    assert [event.pk for event in StripeEvent.objects.unprocessed()] == ["evt_2"]
