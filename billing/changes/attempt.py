"""One attempt at a claimed change, and what its end means: done, refused with a sentence, or to be tried again."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from billing import errors, sync
from billing.alerts import alert, key_refused
from billing.changes.calls import CALLS
from billing.changes.freezing import NothingToDo, TakenOver, check_still_wanted, freeze
from billing.gateway import (
    CardDeclined,
    GatewayError,
    LiveCheckout,
    NoStripeKey,
    StripeRefused,
    StripeUnavailable,
)
from billing.models import BillingAccount, ChangeKind, ChangeState, StripeChange
from config.errors import DomainError

log = logging.getLogger(__name__)
# Seconds to the next attempt after one that got no answer.
BACKOFF = (5, 15, 60, 300, 900, 3600)
# Stripe keeps an idempotency key for 24 hours: later, the same key could do it twice.
KEY_LIFETIME = timedelta(hours=23)
# A person waits for the page to pay on; an hour later the address is of no use to anybody.
CHECKOUT_LIFETIME = timedelta(hours=1)

CURRENCY_WORDS = ("combine currencies", "expected currency", "customer currency")
# What operators are told to do, by the code of a refusal.
REPAIRS = {
    errors.PriceMissing.code: "The plan has no price at Stripe. Run `manage.py stripe_setup`.",
    errors.CurrencyClash.code: (
        "The customer at Stripe pays in another currency than our prices are in. "
        "`manage.py stripe_sync {team} --detach` lets the team start with a new customer."
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an attempt. `touched`: Stripe's state may have changed, so ours is to be fetched anew. `new_key`: what
    is still to be done is worked out anew next time, and sent under another key.
    """

    state: ChangeState
    code: str = ""
    message: str = ""
    next_attempt_at: datetime | None = None
    session: LiveCheckout | None = None
    touched: bool = True
    new_key: bool = False


def attempt(change: StripeChange) -> Outcome:
    """Asks Stripe for the change. Raises nothing that Stripe or the change itself can bring about."""
    try:
        return _attempt(change)
    except NothingToDo:
        return Outcome(ChangeState.DONE, touched=False)
    except TakenOver:
        return Outcome(ChangeState.WAITING, touched=False)  # `_finish` sees that it is not ours any more
    except (StripeUnavailable, NoStripeKey) as error:
        return _later(change, error, errors.StripeAway())
    except DomainError as error:
        return _refused(change, error)
    except CardDeclined as error:
        return _refused(change, errors.CardDeclined(error.message))
    except StripeRefused as error:
        return _refused_by_stripe(change, error)


def _refused_by_stripe(change: StripeChange, error: StripeRefused) -> Outcome:
    """A final no, unless what was refused is our key, or the body that a newer Pare makes of an older request."""
    if error.code in errors.KEY_CODES:
        key_refused(error.code, error.message)
        return _later(change, error, errors.KeyRefused())
    if error.code == "idempotency_error":
        return replace(_later(change, error, errors.StripeAway()), new_key=True)
    return _explained(change, error)


def _attempt(change: StripeChange) -> Outcome:
    if _is_too_old(change):
        return _given_up(change)
    if change.request is None:
        freeze(change)
    else:
        check_still_wanted(change)
    session = CALLS[ChangeKind(change.kind)](change)
    # A session that can only be opened changes nothing yet; one that ended may have been paid.
    touched = change.kind != ChangeKind.CHECKOUT
    return Outcome(ChangeState.DONE, session=session, touched=touched)


def _refused(change: StripeChange, error: DomainError) -> Outcome:
    """A final no. Operators hear of what only they can put right, and of refusals that no person waits for."""
    if repair := REPAIRS.get(error.code):
        alert(f"{error.code}:{change.account_id}", _sentence(change, repair.format(team=change.account.team.slug)))
    elif change.actor_id is None and not isinstance(error, errors.Superseded | errors.CustomerGone):
        alert(f"{change.kind}:{change.account_id}", _sentence(change, f"Stripe refused it: {error.message}"))
    return Outcome(ChangeState.REFUSED, error.code, error.message)


def _later(change: StripeChange, error: Exception, said: DomainError) -> Outcome:
    wait = BACKOFF[min(change.attempts, len(BACKOFF)) - 1]
    log.warning("Stripe change %s waits %s s after attempt %s: %s", change.public_id, wait, change.attempts, error)
    next_attempt_at = timezone.now() + timedelta(seconds=wait)
    return Outcome(ChangeState.WAITING, said.code, said.message, next_attempt_at, touched=False)


def _is_too_old(change: StripeChange) -> bool:
    if change.attempts == 1:
        return False
    lifetime = CHECKOUT_LIFETIME if change.kind == ChangeKind.CHECKOUT else KEY_LIFETIME
    frozen = change.request and datetime.fromisoformat(change.request["frozen_at"])
    return timezone.now() > (frozen or change.created_at) + lifetime


def _given_up(change: StripeChange) -> Outcome:
    if change.kind != ChangeKind.CHECKOUT:
        alert(f"gave-up:{change.public_id}", _sentence(change, "Stripe gave no answer for a day, so Pare gave it up."))
    return Outcome(ChangeState.REFUSED, errors.GivenUp.code, errors.GivenUp.message)


def _sentence(change: StripeChange, what: str) -> str:
    return f"{change.account.team.name} ({change.account.team.slug}), {change.get_kind_display().lower()}: {what}"


def _explained(change: StripeChange, error: StripeRefused) -> Outcome:
    """Looks at Stripe's state now: the customer is gone, or the subscription has ended, or it was something else."""
    customer = change.account.stripe_customer_id
    try:
        if customer:
            sync.sync_customer(customer)
        if not BillingAccount.objects.filter(pk=change.account_id, stripe_customer_id=customer).exists():
            return _refused(change, errors.CustomerGone())
        check_still_wanted(change)
    except GatewayError as away:
        return _later(change, away, errors.StripeAway())
    except errors.Superseded as superseded:
        return _refused(change, superseded)
    return _refused(change, _in_our_words(error))


def _in_our_words(error: StripeRefused) -> DomainError:
    # Stripe has no code for this one, and another sentence on each of its ways.
    if any(words in error.message for words in CURRENCY_WORDS):
        return errors.CurrencyClash()
    return errors.ChangeRefused(f"Stripe refused the change: {error.message}")
