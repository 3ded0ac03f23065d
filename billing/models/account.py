"""What a team has: its plan and seats. Pages and caps read this row only, never Stripe."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Team, TeamRowQuerySet
from billing.plans import PLANS, STARTER


class Source(models.TextChoices):
    """Who says which plan a team is on."""

    OPERATOR = "operator", "Operator"
    STRIPE = "stripe", "Stripe"


class BillingAccountQuerySet(TeamRowQuerySet["BillingAccount"]):
    def with_another_plan_since(self, since: datetime, now: datetime) -> Self:
        """Those whose plan was written since, or ran out since without anybody writing it."""
        return self.filter(Q(changed_at__gte=since) | Q(valid_until__gte=since, valid_until__lte=now))


class BillingAccount(models.Model):
    """A team's plan, and its customer at Stripe once it has one. A team without a row is on Starter.

    Whoever writes here locks this row first, then the team's.
    """

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="billing_account")
    plan = models.CharField(max_length=10, choices=[(plan.key, plan.name) for plan in PLANS], default=STARTER.key)
    # Seats paid for; they bound the members of a plan that is paid per member.
    seats = models.PositiveIntegerField(default=1)
    # Seats of a subscription in good order follow the members; then `seats` is no bound.
    seats_follow_members = models.BooleanField(default=False)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.OPERATOR)
    # The end of the plan unless a payment comes in: from then on the team is on Starter.
    valid_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    stripe_customer_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    card_brand = models.CharField(max_length=30, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_expires = models.CharField(max_length=7, blank=True)  # "2030-04"
    synced_at = models.DateTimeField(null=True, blank=True)

    objects = BillingAccountQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["changed_at"], name="account_by_change"),
            models.Index(fields=["valid_until"], condition=Q(valid_until__isnull=False), name="account_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.plan}, {self.seats} seat{'' if self.seats == 1 else 's'}"

    def is_valid(self, now: datetime) -> bool:
        return self.valid_until is None or now < self.valid_until
