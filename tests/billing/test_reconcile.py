"""The nightly round and the operator's repair: rows end right whatever was lost, and a person hears of the loss."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing import inbox, reconcile, sync, tasks
from billing.alerts import alert
from billing.models import BillingAccount, StripeEvent, StripePrice, Subscription
from billing.services import plan_of
from tests.billing import stripe_side
from tests.conftest import Cast
from tests.twin.client import WEBHOOK, TwinClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def twin(bare_twin: TwinClient, db: None) -> TwinClient:
    """The twin an hour ago, so that no event of it is still on its way."""
    start = timezone.now() - timedelta(hours=1)
    bare_twin.reset(webhook=settings.SITE_ROOT + WEBHOOK, start=int(start.timestamp()))
    bare_twin.chaos(hold=True)
    call_command("stripe_setup", verbosity=0)
    return bare_twin


@pytest.fixture
def operator_mail(settings: Any, mailoutbox: list[Any]) -> Iterator[list[Any]]:
    """The mails that the operator got."""
    settings.ADMINS = [("Operator", "ops@pare.example")]
    yield mailoutbox


@pytest.fixture
def both(cast: Cast, twin: TwinClient) -> tuple[str, str]:
    """Both teams subscribe to Pro, and every webhook arrives."""
    ids = []
    for team in (cast.acme, cast.rival):
        ids.append(stripe_side.make_customer(team))
        stripe_side.subscribe(ids[-1], "pro", quantity=1)
    return ids[0], ids[1]


def test_lost_events_are_made_up_for_and_the_operator_told(
    cast: Cast, twin: TwinClient, both: tuple[str, str], operator_mail: list[Any]
) -> None:
    """Nothing was delivered."""
    tasks.reconcile()
    assert [plan_of(team).key for team in (cast.acme, cast.rival)] == ["pro", "pro"]
    found = StripeEvent.objects.filter(found_by_reconcile=True)
    assert found.exists() and set(found.values_list("customer_id", flat=True)) == set(both)
    assert not StripeEvent.objects.unprocessed().exists()
    (message,) = operator_mail
    assert "never arrived" in message.subject and "customer.subscription.created" in message.body


def test_where_no_webhook_can_arrive_none_is_missed(
    cast: Cast, twin: TwinClient, both: tuple[str, str], operator_mail: list[Any], settings: Any
) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    tasks.reconcile()
    assert plan_of(cast.acme).key == "pro" and operator_mail == [] and not StripeEvent.objects.exists()


def test_a_night_without_news_is_quiet(
    cast: Cast, twin: TwinClient, both: tuple[str, str], client: Any, operator_mail: list[Any]
) -> None:
    assert set(twin.deliver_to(client)) == {200}
    for id in both:
        sync.sync_customer(id)
    tasks.reconcile()
    assert operator_mail == [] and not StripeEvent.objects.filter(found_by_reconcile=True).exists()


def test_a_difference_that_no_event_told_of_is_named(
    cast: Cast, twin: TwinClient, both: tuple[str, str], client: Any, operator_mail: list[Any]
) -> None:
    twin.deliver_to(client)
    for id in both:
        sync.sync_customer(id)
    Subscription.objects.filter(account__team=cast.rival).update(quantity=7, plan="team")
    tasks.reconcile()
    (message,) = operator_mail
    assert "Rival" in message.body and "quantity" in message.body and "plan" in message.body
    assert "Acme" not in message.body
    assert Subscription.objects.get(account__team=cast.rival).plan == "pro"


def test_a_new_card_is_no_alarm(
    cast: Cast, twin: TwinClient, both: tuple[str, str], client: Any, operator_mail: list[Any]
) -> None:
    twin.deliver_to(client)
    for id in both:
        sync.sync_customer(id)
    BillingAccount.objects.update(card_last4="0000")
    tasks.reconcile()
    assert operator_mail == []
    assert set(BillingAccount.objects.values_list("card_last4", flat=True)) == {"4242"}


def test_an_event_that_may_still_be_on_its_way_is_not_missed(
    cast: Cast, bare_twin: TwinClient, operator_mail: list[Any]
) -> None:
    bare_twin.reset(webhook=settings.SITE_ROOT + WEBHOOK)
    bare_twin.chaos(hold=True)
    call_command("stripe_setup", verbosity=0)
    stripe_side.subscribe(stripe_side.make_customer(cast.acme), "pro", quantity=1)
    assert reconcile.find_missed_events() == 0


def test_ignored_events_are_not_missed(cast: Cast, twin: TwinClient, both: tuple[str, str]) -> None:
    BillingAccount.objects.update(stripe_customer_id=None)
    assert reconcile.find_missed_events() == 0


def test_one_account_that_fails_does_not_stop_the_rest(
    cast: Cast, twin: TwinClient, both: tuple[str, str], operator_mail: list[Any]
) -> None:
    BillingAccount.objects.for_team(cast.acme).update(synced_at=timezone.now() - timedelta(days=2))
    BillingAccount.objects.for_team(cast.rival).update(synced_at=timezone.now() - timedelta(days=1))
    twin.chaos(fail_500={"times": 2, "match": "GET /v1/customers"})  # the first account's call, and its repeat
    assert reconcile.check_accounts() == 2
    assert (plan_of(cast.acme).key, plan_of(cast.rival).key) == ("team", "pro")


def test_when_stripe_is_away_the_night_ends_early_and_says_so(
    cast: Cast, twin: TwinClient, both: tuple[str, str], operator_mail: list[Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(reconcile, "MOST_FAILURES", 1)
    twin.chaos(fail_500=100)
    tasks.reconcile()
    (message,) = operator_mail
    assert message.subject == "Pare: The nightly look at Stripe ended after 1 of 2 customers."
    assert plan_of(cast.acme).key == "team"


def test_prices_are_copied(cast: Cast, twin: TwinClient) -> None:
    StripePrice.objects.all().delete()
    tasks.reconcile()
    assert set(StripePrice.objects.values_list("lookup_key", "unit_amount_cents")) == {
        ("pare_pro_monthly", 1900),
        ("pare_team_monthly", 2900),
    }


def test_old_events_are_forgotten(cast: Cast, twin: TwinClient) -> None:
    now = timezone.now()
    for days in (89, 91):
        StripeEvent.objects.create(
            id=f"evt_{days}",
            type="invoice.paid",
            customer_id="cus_1",
            created_at=now,
            received_at=now - timedelta(days=days),
            processed_at=now,
        )
    assert inbox.forget_old(now) == 1
    assert StripeEvent.objects.get().pk == "evt_89"


def test_without_a_key_the_night_does_nothing(cast: Cast, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    BillingAccount.objects.for_team(cast.acme).update(stripe_customer_id="cus_1")
    tasks.reconcile()
    tasks.sweep_events()
    tasks.sync_customer("cus_1")
    assert plan_of(cast.acme).key == "team"


def test_a_refusal_of_stripes_is_an_alarm_and_no_crash(
    cast: Cast, twin: TwinClient, both: tuple[str, str], operator_mail: list[Any], settings: Any
) -> None:
    settings.STRIPE_SECRET_KEY = "nonsense"
    tasks.sync_customer(both[0])
    (message,) = operator_mail
    assert both[0] in message.body
    twin.expects_refusals = True


def test_events_that_nobody_can_see_to_are_an_alarm(cast: Cast, operator_mail: list[Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks.sync_customer, "apply_async", lambda *_, **__: None)
    now = timezone.now()
    for minutes in (10, 59):
        received = now - timedelta(minutes=minutes)
        StripeEvent.objects.create(
            id=f"evt_{minutes}", type="invoice.paid", customer_id="cus_1", created_at=now, received_at=received
        )
    tasks.sweep_events()
    assert operator_mail == []
    StripeEvent.objects.filter(pk="evt_59").update(received_at=now - timedelta(minutes=61))
    tasks.sweep_events()
    assert ["hour: 1 of" in message.body for message in operator_mail] == [True]


def test_an_alert_is_told_once_a_day_and_never_raises(
    operator_mail: list[Any], monkeypatch: Any, settings: Any, caplog: Any
) -> None:
    for _ in range(3):
        alert("one", "Something happened. It is this.")
    alert("two", "Something else\nhappened.")
    assert [message.subject for message in operator_mail] == [
        "Pare: Something happened",
        "Pare: Something else happened.",
    ]
    settings.EMAIL_BACKEND = "django.core.mail.backends.nothing.EmailBackend"
    alert("three", "No mail.")
    assert "could not be told" in caplog.text


# The operator's command


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("stripe_sync", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_says_what_was_different(cast: Cast, twin: TwinClient, both: tuple[str, str]) -> None:
    text = run("acme")
    assert "acme: subscription sub_" in text and "nothing -> active" in text and "acme: plan: Pro now" in text
    assert "rival" not in text and plan_of(cast.rival).key == "team"
    assert run("acme") == "acme: as Stripe has it\n"
    assert "rival: plan: Pro now" in run()


def test_the_command_copies_prices(cast: Cast, twin: TwinClient) -> None:
    StripePrice.objects.all().delete()
    assert "prices:" in run() and StripePrice.objects.count() == 2


def test_the_command_needs_a_team_that_is_there(cast: Cast, twin: TwinClient, both: tuple[str, str]) -> None:
    for arguments in (["nobody"], ["nobody", "--detach"], ["--detach"]):
        with pytest.raises(CommandError, match="customer at Stripe"):
            run(*arguments)


def test_without_a_key_the_command_asks_nobody(cast: Cast, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    for arguments in ([], ["acme"]):
        with pytest.raises(CommandError, match="STRIPE_SECRET_KEY is not set"):
            run(*arguments)


def test_the_command_says_when_stripe_is_away(cast: Cast, twin: TwinClient, both: tuple[str, str]) -> None:
    twin.chaos(fail_500=100)
    with pytest.raises(CommandError, match="acme"):
        run("acme")
    with pytest.raises(CommandError, match="prices"):
        run()


def test_the_command_detaches(cast: Cast, twin: TwinClient, both: tuple[str, str]) -> None:
    run("acme")
    paid = Subscription.objects.for_team(cast.acme).get().stripe_id
    with pytest.raises(CommandError, match=f"still pays for {paid}"):  # it would be charged for nothing
        run("acme", "--detach")
    assert plan_of(cast.acme).key == "pro"
    stripe_side.cancel(paid)
    assert "forgotten" in run("acme", "--detach")
    assert plan_of(cast.acme).key == "starter"
    assert BillingAccount.objects.for_team(cast.acme).get().stripe_customer_id is None
