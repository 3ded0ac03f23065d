"""Telling the operator what only a person can put right: a line in the log, and a mail to PARE_OPERATORS."""

import logging
import time

from django.core.cache import cache
from django.core.mail import mail_admins

log = logging.getLogger(__name__)
ONCE_IN = 24 * 3600  # seconds
# What goes wrong for one customer can go wrong for all, with a key of another account for instance.
MAILS_AN_HOUR = 20
LAST = "\n\nThis is the last of {0} mails within this hour: what else there is to tell is in the log only."


def alert(fact: str, text: str) -> None:
    """Tells the operators `text`, once a day for each `fact`. Never raises: whoever alerts has other work to do.

    Call it after the transaction: it may wait for a mail server. `text` names no card and no address of an invoice.
    """
    if not is_first(f"alert:{fact}", ONCE_IN):
        return
    log.error("%s", text)
    mails = _mails_this_hour()
    if mails > MAILS_AN_HOUR:
        return
    text += LAST.format(mails) if mails == MAILS_AN_HOUR else ""
    try:
        mail_admins(" ".join(text.split(". ")[0].split())[:150], text)
    except Exception:  # whatever a mail server can do
        log.exception("The operators could not be told by mail.")


def key_refused(code: str, message: str) -> None:
    """The alert of a key that Stripe does not take, or not for this; `message` is Stripe's."""
    alert(f"key:{code}", f"Stripe does not accept STRIPE_SECRET_KEY: {message}")


def is_first(fact: str, seconds: int) -> bool:
    """Whether this fact comes up for the first time within so many seconds; without a cache it always does."""
    try:
        return cache.add(f"billing:{fact}", 1, seconds)
    except Exception:  # any client's errors, time-outs among them
        log.warning("The cache does not answer; this may be told twice.")
        return True


def _mails_this_hour() -> int:
    """How many mails to operators this one makes; 1 without a cache."""
    key = f"billing:alert-mails:{int(time.time()) // 3600}"
    try:
        cache.add(key, 0, 3600)
        return cache.incr(key)
    except Exception:  # as above
        return 1
