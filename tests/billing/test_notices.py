"""Mails about plans and payments: to those who can do something, once for each fact, and true when they are sent."""

import re
import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.models import Team
from accounts.roles import Role
from accounts.services import close_team
from billing import notices, tasks
from billing.models import BillingAccount, Invoice, Notice, NoticeKind
from billing.services import change_plan
from tests.billing import rows
from tests.billing.answers import invoice
from tests.billing.buying import account_of
from tests.conftest import Cast, make_cast
from tests.factories import make_membership, make_user
from tests.races import in_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(cast: Cast) -> Team:
    """A team that owes, with nothing yet told of it."""
    rows.fail_payment(cast.acme, days_ago=2)
    Notice.objects.all().delete()
    return cast.acme


def owed_by(team: Team) -> Invoice:
    return Invoice.objects.for_team(team).unpaid().get()


def fail(team: Team) -> Notice:
    """The notice of a payment that failed."""
    owed, until = owed_by(team), timezone.now() + timedelta(days=19)
    notices.payment_failed(account_of(team), invoice(owed.stripe_id), until)
    return Notice.objects.get(kind=NoticeKind.PAYMENT_FAILED)


def test_a_failed_payment_is_mailed_with_all_that_is_needed_to_put_it_right(acme: Team, settings: Any) -> None:
    notice = fail(acme)
    assert notices.send(notice.pk) is True
    (message,) = mail.outbox
    assert message.to == ["olga@acme.example", "vic@acme.example"]
    assert message.subject == "A payment for Acme failed"
    owed = owed_by(acme)
    until = notice.facts["until"]
    body = str(message.body)
    assert "$87.00" in body and owed.number in body and owed.page_url in body
    assert f"{settings.SITE_ROOT}/t/acme/billing/" in body
    assert str(int(until[8:10])) in body and "UTC" in body and "nothing is deleted" in body


def test_a_payment_that_waits_for_its_holder_says_what_to_do(acme: Team) -> None:
    Invoice.objects.for_team(acme).update(needs_confirmation=True)
    notices.send(fail(acme).pk)
    assert "confirmation by the card's holder" in str(mail.outbox[0].body)


def test_the_grace_ending_is_mailed(acme: Team) -> None:
    account, now = account_of(acme), timezone.now()
    BillingAccount.objects.filter(pk=account.pk).update(valid_until=now + timedelta(days=6))
    assert notices.grace_ending(account_of(acme), owed_by(acme), now)
    assert notices.send(Notice.objects.get().pk)
    assert "unless $87.00 is paid" in mail.outbox[0].subject and "Nothing is deleted" in str(mail.outbox[0].body)


def test_another_plan_is_mailed(cast: Cast) -> None:
    Notice.objects.all().delete()
    change_plan(team=cast.acme, plan="pro", actor=None)
    change_plan(team=cast.acme, plan="pro", actor=None)
    notice = Notice.objects.get()
    notices.send(notice.pk)
    assert mail.outbox[0].subject == "Acme is on the Pro plan now"
    assert "Before that it was on Team" in str(mail.outbox[0].body) and "not paid" not in str(mail.outbox[0].body)


def test_starter_after_a_grace_says_why(acme: Team) -> None:
    facts = {"before": "team", "after": "starter", "reason": "unpaid"}
    notices.request(account_of(acme), NoticeKind.PLAN_CHANGED, key="x", facts=facts)
    notices.send(Notice.objects.get().pk)
    assert "not paid in time" in str(mail.outbox[0].body)


def test_starter_after_an_unpaid_end_says_why_and_what_to_do(acme: Team) -> None:
    facts = {"before": "team", "after": "starter", "reason": "ended_unpaid"}
    notices.request(account_of(acme), NoticeKind.PLAN_CHANGED, key="x", facts=facts)
    notices.send(Notice.objects.get().pk)
    said = str(mail.outbox[0].body)
    assert "ended while an invoice was unpaid" in said and "To have Team again, choose it" in said


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_mail_is_plain_text_in_plain_words(acme: Team, kind: NoticeKind) -> None:
    account = account_of(acme)
    until = (timezone.now() + timedelta(days=5)).isoformat()
    facts = {"invoice": owed_by(acme).stripe_id, "until": until, "before": "pro", "after": "team"}
    notices.request(account, kind, key="x", facts=facts)
    Team.objects.filter(pk=acme.pk).update(name="R&D <b>\nBcc: x@rival.example")
    notices.send(Notice.objects.get().pk)
    (message,) = mail.outbox
    text = str(message.body)
    assert text.strip().splitlines()[-1].startswith("Pare, ")
    assert "R&D <b>" in text and "!" not in text and "{{" not in text and "&amp;" not in text and "None" not in text
    assert "\n\n\n" not in text and "\n" not in message.subject
    assert message.recipients() == ["olga@acme.example", "vic@acme.example"]
    assert re.fullmatch(r"<notice-\d+-\d+@[\w.]+>", message.extra_headers["Message-ID"])


