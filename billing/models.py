"""What we know of a team's subscription. Pages and caps read these rows only, never Stripe."""

from django.db import models
from django.utils import timezone

from accounts.models import Team, TeamRowQuerySet
from billing.plans import PLANS, STARTER


class BillingAccountQuerySet(TeamRowQuerySet["BillingAccount"]):
    pass


class BillingAccount(models.Model):
    """A team's plan and seats. A team without a row is on Starter."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="billing_account")
    plan = models.CharField(max_length=10, choices=[(plan.key, plan.name) for plan in PLANS], default=STARTER.key)
    # Seats paid for; they bound the members of a plan that is paid per member.
    seats = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = BillingAccountQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.team}: {self.plan}, {self.seats} seats"
