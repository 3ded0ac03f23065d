"""What Stripe said last about a customer. Written by `sync` alone, always from a fresh fetch, never from an event."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models import Team
from billing.entitlement import GRACE, LIVE_STATUSES
from billing.models.account import BillingAccount
from billing.plans import BY_KEY, Plan

PLAN_KEYS = [(key, plan.name) for key, plan in BY_KEY.items()]


class Interval(models.TextChoices):
    MONTH = "month", "month"
    YEAR = "year", "year"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def for_team(self, team: Team) -> "SubscriptionQuerySet":
        return self.filter(account__team=team)

    def live(self) -> "SubscriptionQuerySet":
        """Those that Stripe goes on charging for: at most one for each team."""
        return self.filter(status__in=LIVE_STATUSES)


class Subscription(models.Model):
    """A subscription of a team. Times are UTC; the period is that of its one item."""

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="subscriptions")
    stripe_id = models.CharField(max_length=255, unique=True)
    item_id = models.CharField(max_length=255)
    status = models.CharField(max_length=20)
    plan = models.CharField(max_length=10, choices=PLAN_KEYS)
    interval = models.CharField(max_length=5, choices=Interval.choices)
    quantity = models.PositiveIntegerField()
    unit_amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    cancel_at = models.DateTimeField(null=True, blank=True)
    # A change that a schedule makes at the end of the period.
    schedule_id = models.CharField(max_length=255, blank=True)
    next_plan = models.CharField(max_length=10, choices=PLAN_KEYS, blank=True)
    next_interval = models.CharField(max_length=5, choices=Interval.choices, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    # A change that waits for its payment; Stripe drops it at `pending_until`.
    pending_plan = models.CharField(max_length=10, choices=PLAN_KEYS, blank=True)
    pending_quantity = models.PositiveIntegerField(null=True, blank=True)
    pending_until = models.DateTimeField(null=True, blank=True)
    # When the oldest unpaid invoice was made, while the status is past_due.
    past_due_since = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(status__in=LIVE_STATUSES), name="one_live_subscription_per_team"
            )
        ]

    def __str__(self) -> str:
        return f"{self.stripe_id} ({self.status})"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_STATUSES

    @property
    def plan_object(self) -> Plan:
        return BY_KEY[self.plan]

    @property
    def grace_ends_at(self) -> datetime | None:
        """Until when a failed payment leaves the plan as it is."""
        return self.past_due_since + GRACE if self.past_due_since else None


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def for_team(self, team: Team) -> "InvoiceQuerySet":
        return self.filter(account__team=team)

    def newest_first(self) -> "InvoiceQuerySet":
        return self.order_by("-created_at", "-stripe_id")

    def unpaid(self) -> "InvoiceQuerySet":
        return self.filter(status="open", amount_due_cents__gt=0)

    def oldest_unpaid(self, subscription: Subscription | None) -> "Invoice | None":
        """The one to pay first: of the subscription that runs, for paying for one that ended gives nothing back."""
        unpaid = self.unpaid().filter(subscription_id=subscription.stripe_id) if subscription else self.unpaid()
        return unpaid.order_by("created_at", "stripe_id").first()


class Invoice(models.Model):
    """An invoice as Stripe has it; its page and its PDF are Stripe's. Amounts are in the currency's cents."""

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="invoices")
    stripe_id = models.CharField(max_length=255, unique=True)
    subscription_id = models.CharField(max_length=255, blank=True)  # Stripe's id
    number = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=20)  # draft, open, paid, uncollectible, void
    currency = models.CharField(max_length=3)
    total_cents = models.IntegerField()
    amount_due_cents = models.IntegerField()
    created_at = models.DateTimeField()
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    needs_confirmation = models.BooleanField(default=False)  # the bank wants to hear from the card's holder
    page_url = models.TextField(blank=True)
    pdf_url = models.TextField(blank=True)

    objects = InvoiceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.number or self.stripe_id


class StripePrice(models.Model):
    """A price of ours at Stripe, for pages to show. Whoever charges looks it up anew by its lookup key."""

    lookup_key = models.CharField(max_length=200, unique=True)
    stripe_id = models.CharField(max_length=255)
    plan = models.CharField(max_length=10, choices=PLAN_KEYS)
    interval = models.CharField(max_length=5, choices=Interval.choices)
    unit_amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)

    def __str__(self) -> str:
        return self.lookup_key
