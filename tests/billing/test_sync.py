"""Rows follow Stripe's state: from a fetch under the row's lock, one live subscription for each team, told once."""

from typing import Any

import pytest
from django.core import mail

from accounts.models import AuditEntry
from billing import gateway, sync
from billing.models import ChangeKind, CheckoutState, Notice, NoticeKind, StripeChange, StripeEvent, Subscription
from billing.services import plan_of
from billing.sync.mirror import as_fetched
from tests.billing import stripe_side
from tests.billing.buying import account_of
from tests.billing.rows import actions, ring
from tests.billing.stripe_side import start_checkout
from tests.conftest import Cast
from tests.twin.client import TwinClient

pytestmark = pytest.mark.django_db


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
