"""Starting to pay: one session for each team, whatever happens on the way."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry
from accounts.services import close_team
from billing import changes, errors, services, sync
from billing.models import ChangeKind, ChangeState, Checkout, CheckoutState, StripeChange
from config.errors import NotFound, RateLimited
from tests.billing.buying import (
    account_of,
    acme_buys,
    at_stripe,
    buy,
    checkout_url,
    live,
    only_checkout,
    paid_cents,
    price_at_stripe,
    session_in,
    states,
    sweep,
)
from tests.conftest import Cast
from tests.twin.client import TwinClient
from tests.twin.talk import sdk


def open_sessions(twin: TwinClient) -> list[str]:
    return [row["url"] for row in twin.truth("checkout.session") if row["status"] == "open"]


def delete_customer(twin: TwinClient, customer: str | None) -> None:
    sdk(twin.url).v1.customers.delete(customer or "")


def only_open(cast: Cast) -> Checkout:
    return Checkout.objects.for_team(cast.acme).unfinished().get()


def expire(twin: TwinClient) -> None:
    """What Stripe does when a session's time is over."""
    [session] = [row["id"] for row in twin.truth("checkout.session") if row["status"] == "open"]
    sdk(twin.url).v1.checkout.sessions.expire(session)


def test_it_makes_a_subscription_for_all_billable_members(cast: Cast, twin: TwinClient) -> None:
    subscription = acme_buys(twin, cast)
    assert (subscription.plan, subscription.quantity, subscription.status) == ("team", 3, "active")  # vic does billing
    assert (price_at_stripe(twin), paid_cents(twin)) == ("pare_team_monthly", [3 * 2900])
    assert only_checkout(cast.acme).state == CheckoutState.COMPLETE
    assert services.plan_of(cast.acme).members is None
    [customer] = twin.truth("customer")
    assert (customer["id"], customer["email"]) == (account_of(cast.acme).stripe_customer_id, "olga@acme.example")


def test_it_is_paid_by_card_in_the_currency_that_our_page_said(cast: Cast, twin: TwinClient) -> None:
    checkout_url(cast)
    [session] = twin.truth("checkout.session")
    assert (session["currency"], session["adaptive_pricing"]) == ("usd", {"enabled": False})
    assert session["allowed_payment_method_types"] == ["card", "link"]


def test_pro_is_for_one_seat(cast: Cast, twin: TwinClient) -> None:
    assert acme_buys(twin, cast, "pro").quantity == 1
    assert paid_cents(twin) == [1900]


def test_who_started_is_in_the_audit_trail(cast: Cast, twin: TwinClient) -> None:
    checkout_url(cast)
    entry = AuditEntry.objects.get(action="billing.checkout_started")
    assert (entry.actor, entry.target, entry.details) == (cast.olga, "Team", {"plan": "team", "interval": "month"})


def test_a_second_click_leads_to_the_same_page(cast: Cast, twin: TwinClient) -> None:
    assert checkout_url(cast) == checkout_url(cast)
    assert len(twin.truth("checkout.session")) == len(twin.truth("customer")) == 1


def test_another_plan_ends_the_open_page_first(cast: Cast, twin: TwinClient) -> None:
    pro = checkout_url(cast, "pro")
    team = checkout_url(cast)
    assert open_sessions(twin) == [team] != [pro]
    assert states(cast) == [CheckoutState.EXPIRED, CheckoutState.OPEN]
    assert len(twin.truth("customer")) == 1


def test_a_page_that_ends_soon_is_not_used_again(cast: Cast, twin: TwinClient) -> None:
    first = checkout_url(cast)
    Checkout.objects.update(expires_at=timezone.now() + timedelta(minutes=9))
    second = checkout_url(cast)
    assert open_sessions(twin) == [second] != [first]


def test_a_page_that_ended_by_itself_is_replaced(cast: Cast, twin: TwinClient) -> None:
    first = checkout_url(cast)
    expire(twin)
    second = checkout_url(cast)
    assert open_sessions(twin) == [second] != [first]
    assert states(cast) == [CheckoutState.EXPIRED, CheckoutState.OPEN]


def test_paid_in_another_tab_is_noticed_at_the_next_click(cast: Cast, twin: TwinClient) -> None:
    """Neither a webhook nor the way back has told of it yet."""
    twin.pay_checkout(checkout_url(cast))
    with pytest.raises(errors.AlreadySubscribed):
        checkout_url(cast)
    assert live(cast.acme).plan == "team"


def test_paid_in_another_tab_is_noticed_when_choosing_another_plan(cast: Cast, twin: TwinClient) -> None:
    twin.pay_checkout(checkout_url(cast, "pro"))
    with pytest.raises(errors.AlreadySubscribed):
        checkout_url(cast, "team")
    assert (live(cast.acme).plan, len(at_stripe(twin))) == ("pro", 1)
    assert only_checkout(cast.acme).state == CheckoutState.COMPLETE


