"""Starting to pay: one Checkout session for each team, whoever clicks how often."""

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import Team, User
from billing import changes, errors, sync
from billing.models import BillingAccount, ChangeKind, ChangeState, Checkout, CheckoutState, StripeChange
from billing.plans import BY_KEY
from billing.services.guards import (
    check_done,
    check_looks,
    check_paid_plan,
    check_rate,
    lock_for,
    stripe_answers,
    waiting_room,
)
from config.errors import NotFound

# An open session is used again only while a person has so long to pay.
TIME_TO_PAY = timedelta(minutes=10)
# How long a click waits for another that is making the same session.
WAIT_SECONDS, LOOK_SECONDS = 8.0, 0.1
TRIES = 3


def open_checkout(*, team: Team, plan: str, interval: str, actor: User) -> str:
    """The address of Stripe's page where the team pays for the plan: `start_checkout`, then `finish_checkout_start`.

    Raises UnknownPlan, UnknownInterval, AlreadySubscribed, ChangeInProgress, CurrencyClash, CustomerGone, NoStripe,
    StripeAway, PriceMissing, RateLimited, NotFound, Forbidden.
    """
    for _ in range(TRIES):
        checkout = start_checkout(team=team, plan=plan, interval=interval, actor=actor)
        try:
            return finish_checkout_start(checkout)
        except (errors.CheckoutEnded, errors.CustomerGone) as error:
            refusal = error  # what was in the way is out of it now
    raise refusal


def start_checkout(*, team: Team, plan: str, interval: str, actor: User) -> Checkout:
    """The team's session for this plan: the open one, or a new one still to be made at Stripe. Raises as above.

    An open session for another plan is ended at Stripe before: two that can be paid could make two subscriptions.
    """
    check_paid_plan(plan, interval)
    for _ in range(TRIES):
        found = _decide(team, plan, interval, actor)
        if isinstance(found, Checkout):
            return found
        check_done(_carry_out(found))
    raise errors.ChangeInProgress


def finish_checkout_start(checkout: Checkout) -> str:
    """Makes the session at Stripe unless it is there, and gives its address. Raises as above, and CheckoutEnded."""
    made_now = False
    if checkout.state == CheckoutState.STARTING:
        change = _change_of(checkout)
        if change is None:
            raise errors.CheckoutEnded
        check_done(_carry_out(change))
        checkout.refresh_from_db()
        made_now = checkout.state == CheckoutState.OPEN
    if not made_now:
        _look_again(checkout)
    return checkout.url


def confirm_checkout(*, team: Team, session_id: str) -> Checkout:
    """Somebody came back from paying: brings our rows up to Stripe's state and gives the session as it is now.

    Raises NotFound for a session that is not this team's, StripeAway, RateLimited.
    """
    checkout = Checkout.objects.for_team(team).filter(stripe_id=session_id).select_related("account").first()
    if checkout is None:
        raise NotFound
    is_known = checkout.state == CheckoutState.COMPLETE and checkout.account.subscriptions.live().exists()
    if not is_known:
        check_looks(team)
        _look(checkout)
    return checkout


@transaction.atomic
def _decide(team: Team, plan: str, interval: str, actor: User) -> Checkout | StripeChange:
    """The session to pay with, or the change that has to be made before there can be one."""
    account = lock_for(team, actor)
    if account.subscriptions.live().exists():
        raise errors.AlreadySubscribed
    unfinished = account.checkouts.unfinished().first()
    if unfinished is None:
        return _new_checkout(account, plan, interval, actor)
    is_same = (unfinished.plan, unfinished.interval) == (plan, interval)
    if unfinished.state == CheckoutState.STARTING:
        if is_same and _change_of(unfinished):
            return unfinished
        _abandon(unfinished)
        return _new_checkout(account, plan, interval, actor)
    if is_same and account.stripe_customer_id and unfinished.can_be_paid(timezone.now() + TIME_TO_PAY):
        return unfinished
    wanted = {"session_id": unfinished.stripe_id}
    return changes.request_change(account=account, kind=ChangeKind.EXPIRE_CHECKOUT, wanted=wanted, actor=None)


def _new_checkout(account: BillingAccount, plan: str, interval: str, actor: User) -> Checkout:
    check_rate(account)
    checkout = Checkout.objects.create(account=account, plan=plan, interval=interval, started_by=actor)
    back = [account.team.slug]
    wanted = {
        "checkout": checkout.pk,
        "plan": plan,
        "interval": interval,
        # Stripe writes the session's id between the braces.
        "success_url": f"{settings.SITE_ROOT}{reverse('billing_return', args=back)}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{settings.SITE_ROOT}{reverse('billing', args=back)}",
    }
    changes.request_change(account=account, kind=ChangeKind.CHECKOUT, wanted=wanted, actor=actor)
    details = {"plan": plan, "interval": interval}
    audit.record(
        team=account.team, actor=actor, action="billing.checkout_started", target=BY_KEY[plan].name, details=details
    )
    return checkout


def _change_of(checkout: Checkout) -> StripeChange | None:
    """The change that makes the session, while it is on its way."""
    of_account = StripeChange.objects.open().filter(account=checkout.account_id, kind=ChangeKind.CHECKOUT)
    return of_account.filter(wanted__checkout=checkout.pk).first()


def _abandon(checkout: Checkout) -> None:
    """Gives up a session whose address nobody has been told yet. Raises ChangeInProgress while it is being made."""
    if change := _change_of(checkout):
        waiting = StripeChange.objects.filter(pk=change.pk, state=ChangeState.WAITING)
        gone = errors.Superseded
        refused = {"state": ChangeState.REFUSED, "error_code": gone.code, "error_message": gone.message}
        if not waiting.update(finished_at=timezone.now(), **refused):
            raise errors.ChangeInProgress
    checkout.state = CheckoutState.EXPIRED
    checkout.save(update_fields=["state"])


def _carry_out(change: StripeChange) -> StripeChange:
    """Makes the change now, and those ahead of it; waits a little for another worker that is at them."""
    deadline = time.monotonic() + WAIT_SECONDS
    ahead = StripeChange.objects.open().filter(account=change.account_id, pk__lte=change.pk).order_by("pk")
    with waiting_room():
        while (one := ahead.first()) and time.monotonic() < deadline:
            found = changes.perform(one.pk, at_once=True)
            if found.state == ChangeState.WAITING:
                break  # Stripe does not answer
            if found.state == ChangeState.DOING:
                time.sleep(LOOK_SECONDS)
    change.refresh_from_db()
    return change


def _look_again(checkout: Checkout) -> None:
    """Before a person is sent to an older page. Raises CheckoutEnded, AlreadySubscribed, StripeAway."""
    _look(checkout)
    if checkout.account.subscriptions.live().exists():
        raise errors.AlreadySubscribed
    if checkout.state == CheckoutState.OPEN:
        return
    raise errors.AlreadySubscribed if checkout.state == CheckoutState.COMPLETE else errors.CheckoutEnded


def _look(checkout: Checkout) -> None:
    """Fetches the customer's state, which settles its sessions too."""
    customer = BillingAccount.objects.values_list("stripe_customer_id", flat=True).get(pk=checkout.account_id)
    with stripe_answers():
        if customer:
            sync.sync_customer(customer)
    checkout.refresh_from_db()
