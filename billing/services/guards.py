"""What every verb of payments checks before it writes, and how Stripe's answers become refusals."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore

from django.conf import settings
from django.utils import timezone

from accounts.models import Team, User
from accounts.rate_limit import seconds_to_wait
from accounts.roles import Right
from accounts.services.teams import lock_team_for
from billing import errors, gateway
from billing.alerts import key_refused
from billing.grants import lock_account
from billing.locks import RowLocked, waiting_at_most
from billing.models import BillingAccount, ChangeKind, ChangeState, Interval, StripeChange
from billing.plans import BY_KEY, STARTER
from config.errors import RateLimited

# So many of a web process's threads may wait for Stripe, or for a row that is locked while Stripe is asked. The others
# serve the pages of everybody else, however slow Stripe is and however often somebody clicks.
WAITING_ROOM = BoundedSemaphore(max(1, settings.PARE_WEB_THREADS // 2))
# A click waits no longer for a look at Stripe that has the account locked.
LOCK_WAIT = "8s"
CHANGES_AN_HOUR = 20
# Calls to Stripe that one team's people can cause in a minute without changing anything.
LOOKS_A_MINUTE = 60
# What may wait behind or ahead of a person's change: it is recounted or does not meet it.
HARMLESS = (ChangeKind.SEATS, ChangeKind.EXPIRE_CHECKOUT, ChangeKind.CHECKOUT)


def lock_for(team: Team, actor: User) -> BillingAccount:
    """The account, locked, then its team, for somebody who may manage its billing now.

    Raises NoStripe, StripeBusy, ChangeInProgress (the row is locked while Stripe is asked, which can take long),
    NotFound (not a member, or the team was closed), Forbidden.
    """
    if not gateway.is_configured():
        raise errors.NoStripe
    try:
        with waiting_at_most(LOCK_WAIT), waiting_room():
            account = lock_account(team)
    except RowLocked as error:
        raise errors.ChangeInProgress from error
    lock_team_for(team, actor, Right.MANAGE_BILLING)
    return account


def check_plan(plan: str, interval: str) -> None:
    """Raises UnknownPlan, UnknownInterval."""
    if plan not in BY_KEY:
        raise errors.UnknownPlan
    if interval not in Interval.values:
        raise errors.UnknownInterval


def check_paid_plan(plan: str, interval: str) -> None:
    """Raises UnknownPlan, UnknownInterval: Starter is not sold."""
    check_plan(plan, interval)
    if plan == STARTER.key:
        raise errors.UnknownPlan("Starter is free: there is nothing to pay. Use pro or team.")


def check_nothing_under_way(account: BillingAccount) -> None:
    """Raises ChangeInProgress."""
    if account.changes.open().exclude(kind__in=HARMLESS).exists():
        raise errors.ChangeInProgress


def check_rate(account: BillingAccount) -> None:
    """Raises RateLimited when the team's people asked for too much within the hour."""
    since = timezone.now() - timedelta(hours=1)
    asked = account.changes.filter(actor__isnull=False, created_at__gt=since).order_by("created_at")
    times = list(asked.values_list("created_at", flat=True))
    if len(times) >= CHANGES_AN_HOUR:
        wait = int((times[-CHANGES_AN_HOUR] - since).total_seconds()) + 1
        raise RateLimited(
            f"The team asked for {CHANGES_AN_HOUR} changes within an hour. Try again in {wait // 60 + 1} minutes.",
            headers={"Retry-After": str(wait)},
        )


def check_looks(team: Team) -> None:
    """Counts a call that only reads or opens a page. Raises RateLimited."""
    if wait := seconds_to_wait(f"billing:{team.pk}", LOOKS_A_MINUTE):
        raise RateLimited(headers={"Retry-After": str(wait)})


@contextmanager
def waiting_room() -> Iterator[None]:
    """Around what waits for Stripe while a person waits for it. Raises StripeBusy. Not to be entered twice."""
    if not WAITING_ROOM.acquire(blocking=False):
        raise errors.StripeBusy
    try:
        yield
    finally:
        WAITING_ROOM.release()


@contextmanager
def stripe_answers() -> Iterator[None]:
    """Around calls that a person waits for. Raises NoStripe, StripeAway, StripeBusy, KeyRefused, CardDeclined,
    ChangeRefused.
    """
    try:
        with waiting_room():
            yield
    except gateway.NoStripeKey:
        raise errors.NoStripe from None
    except gateway.StripeUnavailable as error:
        raise errors.StripeAway from error
    except gateway.CardDeclined as error:
        raise errors.CardDeclined(error.message) from error
    except gateway.StripeRefused as error:
        if error.code in errors.KEY_CODES:
            key_refused(error.code, error.message)
            raise errors.KeyRefused from error
        raise errors.ChangeRefused(f"Stripe refused this: {error.message}") from error


def check_done(change: StripeChange) -> None:
    """Raises what became of a change that somebody waited for, unless it is done."""
    if change.state == ChangeState.REFUSED:
        raise errors.by_code(change.error_code, change.error_message)
    if change.state == ChangeState.WAITING:
        raise errors.by_code(change.error_code or errors.StripeAway.code, change.error_message)
    if change.state == ChangeState.DOING:
        raise errors.ChangeInProgress
