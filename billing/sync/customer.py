"""One look at a customer: lock our row, ask Stripe for its state now, write it down, and give the team what it says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from billing import gateway, inbox
from billing.alerts import alert
from billing.entitlement import grant_for
from billing.gateway.types import LiveCustomer
from billing.grants import apply_grant
from billing.locks import RowLocked, waiting_at_most
from billing.models import BillingAccount, Source, StripeEvent
from billing.sync.choice import choose
from billing.sync.following import close_checkouts, end_duplicates, fetch_checkouts, settle_checkouts, tell
from billing.sync.mirror import Difference, as_fetched, live_row, mirror

# Whoever finds the row locked waits no longer than Stripe may take for one answer.
LOCK_WAIT = "10s"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a customer found. `team` is the team's name, None when no team has this customer."""

    team: str | None
    differences: tuple[Difference, ...] = ()
    plan_changed: bool = False
    rung: int = 0  # events that asked for it

    @property
    def changed(self) -> bool:
        return bool(self.differences) or self.plan_changed


def sync_customer(customer_id: str) -> bool:
    """Makes our rows equal to Stripe's state now; whether anything was different. Raises as `look_at`."""
    return look_at(customer_id).changed


def look_at(customer_id: str, *, only_if_due: bool = False) -> Look:
    """Fetches under the row's lock, so that an older answer never overwrites a newer one.

    With `only_if_due` nothing is asked when an earlier look saw to every event of the customer. Raises NoStripeKey,
    StripeRefused, and StripeUnavailable (also while another look goes on): then no row has changed. Not to be called
    in a transaction.
    """
    with transaction.atomic(durable=True), _gives_up_waiting():
        account = _lock(customer_id)
        # What has rung by now is answered by the fetch that follows; what rings during it may not be.
        rung = list(StripeEvent.objects.unprocessed().filter(customer_id=customer_id).values_list("pk", flat=True))
        events = StripeEvent.objects.filter(pk__in=rung)
        if account is None:
            events.update(processed_at=timezone.now(), ignored=inbox.UNKNOWN_CUSTOMER)
            return Look(None)
        if only_if_due and account.synced_at and not rung:
            return Look(account.team.name)
        look = _take_in(account, customer_id)
        events.update(processed_at=timezone.now())
        return replace(look, rung=len(rung))


@contextmanager
def _gives_up_waiting() -> Iterator[None]:
    try:
        with waiting_at_most(LOCK_WAIT):
            yield
    except RowLocked as error:
        raise gateway.StripeUnavailable("Another look at this customer is going on.") from error


def _lock(customer_id: str) -> BillingAccount | None:
    accounts = BillingAccount.objects.select_for_update(of=("self",), no_key=True).select_related("team")
    return accounts.filter(stripe_customer_id=customer_id).first()


def _take_in(account: BillingAccount, customer_id: str) -> Look:
    """Asks for everything before anything is written: the team's row is not to be locked while Stripe thinks."""
    try:
        customer = gateway.fetch_customer(customer_id)
    except gateway.StripeMissing:
        return _missing(account, customer_id)
    return _detach(account) if customer.deleted else write_down(account, customer, fetch_checkouts(account))


def write_down(account: BillingAccount, customer: LiveCustomer, checkouts: Mapping[str, str]) -> Look:
    """Takes Stripe's answers into the rows of an account that the caller has locked. `checkouts`: state by id."""
    now = timezone.now()
    row = live_row(account)
    before = as_fetched(row) if row else None
    differences = mirror(account, customer, now)
    end_duplicates(account, customer.subscriptions, now)
    tell(account, before, choose(customer.subscriptions), customer.invoices, now)
    changed = _grant(account, now)
    settle_checkouts(account, checkouts, now)
    return Look(account.team.name, tuple(differences), changed)


def _grant(account: BillingAccount, now: datetime) -> bool:
    """What our rows give. A plan that the operator set stays until the team subscribes."""
    row = live_row(account)
    if row is None and account.source == Source.OPERATOR:
        return False
    return apply_grant(account=account, grant=grant_for(row, now), source=Source.STRIPE, actor=None)


def regrant(account_id: int) -> bool:
    """Gives the team what our rows say now, without asking Stripe: a grace ends by itself. Whether that changed it."""
    with transaction.atomic():
        account = BillingAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account_id)
        return _grant(account, timezone.now())


def _missing(account: BillingAccount, customer_id: str) -> Look:
    """Stripe says `deleted` of a customer that it knew. One that it never knew means another account's key, or mode.

    With that key every team's customer is missing: nobody loses a plan by it. Without a subscription, and without a
    page where one may be paid for this very moment, there is nothing to lose, and the team can start anew.
    """
    now = timezone.now()
    if live_row(account) is None and not any(one.can_be_paid(now) for one in account.checkouts.unfinished()):
        return _detach(account)
    text = (
        f"Stripe does not know the customer {customer_id} of the team {account.team.slug}. Nothing was changed, for "
        "the team has a subscription, or is paying for one. STRIPE_SECRET_KEY may be of another account or mode. If "
        f"the customer is really gone, run `manage.py stripe_sync {account.team.slug} --detach`."
    )
    transaction.on_commit(partial(alert, f"missing:{customer_id}", text))
    BillingAccount.objects.filter(pk=account.pk).update(synced_at=now)
    return Look(account.team.name)


def detach(customer_id: str) -> Look:
    """Forgets a customer for good, as if Stripe had deleted it: its subscription ends here, and the team can start
    anew. For a customer that is gone, or pays in a currency that our prices are not in.
    """
    with transaction.atomic(durable=True), _gives_up_waiting():
        account = _lock(customer_id)
        return _detach(account) if account else Look(None)


def _detach(account: BillingAccount) -> Look:
    now = timezone.now()
    row, customer_id = live_row(account), account.stripe_customer_id or ""
    gone = LiveCustomer(customer_id, True, "", "", "", "", (), ())
    differences = mirror(account, gone, now)
    account.stripe_customer_id, account.currency = None, ""
    account.save(update_fields=["stripe_customer_id", "currency"])
    close_checkouts(account)
    tell(account, as_fetched(row) if row else None, None, (), now)
    changed = _grant(account, now)
    text = f"The team {account.team.slug} has lost its customer {customer_id} at Stripe, and pays for nothing now."
    transaction.on_commit(partial(alert, f"detached:{customer_id}", text))
    lost = Difference("account", "stripe_customer_id", customer_id, "")
    return Look(account.team.name, (*differences, lost), changed)