def test_a_subscribed_team_pays_no_second_time(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    with pytest.raises(errors.AlreadySubscribed):
        checkout_url(cast)


def test_a_declined_card_leaves_the_page_open(cast: Cast, twin: TwinClient) -> None:
    url = checkout_url(cast)
    assert "declined" in twin.pay_checkout(url, "decline").alert
    assert checkout_url(cast) == url
    assert twin.pay_checkout(url).left_for


def test_when_stripe_does_not_answer_the_next_click_goes_on_with_the_same(cast: Cast, twin: TwinClient) -> None:
    twin.chaos(fail_500={"times": 3, "match": "POST /v1/checkout/sessions"})
    with pytest.raises(errors.StripeAway):
        checkout_url(cast)
    assert states(cast) == [CheckoutState.STARTING]
    url = checkout_url(cast)
    assert open_sessions(twin) == [url]
    assert len(twin.truth("customer")) == len(twin.truth("checkout.session")) == 1
    assert StripeChange.objects.get().attempts == 2


def test_an_answer_that_was_lost_is_asked_for_again(cast: Cast, twin: TwinClient) -> None:
    """The session was made, and its address never came."""
    twin.chaos(time_out={"times": 3, "match": "POST /v1/checkout/sessions"})
    with pytest.raises(errors.StripeAway):
        checkout_url(cast)
    url = checkout_url(cast)
    assert open_sessions(twin) == [url]


def test_another_plan_after_a_lost_answer(cast: Cast, twin: TwinClient) -> None:
    """The first session may be open at Stripe, but nobody knows its address."""
    twin.chaos(time_out={"times": 3, "match": "POST /v1/checkout/sessions"})
    with pytest.raises(errors.StripeAway):
        checkout_url(cast, "pro")
    url = checkout_url(cast, "team")
    assert only_open(cast).url == url
    assert twin.pay_checkout(url).left_for


def test_a_start_that_got_no_answer_is_given_up_after_an_hour(cast: Cast, twin: TwinClient) -> None:
    twin.chaos(fail_500={"times": 3, "match": "POST /v1/checkout/sessions"})
    with pytest.raises(errors.StripeAway):
        checkout_url(cast)
    change = StripeChange.objects.get()
    assert change.request
    change.request["frozen_at"] = (timezone.now() - timedelta(minutes=61)).isoformat()
    change.save()
    changes.perform(change.pk, at_once=True)
    assert states(cast) == [CheckoutState.EXPIRED]
    url = checkout_url(cast)
    assert open_sessions(twin) == [url]


def test_a_customer_deleted_at_stripe_is_replaced(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    before = account_of(cast.acme).stripe_customer_id
    delete_customer(twin, before)
    with pytest.raises(errors.AlreadySubscribed):  # nobody has told us yet
        checkout_url(cast)
    services.refresh(cast.acme)
    assert account_of(cast.acme).stripe_customer_id is None
    again = acme_buys(twin, cast)
    assert account_of(cast.acme).stripe_customer_id != before
    assert [row["id"] for row in at_stripe(twin)] == [again.stripe_id]


def test_a_customer_deleted_while_the_page_is_open(cast: Cast, twin: TwinClient) -> None:
    first = checkout_url(cast)
    delete_customer(twin, account_of(cast.acme).stripe_customer_id)
    again = checkout_url(cast)
    assert again != first
    assert twin.pay_checkout(again).left_for


def test_a_customer_of_another_currency_cannot_buy_until_it_is_detached(
    cast: Cast, twin: TwinClient, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.ADMINS = [("Operator", "ops@pare.example")]
    checkout_url(cast)
    expire(twin)
    customer = account_of(cast.acme).stripe_customer_id or ""
    credit = sdk(twin.url).v1.customers.balance_transactions
    credit.create(customer, {"amount": -100, "currency": "eur"})
    with pytest.raises(errors.CurrencyClash):
        checkout_url(cast)
    [mail] = [mail for mail in mailoutbox if "currency" in mail.body]
    assert "manage.py stripe_sync acme --detach" in mail.body
    sync.detach(customer)
    assert twin.pay_checkout(checkout_url(cast)).left_for


def test_the_way_back_is_for_the_own_team_only(cast: Cast, twin: TwinClient) -> None:
    back = twin.pay_checkout(checkout_url(cast)).left_for or ""
    for session in (session_in(back), "cs_test_unknown", ""):
        with pytest.raises(NotFound):
            services.confirm_checkout(team=cast.rival, session_id=session)
    assert back.split("?")[0].endswith("/t/acme/billing/return/")
    assert services.confirm_checkout(team=cast.acme, session_id=session_in(back)).state == CheckoutState.COMPLETE


def test_coming_back_twice_asks_once(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    session = only_checkout(cast.acme).stripe_id or ""
    asked = twin.calls()
    services.confirm_checkout(team=cast.acme, session_id=session)
    assert twin.calls() == asked


def test_a_page_left_open_is_settled_by_the_next_look(cast: Cast, twin: TwinClient) -> None:
    """Two tabs, the plan changed in between: what can still be paid when the team has subscribed is ended."""
    checkout_url(cast)
    session = only_checkout(cast.acme)
    buy(twin, cast.rival, cast.mallory)
    twin.pay_checkout(session.url)
    services.refresh(cast.acme)
    assert only_checkout(cast.acme).state == CheckoutState.COMPLETE
    assert live(cast.acme).status == "active"


def test_twenty_an_hour_are_enough(cast: Cast, twin: TwinClient) -> None:
    account = account_of(cast.acme)
    for _ in range(20):
        StripeChange.objects.create(account=account, kind=ChangeKind.PAY, actor=cast.olga, state=ChangeState.DONE)
    with pytest.raises(RateLimited, match="20 changes within an hour") as refusal:
        checkout_url(cast)
    assert 3590 <= int(refusal.value.headers["Retry-After"]) <= 3601
    StripeChange.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert checkout_url(cast)


def test_a_team_deleted_with_an_open_page_cannot_be_paid_for(cast: Cast, twin: TwinClient) -> None:
    url = checkout_url(cast)
    close_team(team=cast.acme, actor=cast.olga)
    sweep(cast.acme)
    assert open_sessions(twin) == []
    assert not twin.open(url).has_button("Pay")