def test_only_verified_addresses_of_those_who_pay_are_written_to(acme: Team) -> None:
    make_membership(acme, make_user("unsure@acme.example", verified=False), Role.OWNER)
    make_membership(acme, make_user("gone@acme.example", is_active=False), Role.BILLING)
    notices.send(fail(acme).pk)
    assert mail.outbox[0].to == ["olga@acme.example", "vic@acme.example"]


def test_nobody_of_a_closed_team_is_written_to(acme: Team, cast: Cast) -> None:
    notice = fail(acme)
    close_team(team=acme, actor=cast.olga)
    assert notices.send(notice.pk) is False and mail.outbox == []
    assert notices.due(timezone.now()) == []


def test_what_is_paid_meanwhile_is_not_told(acme: Team) -> None:
    notice = fail(acme)
    Invoice.objects.for_team(acme).update(status="paid")
    assert notices.send(notice.pk) is False and mail.outbox == []
    assert Notice.objects.get().sent_at is not None


def test_a_fact_is_told_once(acme: Team) -> None:
    notice = fail(acme)
    fail(acme)
    assert [notices.send(notice.pk) for _ in range(3)] == [True, False, False]
    assert len(mail.outbox) == 1


def test_it_is_tried_again_when_the_mail_server_was_away(acme: Team, monkeypatch: Any, caplog: Any) -> None:
    notice = fail(acme)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", raiser(smtplib.SMTPServerDisconnected("gone")))
        tasks.send_notice(notice.pk)
    assert "tried again later" in caplog.text
    now = timezone.now()
    assert notices.due(now) == [] and notices.due(now + timedelta(minutes=11)) == [notice.pk]
    Notice.objects.update(claimed_at=now - timedelta(minutes=11))
    assert notices.send(notice.pk) is True and len(mail.outbox) == 1


def raiser(error: Exception) -> Any:
    def send(*_: Any, **__: Any) -> None:
        raise error

    return send


def test_what_is_no_news_any_more_is_let_be(acme: Team) -> None:
    notice = fail(acme)
    assert notices.due(timezone.now()) == [notice.pk]
    assert notices.due(timezone.now() + timedelta(days=4)) == []


def test_the_sweep_queues_what_is_due(acme: Team, monkeypatch: Any) -> None:
    notice = fail(acme)
    queued: list[Any] = []
    monkeypatch.setattr(tasks.send_notice, "apply_async", lambda arguments, **_: queued.append(arguments))
    tasks.sweep_notices()
    assert queued == [(notice.pk,)]


def test_workers_at_the_same_time_send_one_mail(transactional_db: None) -> None:
    team = make_cast().acme
    rows.fail_payment(team, days_ago=2)
    Notice.objects.all().delete()
    notice, results = fail(team), list[Any]()
    for thread in [in_thread(lambda: notices.send(notice.pk), results) for _ in range(5)]:
        thread.join(timeout=60)
    assert sorted(results) == [False] * 4 + [True] and len(mail.outbox) == 1


def test_a_fact_noted_twice_at_the_same_time_is_one_notice(transactional_db: None) -> None:
    team = make_cast().acme
    rows.fail_payment(team, days_ago=2)
    Notice.objects.all().delete()
    account, results = account_of(team), list[Any]()

    def note() -> bool:
        with transaction.atomic():
            return notices.request(account, NoticeKind.PAYMENT_FAILED, key="in_1", facts={})

    for thread in [in_thread(note, results) for _ in range(4)]:
        thread.join(timeout=60)
    assert sorted(results) == [False, False, False, True] and Notice.objects.count() == 1
