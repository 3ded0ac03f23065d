"""What indexing made, and what was served from it."""

import uuid
from datetime import UTC, datetime
from typing import Self

from django.db import models
from django.utils import timezone

from accounts.models import ApiKey, Team, TeamRowQuerySet, User


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def for_team(self, team: Team | int) -> Self:
        return self.filter(repository__team=team)


class Snapshot(models.Model):
    """The immutable result for one repository at one commit. `storage_name` finds its file, `digest` proves it; equal
    content has one file. A pinned one is kept until it is unpinned.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    repository = models.ForeignKey("Repository", on_delete=models.CASCADE, related_name="snapshots")
    branch = models.CharField(max_length=255)
    commit = models.CharField(max_length=64)
    committed_at = models.DateTimeField()
    storage_name = models.CharField(max_length=200, db_index=True)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()  # bytes
    symbols = models.PositiveIntegerField()
    edges = models.PositiveIntegerField()
    statistics = models.JSONField(default=dict)
    coverage = models.JSONField(default=dict)
    pinned_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SnapshotQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.repository_id} at {self.commit[:12]}"


class SliceRecordQuerySet(TeamRowQuerySet["SliceRecord"]):
    def in_month_of(self, moment: datetime) -> Self:
        """Those of the calendar month (UTC) that `moment` is in, up to now."""
        first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return self.filter(at__gte=first)


class SliceRecord(models.Model):
    """One slice that was served: to whom, how large, from what. Neither the task nor the text is kept; `touched` says
    where its pieces stand: path, first and last line of each."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="slice_records")
    # An unlinked repository's slices still count: the cap is on what was served.
    repository = models.ForeignKey("Repository", on_delete=models.SET_NULL, null=True, related_name="slice_records")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    session_id = models.CharField(max_length=200, blank=True)
    commit = models.CharField(max_length=64)
    budget = models.PositiveIntegerField()  # tokens
    tokens = models.PositiveIntegerField()
    milliseconds = models.FloatField()
    touched = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)

    objects = SliceRecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "at"], name="slice_by_team_and_time"),
            models.Index(fields=["repository", "at"], name="slice_by_repository_and_time"),
        ]

    def __str__(self) -> str:
        return f"{self.tokens} of {self.budget} tokens at {self.at:%Y-%m-%d %H:%M}"
