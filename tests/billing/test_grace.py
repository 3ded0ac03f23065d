"""21 days after a failed payment the team is on Starter, told a week and a day before; a payment brings all back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import AuditEntry, Team
from billing import sync, tasks
from billing.entitlement import GRACE
from billing.grace import watch_grace
from billing.models import BillingAccount, Invoice, Notice, NoticeKind, Subscription
from billing.services import plan_of
from tests.billing import rows, stripe_side
from tests.billing.buying import account_of
from tests.conftest import Cast
from tests.twin.client import WEBHOOK, TwinClient

pytestmark = pytest.mark.django_db


def reminders(team: Team) -> list[str]:
    found = Notice.objects.filter(account__team=team, kind=NoticeKind.GRACE_ENDING).order_by("pk")
    return [key.split(":")[1] for key in found.values_list("key", flat=True)]


def owe(team: Team, *, since: datetime) -> Subscription:
    """A team that owes since then; Stripe is not asked, for the customer is not known there."""
    rows.subscribe(team)
    subscription = Subscription.objects.live().get(account__team=team)
    Subscription.objects.update(status="past_due", past_due_since=since)
    rows.make_invoice(team, subscription, status="open", created_at=since)
    BillingAccount.objects.for_team(team).update(
        stripe_customer_id=None, valid_until=since + GRACE, seats_follow_members=False
    )
    Notice.objects.all().delete()
    return subscription


def test_the_plan_ends_with_the_grace_without_any_write(cast: Cast) -> None:
    owe(cast.acme, since=timezone.now() - GRACE)
    assert account_of(cast.acme).plan == "team" and plan_of(cast.acme).key == "starter"


def test_the_watcher_writes_what_follows_from_it(cast: Cast) -> None:
    since = timezone.now() - GRACE
    owe(cast.acme, since=since)
    assert watch_grace(timezone.now()) == 1
    account = account_of(cast.acme)
    assert (account.plan, account.valid_until) == ("starter", since + GRACE)
    cast.acme.refresh_from_db()
    assert cast.acme.member_cap == 1 and not cast.acme.service_keys_allowed and not cast.acme.audit_log_allowed
    assert cast.acme.payment_grace_until == since + GRACE
    entry = AuditEntry.objects.for_team(cast.acme).latest("pk")
    assert (entry.action, entry.actor, entry.target) == ("plan.changed", None, "Starter")
    assert Notice.objects.get(kind=NoticeKind.PLAN_CHANGED).facts["reason"] == "unpaid"
    assert watch_grace(timezone.now()) == 0


def test_while_the_grace_lasts_nothing_changes(cast: Cast) -> None:
    owe(cast.acme, since=timezone.now() - timedelta(days=20))
    assert watch_grace(timezone.now()) == 0
    assert plan_of(cast.acme).key == "team" and plan_of(cast.acme).members == 3


def test_it_reminds_a_week_and_a_day_before_and_once_each(cast: Cast) -> None:
    now = timezone.now()
    owe(cast.acme, since=now)
    told: list[int] = []
    for hours in range(0, 22 * 24, 6):
        watch_grace(now + timedelta(hours=hours))
        if len(reminders(cast.acme)) > len(told):
            told.append(hours // 24)
    assert reminders(cast.acme) == ["7", "1"] and told == [14, 20]


def test_a_watcher_that_slept_tells_only_what_fits(cast: Cast) -> None:
    owe(cast.acme, since=timezone.now() - GRACE + timedelta(hours=3))
    watch_grace(timezone.now())
    watch_grace(timezone.now())
    assert reminders(cast.acme) == ["1"]


def test_plans_of_the_operator_have_no_grace(cast: Cast) -> None:
    assert watch_grace(timezone.now() + timedelta(days=400)) == 0
    assert plan_of(cast.acme).key == "team" and not Notice.objects.filter(kind=NoticeKind.GRACE_ENDING).exists()


# With Stripe's side: the twin's time begins in the past, so that it can move on to now.

Renewing = tuple[TwinClient, Team, str]


@pytest.fixture
def renewing(bare_twin: TwinClient, cast: Cast) -> Any:
    """A function that makes a team whose renewal failed so many days ago."""

    def make(days_ago: float) -> Renewing:
        start = timezone.now() - timedelta(days=31 + days_ago)
        bare_twin.reset(webhook=settings.SITE_ROOT + WEBHOOK, start=int(start.timestamp()))
        bare_twin.chaos(hold=True)
        call_command("stripe_setup", verbosity=0)
        id = stripe_side.make_customer(cast.acme)
        stripe_side.subscribe(id)
        sync.sync_customer(id)
        stripe_side.use_card(id, "pm_card_chargeCustomerFail")
        bare_twin.advance(to=int(timezone.now().timestamp()))
        return bare_twin, cast.acme, id

    return make


def test_a_renewal_that_failed_leaves_the_plan_and_a_payment_restores_it(renewing: Any) -> None:
    _, team, id = renewing(5)
    sync.sync_customer(id)
    account, row = account_of(team), Subscription.objects.get()
    assert row.status == "past_due" and row.past_due_since is not None
    assert account.valid_until == row.grace_ends_at and plan_of(team).key == "team"
    assert Notice.objects.filter(kind=NoticeKind.PAYMENT_FAILED).count() == 1
    pay(team, id)
    sync.sync_customer(id)
    account.refresh_from_db()
    team.refresh_from_db()
    assert account.valid_until is None and team.payment_grace_until is None and team.member_cap is None


def pay(team: Team, id: str) -> None:
    stripe_side.use_card(id, "pm_card_visa")
    owed = Invoice.objects.for_team(team).unpaid().get()
    stripe_side.api().v1.invoices.pay(owed.stripe_id)


def test_after_the_grace_a_payment_brings_everything_back_at_once(renewing: Any) -> None:
    _, team, id = renewing(22)
    sync.sync_customer(id)
    team.refresh_from_db()
    assert plan_of(team).key == "starter" and team.member_cap == 1
    pay(team, id)
    sync.sync_customer(id)
    team.refresh_from_db()
    assert plan_of(team).key == "team" and team.member_cap is None and team.service_keys_allowed


def test_a_payment_that_nobody_told_of_ends_no_plan(renewing: Any) -> None:
    """The webhook of the payment was lost: the watcher asks Stripe before it takes a plan away."""
    _, team, id = renewing(20)
    sync.sync_customer(id)
    pay(team, id)
    later = timezone.now() + timedelta(days=2)
    BillingAccount.objects.for_team(team).update(valid_until=timezone.now() - timedelta(minutes=1))
    assert watch_grace(later) == 0
    assert plan_of(team).key == "team" and account_of(team).valid_until is None
    assert not Notice.objects.filter(kind=NoticeKind.PLAN_CHANGED, facts__after="starter").exists()


def test_when_stripe_does_not_answer_our_rows_decide(renewing: Any) -> None:
    twin, team, id = renewing(20)
    sync.sync_customer(id)
    Subscription.objects.update(past_due_since=timezone.now() - GRACE)
    BillingAccount.objects.for_team(team).update(valid_until=timezone.now())
    twin.chaos(fail_500=20)
    tasks.watch_grace()
    assert account_of(team).plan == "starter"


def test_a_reminder_looks_first_and_then_not_again(renewing: Any) -> None:
    twin, team, id = renewing(15)
    sync.sync_customer(id)
    asked = len_of(twin)
    for _ in range(3):
        tasks.watch_grace()
    assert reminders(team) == ["7"] and len_of(twin) == asked + 1


def len_of(twin: TwinClient) -> int:
    return sum(call["passed"] for call in twin.calls() if call["template"] == "/v1/customers/{customer}")
