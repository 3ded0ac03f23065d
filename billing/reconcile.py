"""Once a night: every customer looked at again, events that never arrived, prices; and what to tell the operator.

Rows are right after it whatever was lost before. That something was lost is a fault that a person should know of.
"""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from billing import gateway, inbox, sync
from billing.alerts import alert
from billing.models import BillingAccount
from billing.prices import refresh_prices

log = logging.getLogger(__name__)
# Seconds; the accounts that are left come first the next night.
LIMIT = 50 * 60
# After so many in a row Stripe is taken to be away, and the night is over.
MOST_FAILURES = 5
# Looked at twice, so that an event that was on its way at the last look is not missed.
OVERLAP = timedelta(days=2)
# Stripe keeps events for so long.
HISTORY = timedelta(days=30)
# A younger event may be on its way.
DELIVERY = timedelta(minutes=10)


def reconcile() -> None:
    """The whole round. One account's failure never stops the rest; nothing is raised for what Stripe does."""
    now = timezone.now()
    for step in (find_missed_events, refresh_prices):
        try:
            step()
        except gateway.GatewayError as error:
            log.warning("Tonight without %s: %s", step.__name__, error)
    check_accounts()
    inbox.forget_old(now)


def find_missed_events() -> int:
    """Notes events for customers of ours that never arrived, and tells the operator; gives how many.

    Raises GatewayError.
    """
    if not settings.STRIPE_WEBHOOK_SECRETS:
        return 0  # none can arrive, as the operator knows
    now = timezone.now()
    since = max(now - HISTORY, (inbox.last_created() or now - HISTORY) - OVERLAP)
    listed = [event for event in gateway.events_since(since) if event.created_at <= now - DELIVERY]
    missed = inbox.missing(listed)
    inbox.note(missed, found_by_reconcile=True)
    if missed:
        kinds = ", ".join(sorted({event.type for event in missed}))
        oldest = f"{missed[0].created_at:%Y-%m-%d %H:%M} UTC"
        alert(
            f"missed:{missed[-1].id}",
            f"Events never arrived: {len(missed)} of Stripe's, the oldest of {oldest}: {kinds}. "
            "They are made up for. See to the webhook endpoint at Stripe: it must reach this Pare.",
        )
    return len(missed)


def check_accounts() -> int:
    """Looks at every customer, those longest unseen first; gives how many. Tells of differences that no event told."""
    seen = failed = 0
    deadline = time.monotonic() + LIMIT
    customers = BillingAccount.objects.exclude(stripe_customer_id=None).order_by(F("synced_at").asc(nulls_first=True))
    ids = list(customers.values_list("stripe_customer_id", flat=True))
    for customer_id in ids:
        if failed == MOST_FAILURES or time.monotonic() > deadline:
            alert("reconcile:unfinished", f"The nightly look at Stripe ended after {seen} of {len(ids)} customers.")
            break
        failed = 0 if _check(customer_id or "") else failed + 1
        seen += 1
    return seen


def _check(customer_id: str) -> bool:
    """False when Stripe, or our own database, did not let us."""
    try:
        look = sync.look_at(customer_id)
    except (gateway.GatewayError, DatabaseError) as error:
        log.warning("The customer %s could not be looked at: %s", customer_id, error)
        return False
    untold = [difference.name for difference in look.differences if difference.has_event]
    if untold and not look.rung and settings.STRIPE_WEBHOOK_SECRETS:
        text = f"The rows of the team {look.team} were not as Stripe has them, and no event had told of it: "
        alert(f"differs:{customer_id}", text + f"{', '.join(untold)}. They are right now.")
    return True
