"""What a member decided about the set-up checklist."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Membership


class SkippedStep(models.Model):
    """A step of the set-up checklist that a member does not want to be reminded of."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="skipped_steps")
    step = models.CharField(max_length=20)
    skipped_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["membership", "step"], name="one_skip_per_step")]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.step}"
