"""A linked repository: where it is, how we may read it, and what is known of it."""

import base64
import secrets as random
import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import Team, TeamRowQuerySet, User
from repos import secrets
from repos.models.runs import LIVE_STATES, IndexRun, State


class Auth(models.TextChoices):
    """How a repository lets us read it."""

    NONE = "none", "Public: nothing needed"
    TOKEN = "token", "Access token"
    DEPLOY_KEY = "deploy_key", "Deploy key"


def new_webhook_secret() -> bytes:
    """Sealed. The form that GitLab asks of signing tokens; as a plain secret any form will do."""
    return secrets.seal("whsec_" + base64.b64encode(random.token_bytes(32)).decode())


class RepositoryQuerySet(TeamRowQuerySet["Repository"]):
    def with_state(self) -> Self:
        """With what pages and the API say of each, in one query."""
        return self.select_related("team", "snapshot", "latest_run").order_by("name", "pk")

    def for_serving(self) -> Self:
        """With what slices need, in one query, and without the long lists that only pages show."""
        return self.select_related("team", "snapshot", "latest_run").defer(
            "snapshot__statistics", "snapshot__coverage", "sealed_token", "sealed_private_key", "public_key",
            "sealed_webhook_secret",
        )  # fmt: skip

    def in_order_of_places(self) -> Self:
        """Who gets the plan's places: chosen ones, the earliest choice first, then others, the oldest link first."""
        return self.order_by(models.F("kept_at").asc(nulls_last=True), "created_at", "pk")

    def counts_by_team(self, *, after: int, most: int) -> list[tuple[int, int, int]]:
        """(key of the team, linked, paused) of up to `most` teams with repositories, by key, those after one key."""
        teams = self.filter(team__gt=after).order_by("team").values("team")
        counted = teams.annotate(linked=models.Count("pk"), paused=models.Count("paused_at"))
        return list(counted.values_list("team", "linked", "paused")[:most])

    def due_for_poll(self, now: datetime) -> Self:
        """Those whose regular check is due; never two checks or a check and a run at once."""
        busy = IndexRun.objects.filter(repository=models.OuterRef("pk"), state__in=LIVE_STATES)
        return self.filter(~models.Exists(busy), paused_at=None, next_poll_at__lte=now, team__closed_at=None)

    def for_webhook(self, public_id: uuid.UUID) -> "Repository | None":
        """By id alone: the caller proves with a signature that it speaks for the team."""
        return self.select_related("snapshot").filter(public_id=public_id, team__closed_at=None).first()


class Repository(models.Model):
    """A linked git repository. `identity` is equal for every way to write its address, `url` is the one we call."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="repositories")
    name = models.CharField(max_length=120)
    url = models.CharField(max_length=1200)
    identity = models.CharField(max_length=1200)
    host = models.CharField(max_length=253, blank=True)
    branch = models.CharField(max_length=255, blank=True)  # asked for; empty follows the repository's default
    default_branch = models.CharField(max_length=255, blank=True)  # found at the last fetch
    auth = models.CharField(max_length=10, choices=Auth.choices, default=Auth.NONE)
    sealed_token = models.BinaryField(default=b"")
    sealed_private_key = models.BinaryField(default=b"")
    public_key = models.TextField(blank=True)
    sealed_webhook_secret = models.BinaryField(default=new_webhook_secret)
    last_push_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    # When the team chose it to stay active under a plan with too few places; the earliest choice has the first place.
    kept_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(default=timezone.now)
    polled_at = models.DateTimeField(null=True, blank=True)
    poll_error = models.CharField(max_length=600, blank=True)
    linked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    snapshot = models.ForeignKey("Snapshot", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    latest_run = models.ForeignKey("IndexRun", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "identity"], name="one_link_per_team_and_repository")]
        indexes = [models.Index(fields=["next_poll_at"], name="repository_by_next_poll")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("repository", args=[self.team.slug, self.public_id])

    @property
    def followed_branch(self) -> str:
        """The branch that is indexed; empty until the first fetch when none was asked for."""
        return self.branch or self.default_branch

    @property
    def webhook_secret(self) -> str:
        return secrets.unseal(self.sealed_webhook_secret)

    @property
    def is_live(self) -> bool:
        """Whether a run is waiting or at work."""
        return self.latest_run is not None and self.latest_run.state in LIVE_STATES

    @property
    def status(self) -> str:
        """One word for lists: paused, queued, running, failed, ready or new."""
        if self.paused_at:
            return "paused"
        if self.latest_run and self.latest_run.state in (*LIVE_STATES, State.FAILED):
            return self.latest_run.state
        return "ready" if self.snapshot_id else "new"
