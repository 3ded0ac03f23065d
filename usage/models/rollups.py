"""Hourly and daily sums, and the notes of which days to sum again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import Team, TeamRowQuerySet
from usage.models.events import Basis, Billing, TokenColumns


class DirtyDayQuerySet(TeamRowQuerySet["DirtyDay"]):
    pass


class DirtyDay(models.Model):
    """A note that events of a team's UTC day changed. Notes are only added and taken away, never shared or updated:
    the transaction that takes notes away recomputes the day, so one that comes later always finds a later worker."""

    # Without a constraint: its check would wait for whoever has the team's row locked, and ingest must not.
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    day = models.DateField()

    objects = DirtyDayQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["team", "day"], name="dirty_by_team_and_day")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.day}"


GROUP_FIELDS = (
    "member_id",
    "member_label",
    "repository_id",
    "repository_label",
    "agent",
    "provider",
    "model",
    "billing",
    "basis",
)


class Rollup(TokenColumns):
    """Sums of one team, bucket and group; always recomputed whole, never incremented.

    `reported_cost` and `computed_cost` are two views of the same calls and are never added to each other; the four
    `cost_*` columns split `computed_cost` by class of token.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_index=False)
    member_id = models.BigIntegerField(null=True)
    member_label = models.CharField(max_length=254)
    repository_id = models.BigIntegerField(null=True)
    repository_label = models.CharField(max_length=300)
    agent = models.CharField(max_length=60)
    provider = models.CharField(max_length=60)
    model = models.CharField(max_length=200)
    billing = models.CharField(max_length=12, choices=Billing.choices)
    basis = models.CharField(max_length=20, choices=Basis.choices)
    # SHA-256 of the group: the columns themselves can be longer than what an index takes.
    group_digest = models.BinaryField(max_length=32)
    events = models.BigIntegerField()
    unpriced_events = models.BigIntegerField()
    reported_cost = models.DecimalField(max_digits=24, decimal_places=10)
    computed_cost = models.DecimalField(max_digits=24, decimal_places=10)
    cost_input = models.DecimalField(max_digits=24, decimal_places=10)
    cost_cache_read = models.DecimalField(max_digits=24, decimal_places=10)
    cost_cache_write = models.DecimalField(max_digits=24, decimal_places=10)
    cost_output = models.DecimalField(max_digits=24, decimal_places=10)

    class Meta:
        abstract = True


class HourlyRollupQuerySet(TeamRowQuerySet["HourlyRollup"]):
    pass


class HourlyRollup(Rollup):
    hour = models.DateTimeField()

    objects = HourlyRollupQuerySet.as_manager()

    class Meta(Rollup.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "hour", "group_digest"], name="one_hourly_rollup"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.hour}"


class DailyRollupQuerySet(TeamRowQuerySet["DailyRollup"]):
    pass


class DailyRollup(Rollup):
    day = models.DateField()

    objects = DailyRollupQuerySet.as_manager()

    class Meta(Rollup.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "day", "group_digest"], name="one_daily_rollup"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.day}"


class DailySessionsQuerySet(TeamRowQuerySet["DailySessions"]):
    pass


class DailySessions(models.Model):
    """Distinct sessions of a team's day by member and agent. Distinct counts cannot be added over days."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    member_id = models.BigIntegerField(null=True)
    member_label = models.CharField(max_length=254)
    agent = models.CharField(max_length=60)
    sessions = models.BigIntegerField()

    objects = DailySessionsQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "day", "member_id", "member_label", "agent"],
                name="one_daily_sessions",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.day} {self.agent}: {self.sessions}"
