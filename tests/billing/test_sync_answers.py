"""What our rows and the plan become, whatever Stripe answers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from billing import sync
from billing.errors import PaidThroughStripe
from billing.models import BillingAccount, Invoice, Notice, NoticeKind, StripeChange, Subscription
from billing.services import change_plan, plan_of
from billing.sync.customer import write_down
from tests.billing.answers import START, customer, invoice, subscription
from tests.billing.buying import account_of
from tests.billing.rows import actions
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=30)


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


def test_a_plan_that_ends_unpaid_says_so(account: BillingAccount) -> None:
    owed = invoice("in_9", status="open", created_at=timezone.now() - timedelta(days=2))
    take(account, subscription())
    take(account, subscription(status="past_due"), invoices=(owed,))
    take(account, subscription(status="canceled"), invoices=(owed,))
    told = Notice.objects.filter(kind=NoticeKind.PLAN_CHANGED).latest("pk")
    assert told.facts == {"before": "team", "after": "starter", "reason": "ended_unpaid"}
    take(account, subscription("sub_2"))
    take(account, subscription("sub_2", status="canceled"))
    assert Notice.objects.filter(kind=NoticeKind.PLAN_CHANGED).latest("pk").facts["reason"] == ""


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
