"""The price book: dated list prices of models, by version."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone


class PriceVersion(models.Model):
    """One state of the price book. Versions never change; a new state is a new version."""

    number = models.PositiveIntegerField(primary_key=True)
    source = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"price book {self.number} ({self.source})"


class PriceRowQuerySet(models.QuerySet["PriceRow"]):
    def of_version(self, number: int) -> Self:
        unretired = models.Q(retired_in=None) | models.Q(retired_in__gt=number)
        return self.filter(unretired, version__lte=number)


class PriceRow(models.Model):
    """A published price in USD per million tokens of one component (see `pricing.PriceLine`).

    It is part of the book's versions from `version` to before `retired_in`.
    """

    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=200)
    component = models.CharField(max_length=20)
    context = models.CharField(max_length=60, blank=True)
    position = models.PositiveSmallIntegerField()
    tier_start = models.PositiveIntegerField()
    usd_per_mtok = models.DecimalField(max_digits=20, decimal_places=10)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    daily_from = models.TimeField(null=True)
    daily_to = models.TimeField(null=True)
    source = models.CharField(max_length=60)
    fetched_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField()
    retired_in = models.PositiveIntegerField(null=True)

    objects = PriceRowQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "model", "component", "context", "position", "tier_start"],
                condition=models.Q(retired_in=None),
                name="one_current_price_per_line",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model} {self.component}: {self.usd_per_mtok}"
