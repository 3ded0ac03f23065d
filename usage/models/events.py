"""Usage events as they are kept. Written in bulk by `ingest.py`; migration 0001 makes the two tables by hand."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import Team, TeamRowQuerySet


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
