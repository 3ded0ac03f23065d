"""Background work of payments: changes on their way to Stripe, and state on its way from there."""

import logging
from functools import partial

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from billing import changes, gateway, sync
from billing.gateway import StripeUnavailable

log = logging.getLogger(__name__)
# Less than a claim's lease, so that whoever takes a change over finds nobody at it.
LIMIT, HARD_LIMIT = 150, 170
SWEEP_SECONDS = 15


def enqueue(account_id: int) -> None:
    """Have the changes sent when this transaction is committed. A broker that is down is no error: see the sweep."""
    transaction.on_commit(partial(work_changes.apply_async, (account_id,), retry=False), robust=True)


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
        work_changes.delay(account_id)
    for customer_id in changes.accounts_to_sync():
        sync_customer.delay(customer_id)


@shared_task(soft_time_limit=LIMIT, time_limit=HARD_LIMIT, ignore_result=True)
def sync_customer(customer_id: str) -> None:
    """Make our rows equal to Stripe's state of a customer. When Stripe does not answer, a sweep asks for it again."""
    try:
        sync.sync_customer(customer_id)
    except StripeUnavailable as error:
        log.warning("The state of %s could not be fetched: %s", customer_id, error)
