"""A team that was deleted is not charged again, whatever was on its way. And one subscription is enough."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.services import close_team
from billing import changes, services, sync
from billing.models import BillingAccount, ChangeKind, ChangeState, CheckoutState, StripeChange, Subscription
from tests.billing.buying import account_of, acme_buys, at_stripe, buy, do_all, only_checkout, paid_cents, sweep
from tests.conftest import Cast
from tests.twin.client import TwinClient
from tests.twin.talk import sdk


def close(cast: Cast) -> None:
    close_team(team=cast.acme, actor=cast.olga)


def subscribe_in_dashboard(twin: TwinClient, cast: Cast) -> str:
    """What a person can do at Stripe by hand: Pro for Acme, on the card that it has there. Gives the customer."""
    customer = account_of(cast.acme).stripe_customer_id or ""
    api = sdk(twin.url).v1
    [price] = api.prices.list({"lookup_keys": ["pare_pro_monthly"]}).data
    card = api.customers.payment_methods.list(customer).data[0]
    api.subscriptions.create(
        {"customer": customer, "items": [{"price": price.id}], "default_payment_method": card.id}
    )
    return customer


def work_off(cast: Cast) -> None:
    """Two sweeps: what the first one's work brings to light is the second one's."""
    sweep(cast.acme)
    sweep(cast.acme)


def test_its_subscription_ends_at_once(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    close(cast)
    work_off(cast)
    assert at_stripe(twin) == []
    twin.advance(days=70)
    assert paid_cents(twin) == [3 * 2900]
    assert not Subscription.objects.live().exists()


def test_nothing_is_left_for_the_next_sweep(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    close(cast)
    work_off(cast)
    before = StripeChange.objects.count()
    sweep(cast.acme)
    assert list(changes.sweeps.closed_with_something_left()) == []
    assert StripeChange.objects.count() == before


def test_a_subscription_that_turns_up_later_ends_too(cast: Cast, twin: TwinClient) -> None:
    """Paid in the moment between: the webhook tells of it when the team is gone already."""
    url = services.open_checkout(team=cast.acme, plan="team", interval="month", actor=cast.olga)
    close(cast)
    twin.pay_checkout(url)
    work_off(cast)
    assert at_stripe(twin) == []
    assert only_checkout(cast.acme).state == CheckoutState.COMPLETE


def test_one_made_in_stripes_dashboard_ends_too(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    close(cast)
    work_off(cast)
    customer = subscribe_in_dashboard(twin, cast)
    sync.sync_customer(customer)
    work_off(cast)
    assert at_stripe(twin) == []


def test_changes_that_wait_are_moot(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    change = services.change_subscription(team=cast.acme, plan="team", interval="month", actor=cast.olga)
    close(cast)
    work_off(cast)
    change.refresh_from_db()
    assert (change.state, change.error_code, change.request) == (ChangeState.REFUSED, "superseded", None)
    assert (at_stripe(twin), paid_cents(twin)) == ([], [1900])


def test_a_change_already_claimed_is_moot_when_it_is_worked_out(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    change = services.change_subscription(team=cast.acme, plan="team", interval="month", actor=cast.olga)
    close(cast)
    changes.perform(change.pk)
    change.refresh_from_db()
    assert (change.state, change.error_code) == (ChangeState.REFUSED, "superseded")
    assert paid_cents(twin) == [1900]


def test_a_page_never_made_is_given_up(cast: Cast, twin: TwinClient) -> None:
    checkout = services.start_checkout(team=cast.acme, plan="team", interval="month", actor=cast.olga)
    close(cast)
    work_off(cast)
    checkout.refresh_from_db()
    assert checkout.state == CheckoutState.EXPIRED
    assert twin.truth("checkout.session") == []
    assert not StripeChange.objects.open().exists()


def test_when_stripe_is_away_it_is_tried_until_it_ends(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    close(cast)
    twin.chaos(fail_500={"times": 3, "match": "DELETE /v1/subscriptions"})
    sweep(cast.acme)
    change = StripeChange.objects.get(kind=ChangeKind.END_NOW)
    assert change.state == ChangeState.WAITING
    StripeChange.objects.update(next_attempt_at=timezone.now())
    do_all(cast.acme)
    change.refresh_from_db()
    assert (change.state, change.attempts) == (ChangeState.DONE, 2)
    assert at_stripe(twin) == []


def test_after_a_day_without_an_answer_a_new_request_takes_over(cast: Cast, twin: TwinClient) -> None:
    """The old key is forgotten by Stripe: it would be no protection any more."""
    acme_buys(twin, cast)
    close(cast)
    twin.chaos(fail_500={"times": 3, "match": "DELETE /v1/subscriptions"})
    sweep(cast.acme)
    old = StripeChange.objects.get(kind=ChangeKind.END_NOW)
    assert old.request
    old.request["frozen_at"] = (timezone.now() - timedelta(hours=23, minutes=1)).isoformat()
    old.next_attempt_at = timezone.now()
    old.save()
    do_all(cast.acme)
    old.refresh_from_db()
    assert (old.state, old.error_code) == (ChangeState.REFUSED, "given_up")
    assert len(at_stripe(twin)) == 1
    StripeChange.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(minutes=16))
    work_off(cast)
    assert at_stripe(twin) == []


def test_other_teams_go_on(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    theirs = buy(twin, cast.rival, cast.mallory)
    close(cast)
    work_off(cast)
    assert [row["id"] for row in at_stripe(twin)] == [theirs.stripe_id]


def test_the_second_of_two_subscriptions_is_the_one_that_ends(cast: Cast, twin: TwinClient) -> None:
    first = acme_buys(twin, cast)
    twin.advance(seconds=2)  # Stripe's times are whole seconds
    customer = subscribe_in_dashboard(twin, cast)
    assert len(at_stripe(twin)) == 2
    sync.sync_customer(customer)
    do_all(cast.acme)
    assert [row["id"] for row in at_stripe(twin)] == [first.stripe_id]
    assert services.plan_of(cast.acme).key == "team"


def test_a_team_without_stripe_is_nothing_to_the_sweep(cast: Cast) -> None:
    close(cast)
    assert changes.find_work() == []
    assert BillingAccount.objects.get(team=cast.acme).stripe_customer_id is None


def test_a_change_already_sent_once_is_not_sent_again(cast: Cast, twin: TwinClient) -> None:
    """Its first attempt got no answer; the next one would come before the sweep knows that the team is gone."""
    acme_buys(twin, cast, "pro")
    change = services.change_subscription(team=cast.acme, plan="team", interval="month", actor=cast.olga)
    twin.chaos(fail_500={"times": 3, "match": "POST /v1/subscriptions"})
    changes.perform(change.pk)
    change.refresh_from_db()
    assert change.request is not None
    close(cast)
    changes.perform(change.pk, at_once=True)
    change.refresh_from_db()
    assert (change.state, change.error_code) == (ChangeState.REFUSED, "superseded")
    assert paid_cents(twin) == [1900]


@pytest.mark.django_db(transaction=True)
def test_the_operator_hears_of_a_payment_for_a_team_that_was_gone(
    cast: Cast, twin: TwinClient, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    """Nobody used what was paid for: it is to be given back."""
    settings.ADMINS = [("Operator", "ops@pare.example")]
    url = services.open_checkout(team=cast.acme, plan="team", interval="month", actor=cast.olga)
    close(cast)
    twin.advance(seconds=2)  # Stripe's times are whole seconds
    twin.pay_checkout(url)
    work_off(cast)
    assert at_stripe(twin) == []
    [mail] = mailoutbox
    assert "was deleted" in mail.body and "acme" in mail.body and "by hand" in mail.body
