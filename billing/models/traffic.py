"""What goes to Stripe (changes, Checkout sessions), what comes from it (events), and mails about both."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Team
from billing.models.account import BillingAccount
from billing.models.mirror import PLAN_KEYS, Interval


class ChangeKind(models.TextChoices):
    CHECKOUT = "checkout", "Start a Checkout session"
    EXPIRE_CHECKOUT = "expire_checkout", "End an open Checkout session"
    UPGRADE = "upgrade", "Change the plan now"
    DOWNGRADE = "downgrade", "Change the plan at the end of the period"
    CANCEL = "cancel", "Cancel at the end of the period"
    RESUME = "resume", "Undo a cancellation or a planned change"
    SEATS = "seats", "Set the number of seats"
    PAY = "pay", "Try a failed payment again"
    END_NOW = "end_now", "End the subscription at once"


class ChangeState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DOING = "doing", "Being sent"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"


OPEN_STATES = (ChangeState.WAITING, ChangeState.DOING)


class StripeChangeQuerySet(models.QuerySet["StripeChange"]):
    def for_team(self, team: Team) -> "StripeChangeQuerySet":
        return self.filter(account__team=team)

    def open(self) -> "StripeChangeQuerySet":
        return self.filter(state__in=OPEN_STATES)


class StripeChange(models.Model):
    """One write that Stripe is to be asked for, its own idempotency key. Made in the transaction that decides on it.

    `wanted` is what the person asked for; `request` is what is sent, frozen before the first attempt, because the same
    key with another body is refused.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=20, choices=ChangeKind.choices)
    wanted = models.JSONField(default=dict)
    request = models.JSONField(null=True, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = StripeChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state=ChangeState.DOING), name="one_change_at_a_time_per_team"
            )
        ]
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(state__in=OPEN_STATES), name="open_changes")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id} ({self.state})"

    @property
    def idempotency_key(self) -> str:
        return f"pare-{self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class CheckoutState(models.TextChoices):
    STARTING = "starting", "Starting"
    OPEN = "open", "Open"
    COMPLETE = "complete", "Complete"
    EXPIRED = "expired", "Expired"


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def for_team(self, team: Team) -> "CheckoutQuerySet":
        return self.filter(account__team=team)

    def unfinished(self) -> "CheckoutQuerySet":
        return self.filter(state__in=(CheckoutState.STARTING, CheckoutState.OPEN))


class Checkout(models.Model):
    """A Checkout session of a team: at most one that can still be paid, so that two people make one subscription."""

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="checkouts")
    stripe_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    plan = models.CharField(max_length=10, choices=PLAN_KEYS)
    interval = models.CharField(max_length=5, choices=Interval.choices)
    url = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=CheckoutState.choices, default=CheckoutState.STARTING)
    expires_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=(CheckoutState.STARTING, CheckoutState.OPEN)),
                name="one_open_checkout_per_team",
            )
        ]

    def __str__(self) -> str:
        return f"{self.stripe_id or 'starting'} ({self.state})"

    def can_be_paid(self, now: datetime) -> bool:
        return self.state == CheckoutState.OPEN and self.expires_at is not None and now < self.expires_at


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def unprocessed(self) -> "StripeEventQuerySet":
        return self.filter(processed_at=None)


class StripeEvent(models.Model):
    """An event as the doorbell that it is: who rang and when. What it carried is not kept, for state is asked anew.

    No foreign key to the account: the webhook must not wait for a row that a sync holds.
    """

    id = models.CharField(max_length=255, primary_key=True)
    type = models.CharField(max_length=100)
    customer_id = models.CharField(max_length=255, db_index=True)
    created_at = models.DateTimeField()  # Stripe's clock
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)
    # "" for events that ring; else why this one does not: other_version, other_mode, unknown_customer.
    ignored = models.CharField(max_length=30, blank=True)
    found_by_reconcile = models.BooleanField(default=False)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["received_at"], condition=Q(processed_at=None), name="unprocessed_events")]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class NoticeKind(models.TextChoices):
    PAYMENT_FAILED = "payment_failed", "Payment failed"
    GRACE_ENDING = "grace_ending", "Grace ending"
    PLAN_CHANGED = "plan_changed", "Plan changed"


class Notice(models.Model):
    """A mail to owners and billing members, once for each key: the fact it tells, such as the invoice that failed."""

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    key = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "kind", "key"], name="one_mail_per_fact")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
