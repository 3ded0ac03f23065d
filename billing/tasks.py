"""Background work of payments: changes on their way to Stripe, and state on its way from there."""

import logging
from smtplib import SMTPException

from celery import Task, shared_task
from django.db import transaction
from django.utils import timezone

from billing import changes, gateway, grace, inbox, notices, sync
from billing import reconcile as nightly
from billing.alerts import alert
from billing.gateway import NoStripeKey, StripeRefused, StripeUnavailable

log = logging.getLogger(__name__)
# Less than a claim's lease, so that whoever takes a change over finds nobody at it.
LIMIT, HARD_LIMIT = 150, 170
SWEEP_SECONDS = 15
SWEEP_EVENTS_SECONDS, SWEEP_NOTICES_SECONDS = 60, 30


def enqueue(account_id: int) -> None:
    """Have the changes sent when this transaction is committed. A broker that is down is no error: see the sweep."""
    transaction.on_commit(lambda: _send(work_changes, account_id), robust=True)


def _send(task: "Task[..., None]", argument: int | str) -> None:
    task.apply_async((argument,), retry=False)


@shared_task(soft_time_limit=LIMIT, time_limit=HARD_LIMIT, ignore_result=True)
def work_changes(account_id: int) -> None:
    """Make the due changes of an account; one that waits for a shorter time than the next sweep gets its own task."""
    due_at = changes.work(account_id)
    if due_at and (wait := (due_at - timezone.now()).total_seconds()) < SWEEP_SECONDS:
        work_changes.apply_async((account_id,), countdown=max(1.0, wait))


@shared_task(time_limit=60, ignore_result=True)
def sweep_changes() -> None:
    """Find what is to be asked of Stripe, what waits, and what a lost worker left."""
    if not gateway.is_configured():
        return
    for account_id in changes.find_work():
        work_changes.apply_async((account_id,), expires=SWEEP_SECONDS)
    for customer_id in changes.accounts_to_sync():
        sync_customer.apply_async((customer_id,), expires=SWEEP_SECONDS)


def enqueue_sync(customer_id: str) -> None:
    """Have a customer looked at when this transaction is committed. A broker that is down is no error, as above."""
    transaction.on_commit(lambda: _send(sync_customer, customer_id), robust=True)


@shared_task(soft_time_limit=LIMIT, time_limit=HARD_LIMIT, ignore_result=True)
def sync_customer(customer_id: str) -> None:
    """Make our rows equal to Stripe's state of a customer, unless that was done since it rang last.

    When Stripe does not answer, its events stay unprocessed and a sweep asks again.
    """
    try:
        sync.look_at(customer_id, only_if_due=True)
    except (NoStripeKey, StripeUnavailable) as error:
        log.warning("The state of %s could not be fetched: %s", customer_id, error)
    except StripeRefused as error:
        alert(f"refused:{error.code}", f"Stripe refuses to show the customer {customer_id}. {error.message}")


@shared_task(time_limit=60, ignore_result=True)
def sweep_events() -> None:
    """See to events whose task was lost or failed."""
    if not gateway.is_configured():
        return
    now = timezone.now()
    for customer_id in inbox.waiting_customers(now):
        sync_customer.apply_async((customer_id,), expires=SWEEP_EVENTS_SECONDS)
    if stuck := inbox.count_stuck(now):
        alert("stuck", f"Events wait for more than an hour: {stuck} of Stripe's. The workers' log says why.")


@shared_task(time_limit=600, ignore_result=True)
def watch_grace() -> None:
    """End the graces that are over, and remind of those that will be."""
    grace.watch_grace(timezone.now())


@shared_task(time_limit=3600, ignore_result=True)
def reconcile() -> None:
    """The nightly look at everything."""
    if gateway.is_configured():
        nightly.reconcile()


@shared_task(time_limit=60, ignore_result=True)
def send_notice(notice_id: int) -> None:
    """Mail a notice; arriving twice, it sends one mail."""
    try:
        notices.send(notice_id)
    except (SMTPException, OSError) as error:
        log.warning("Notice %s could not be mailed and is tried again later: %s", notice_id, error)


@shared_task(time_limit=60, ignore_result=True)
def sweep_notices() -> None:
    """Have the mails sent that are due."""
    for notice_id in notices.due(timezone.now()):
        send_notice.apply_async((notice_id,), expires=SWEEP_NOTICES_SECONDS)
