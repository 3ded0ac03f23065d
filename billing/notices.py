"""Mails about plans and payments, to owners and to members with the billing role: each fact is told once.

A notice is noted in the transaction that makes the fact, and sent by a worker. A worker that dies in between is made up
for: then, and only then, a mail can arrive twice, with the same Message-ID.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import Membership
from accounts.roles import ROLE_RIGHTS, Right
from billing.gateway.types import LiveInvoice
from billing.models import BillingAccount, Invoice, Notice, NoticeKind
from billing.plans import BY_KEY
from billing.words import money

log = logging.getLogger(__name__)
# A worker that claimed a notice this long ago and did not send it is dead.
CLAIM_LASTS = timedelta(minutes=10)
# What could not be sent for so long is no news any more.
NEWS_FOR = timedelta(days=3)
# Before the end of the grace, the last one first.
REMINDERS = (timedelta(days=1), timedelta(days=7))
PAYERS = [role for role, rights in ROLE_RIGHTS.items() if Right.MANAGE_BILLING in rights]


def request(account: BillingAccount, kind: NoticeKind, *, key: str, facts: dict[str, Any]) -> bool:
    """Notes that a mail is due, in the caller's transaction; False when this fact was told before."""
    _, is_new = Notice.objects.get_or_create(account=account, kind=kind, key=key, defaults={"facts": facts})
    return is_new


def payment_failed(account: BillingAccount, invoice: LiveInvoice, until: datetime) -> bool:
    """One mail for each invoice, however often the card is tried."""
    return request(account, NoticeKind.PAYMENT_FAILED, key=invoice.id, facts=_owed(invoice.id, until))


def grace_ending(account: BillingAccount, invoice: Invoice, now: datetime) -> bool:
    """A mail a week before the grace ends, and one a day before; called late, only the one that fits."""
    if account.valid_until is None or not (key := _reminder(account, invoice, now)):
        return False
    return request(account, NoticeKind.GRACE_ENDING, key=key, facts=_owed(invoice.stripe_id, account.valid_until))


def is_reminded(account: BillingAccount, invoice: Invoice, now: datetime) -> bool:
    """Whether there is nothing (more) to remind of for now."""
    key = _reminder(account, invoice, now)
    return not key or account.notices.filter(kind=NoticeKind.GRACE_ENDING, key=key).exists()


def _reminder(account: BillingAccount, invoice: Invoice, now: datetime) -> str:
    """The key of the reminder that is due, "" for none."""
    until = account.valid_until
    if until is None or until <= now:
        return ""
    before = next((one for one in REMINDERS if until - now <= one), None)
    return f"{invoice.stripe_id}:{before.days}" if before else ""


def _owed(invoice_id: str, until: datetime) -> dict[str, Any]:
    return {"invoice": invoice_id, "until": until.isoformat()}


def due(now: datetime) -> list[int]:
    """The notices that wait to be sent, oldest first, those of dead workers among them."""
    waiting = Notice.objects.filter(_can_be_claimed(now), created_at__gt=now - NEWS_FOR)
    return list(waiting.order_by("created_at", "pk").values_list("pk", flat=True)[:500])


def send(notice_id: int) -> bool:
    """Sends a notice; False when another worker has it, or there is nobody, or nothing any more, to tell.

    Raises what the mail server raises (SMTPException, OSError); the notice is due again ten minutes later.
    """
    now = timezone.now()
    if not Notice.objects.filter(_can_be_claimed(now), pk=notice_id).update(claimed_at=now):
        return False
    notice = Notice.objects.select_related("account__team").get(pk=notice_id)
    context, to = _context(notice), _readers(notice.account)
    is_told = context is not None and bool(to)
    if context is not None and to:
        _message(notice, context, to).send()
    Notice.objects.filter(pk=notice_id).update(sent_at=timezone.now())
    return is_told


def _can_be_claimed(now: datetime) -> Q:
    """Not sent, and with no worker that may still be at it."""
    return Q(sent_at=None) & (Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM_LASTS))


def _readers(account: BillingAccount) -> list[str]:
    """Verified addresses of those who can do something about it; nobody of a closed team."""
    if account.team.closed_at:
        return []
    payers = Membership.objects.for_team(account.team).filter(role__in=PAYERS, user__is_active=True)
    addresses = EmailAddress.objects.filter(user__memberships__in=payers, verified=True, primary=True)
    return sorted(addresses.values_list("email", flat=True))


def _context(notice: Notice) -> dict[str, Any] | None:
    """What the mail says; None when it is not true any more, for instance when the invoice was paid meanwhile."""
    account = notice.account
    context: dict[str, Any] = {
        "team": account.team,
        "link": f"{settings.SITE_ROOT}{reverse('billing', args=[account.team.slug])}",
        "site": settings.SITE_ROOT.split("//")[1],
    }
    if notice.kind == NoticeKind.PLAN_CHANGED:
        before, after = (BY_KEY[notice.facts[name]] for name in ("before", "after"))
        changes = {"before": before, "after": after, "at": notice.created_at, "reason": notice.facts.get("reason", "")}
        return context | changes
    invoice = Invoice.objects.for_team(account.team).unpaid().filter(stripe_id=notice.facts["invoice"]).first()
    if invoice is None:
        return None
    amount = money(invoice.amount_due_cents, invoice.currency)
    return context | {"invoice": invoice, "amount": amount, "until": parse_datetime(notice.facts["until"])}


def _message(notice: Notice, context: dict[str, Any], to: list[str]) -> EmailMessage:
    # Names are typed by people: a line break in one must not become a header.
    subject = " ".join(_subject(notice, context).split())
    body = render_to_string(f"billing/mail/{notice.kind}.txt", context).strip() + "\n"
    message_id = f"<notice-{notice.pk}-{notice.created_at.timestamp():.0f}@{context['site'].split(':')[0]}>"
    return EmailMessage(subject, body, None, to, headers={"Message-ID": message_id})


def _subject(notice: Notice, context: dict[str, Any]) -> str:
    team = context["team"].name
    if notice.kind == NoticeKind.PAYMENT_FAILED:
        return f"A payment for {team} failed"
    if notice.kind == NoticeKind.GRACE_ENDING:
        until = context["until"]
        return f"{team} goes to Starter on {until.day} {until:%B} unless {context['amount']} is paid"
    return f"{team} is on the {context['after'].name} plan now"
