"""The days of grace after a failed payment: mails before their end, and Starter after it.

`plan_of` needs no write to see that a grace is over. The facts on the team, the audit trail and the mail do.
"""

import logging
from datetime import datetime

from django.db import DatabaseError

from billing import gateway, notices, sync
from billing.models import BillingAccount, Invoice
from billing.plans import STARTER

log = logging.getLogger(__name__)


def watch_grace(now: datetime) -> int:
    """Ends the graces that are over and reminds of those that will be; gives how many plans changed.

    Stripe is asked first, for a payment may have come in unheard. When it does not answer, our rows decide.
    """
    ended = 0
    for account in BillingAccount.objects.filter(valid_until__lte=now).exclude(plan=STARTER.key):
        _look(account)
        ended += sync.regrant(account.pk)
    soon = now + max(notices.REMINDERS)
    for account in BillingAccount.objects.filter(valid_until__gt=now, valid_until__lte=soon):
        _remind(account, now)
    return ended


def _remind(account: BillingAccount, now: datetime) -> None:
    """The look costs three calls: it is made when there is something to say, not every five minutes."""
    invoice = _owed(account)
    if invoice is None or notices.is_reminded(account, invoice, now):
        return
    _look(account)
    account.refresh_from_db()
    if invoice := _owed(account):
        notices.grace_ending(account, invoice, now)


def _owed(account: BillingAccount) -> Invoice | None:
    """The invoice that the grace is for."""
    subscription = account.subscriptions.live().first()
    return account.invoices.oldest_unpaid(subscription) if subscription else None


def _look(account: BillingAccount) -> None:
    if not account.stripe_customer_id:
        return
    try:
        sync.sync_customer(account.stripe_customer_id)
    except (gateway.GatewayError, DatabaseError) as error:
        log.warning("The grace of account %s ends while Stripe cannot be asked: %s", account.pk, error)
