"""Usage events, the price book, and the rollups that pages read.

`UsageEvent` is partitioned by month and written in bulk by `ingest.py`; migration 0001 makes its table by hand.
"""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from accounts.models import Membership, Team, TeamRowQuerySet


class Agent(models.TextChoices):
    """Agents we know by name; any other name is taken as it comes."""

    CLAUDE_CODE = "claude-code", "Claude Code"
    CODEX = "codex", "Codex"
    CURSOR = "cursor", "Cursor"
    GEMINI_CLI = "gemini-cli", "Gemini CLI"
    COPILOT = "copilot", "Copilot"


class Billing(models.TextChoices):
    """How a call is paid for. List-price equivalents of subscription use are never added to billed dollars."""

    API = "api", "API"
    SUBSCRIPTION = "subscription", "Subscription"
    UNKNOWN = "unknown", "Not known"


class Basis(models.TextChoices):
    """Where the figure for a call comes from, best first."""

    BILLED = "billed", "Billed"
    COMPUTED = "computed", "Computed"
    PROVIDER_ESTIMATED = "provider-estimated", "Provider-estimated"
    CLIENT_ESTIMATED = "client-estimated", "Client-estimated"
    UNPRICED = "unpriced", "Unpriced"


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


class TokenColumns(models.Model):
    """Exclusive token parts; `reasoning` is inside `output` and is only information."""

    input_uncached = models.BigIntegerField(default=0)
    cache_read = models.BigIntegerField(default=0)
    cache_write_5m = models.BigIntegerField(default=0)
    cache_write_1h = models.BigIntegerField(default=0)
    cache_write_unsplit = models.BigIntegerField(default=0)
    output = models.BigIntegerField(default=0)
    reasoning = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class EventKeyQuerySet(TeamRowQuerySet["EventKey"]):
    pass


class EventKey(models.Model):
    """The natural key of each event, in one unpartitioned table: it is what makes an event count once.

    It remembers the month the event was first seen in, so that a copy with another time still finds the first row.
    """

    pk = models.CompositePrimaryKey("team_id", "source", "client_id")
    team = models.ForeignKey(Team, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    source = models.CharField(max_length=20)
    client_id = models.CharField(max_length=200)
    id = models.BigIntegerField()
    month = models.DateField()

    objects = EventKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.source}:{self.client_id}"


class UsageEventQuerySet(TeamRowQuerySet["UsageEvent"]):
    pass


class UsageEvent(TokenColumns):
    """One model call. `id` is that of its `EventKey`.

    No foreign keys in the database: they would cost more than the row itself, and events outlive members.
    """

    pk = models.CompositePrimaryKey("id", "month")
    id = models.BigIntegerField()
    month = models.DateField()
    team = models.ForeignKey(Team, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    source = models.CharField(max_length=20)
    client_id = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    member_id = models.BigIntegerField(null=True)
    member_label = models.CharField(max_length=254)
    repository_id = models.BigIntegerField(null=True)
    repository_label = models.CharField(max_length=300)
    agent = models.CharField(max_length=60)
    model = models.CharField(max_length=200)
    provider = models.CharField(max_length=60)
    session_id = models.CharField(max_length=200)
    reported_cost = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    reported_basis = models.CharField(max_length=20, null=True)
    computed_cost = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    cost_input = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    cost_cache_read = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    cost_cache_write = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    cost_output = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    unpriced_reason = models.CharField(max_length=60)
    price_version = models.IntegerField()
    billing = models.CharField(max_length=12, choices=Billing.choices)
    speed = models.CharField(max_length=12)
    service_tier = models.CharField(max_length=12)
    batch = models.BooleanField()
    api_key_id = models.BigIntegerField(null=True)
    completeness = models.BinaryField()

    objects = UsageEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["team", "occurred_at"], name="usage_event_by_team_and_time")]

    def __str__(self) -> str:
        return f"{self.agent} {self.model} at {self.occurred_at:%Y-%m-%d %H:%M}"


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


class RollupQuerySet(TeamRowQuerySet[models.Model]):
    pass


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

    objects = RollupQuerySet.as_manager()

    class Meta:
        abstract = True


class HourlyRollup(Rollup):
    hour = models.DateTimeField()

    class Meta(Rollup.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "hour", "group_digest"], name="one_hourly_rollup"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.hour}"


class DailyRollup(Rollup):
    day = models.DateField()

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


class SkippedStep(models.Model):
    """A step of the set-up checklist that a member does not want to be reminded of."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="skipped_steps")
    step = models.CharField(max_length=20)
    skipped_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["membership", "step"], name="one_skip_per_step")]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.step}"
