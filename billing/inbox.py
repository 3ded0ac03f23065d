"""The inbox of Stripe's events: each noted once, by its id, and forgotten after a while."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from billing import gateway
from billing.gateway.client import API_VERSION
from billing.models import BillingAccount, StripeEvent

OTHER_VERSION, OTHER_MODE, UNKNOWN_CUSTOMER = "other_version", "other_mode", "unknown_customer"
# An event is seen to in a moment; after this its task is taken to be lost.
OVERDUE = timedelta(seconds=30)
MOST_CUSTOMERS = 500
# After this something is wrong that waiting does not mend.
STUCK = timedelta(hours=1)
# Longer than Stripe itself keeps or repeats any event.
KEPT = timedelta(days=90)


def why_ignored(event: gateway.EventHead) -> str:
    """Why an event does not ring, "" for one that does."""
    if event.livemode != gateway.expects_live():
        return OTHER_MODE
    if event.api_version != API_VERSION:
        return OTHER_VERSION
    is_known = event.customer_id and BillingAccount.objects.filter(stripe_customer_id=event.customer_id).exists()
    return "" if is_known else UNKNOWN_CUSTOMER


def note(events: Iterable[gateway.EventHead], *, ignored: str = "", found_by_reconcile: bool = False) -> None:
    """Keeps those that are new. Waits for no other row, whatever a sync holds."""
    now = timezone.now()
    rows = [
        StripeEvent(
            id=event.id,
            type=event.type,
            customer_id=event.customer_id,
            created_at=event.created_at,
            received_at=now,
            processed_at=now if ignored else None,
            ignored=ignored,
            found_by_reconcile=found_by_reconcile,
        )
        for event in events
    ]
    StripeEvent.objects.bulk_create(rows, ignore_conflicts=True)


def waiting_customers(now: datetime) -> list[str]:
    """Customers whose events nobody has seen to, because a task was lost or Stripe did not answer. The oldest first."""
    overdue = StripeEvent.objects.unprocessed().filter(received_at__lt=now - OVERDUE).order_by("received_at")
    return list(dict.fromkeys(overdue.values_list("customer_id", flat=True)[: 20 * MOST_CUSTOMERS]))[:MOST_CUSTOMERS]


def count_stuck(now: datetime) -> int:
    """Events that nobody could see to for so long that a person should know."""
    return StripeEvent.objects.unprocessed().filter(received_at__lt=now - STUCK).count()


def last_created() -> datetime | None:
    """When, by Stripe's clock, the newest event was made that we know of."""
    return StripeEvent.objects.order_by("-created_at").values_list("created_at", flat=True).first()


def missing(events: Iterable[gateway.EventHead]) -> list[gateway.EventHead]:
    """Those for customers of ours that never arrived."""
    listed = list(events)
    customers = {event.customer_id for event in listed}
    ours = BillingAccount.objects.filter(stripe_customer_id__in=customers)
    known = set(ours.values_list("stripe_customer_id", flat=True))
    here = set(StripeEvent.objects.filter(pk__in=[event.id for event in listed]).values_list("pk", flat=True))
    return [event for event in listed if event.customer_id in known and event.id not in here]


def forget_old(now: datetime) -> int:
    """Drops what was received long ago; gives how many."""
    return StripeEvent.objects.filter(received_at__lt=now - KEPT).delete()[0]
