"""Index runs: one attempt each to index what a host has. Who works on one is decided by conditional updates."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import Team, User
from config.errors import NotFound

if TYPE_CHECKING:
    from repos.models.repository import Repository


class State(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    SUPERSEDED = "superseded", "Superseded"
    CANCELLED = "cancelled", "Cancelled"


LIVE_STATES = (State.QUEUED, State.RUNNING)


class Phase(models.TextChoices):
    FETCH = "fetch", "Fetching"
    LIST = "list", "Listing files"
    READ = "read", "Reading files"
    PARSE = "parse", "Parsing files"
    RESOLVE = "resolve", "Resolving references"
    WRITE = "write", "Writing the snapshot"


class Trigger(models.TextChoices):
    LINK = "link", "Linked"
    MANUAL = "manual", "By hand"
    PUSH = "push", "Push"
    POLL = "poll", "Regular check"
    REPAIR = "repair", "Snapshot could not be read"


class IndexRunQuerySet(models.QuerySet["IndexRun"]):
    # A run whose worker has not been heard of for this long has lost it; it is beaten every ten seconds.
    STALE_AFTER = timedelta(seconds=90)
    # After this many runs in a row gave way to a newer one, the next is finished: a busy branch needs an index too.
    MAX_GIVEN_WAY: ClassVar[int] = 3

    def for_team(self, team: Team | int) -> Self:
        return self.filter(repository__team=team)

    def request(self, *, repository: "Repository", trigger: str, by: User | None = None) -> tuple["IndexRun", bool]:
        """The run that will index what the host has now, and whether it is new.

        A run that waits already will see everything there is when it starts, so it is used. A run at work may have
        fetched too early: one more is queued behind it, to which it gives way while it has not begun to parse.
        Raises NotFound when the repository was unlinked meanwhile.
        """
        with transaction.atomic():
            # The repository's row serialises requests; without it two could both find nothing waiting.
            if not type(repository).objects.select_for_update(of=("self",)).filter(pk=repository.pk):
                raise NotFound
            if waiting := self.filter(repository=repository, state=State.QUEUED).first():
                return waiting, False
            run = self.create(repository=repository, trigger=trigger, requested_by=by)
            type(repository).objects.filter(pk=repository.pk).update(latest_run=run)
            return run, True

    def claim(self, run_id: int) -> "IndexRun | None":
        """Take a queued run to work on; None when another worker has it, or another run of it is at work."""
        now = timezone.now()
        at_work = self.model.objects.filter(repository=OuterRef("repository"), state=State.RUNNING)
        paused = self.model.objects.filter(pk=OuterRef("pk"), repository__paused_at__isnull=False)
        # No join here: an UPDATE with one finds its rows in a subquery, which PostgreSQL does not ask again after it
        # has waited for another worker's claim, and so both would win.
        queued = self.filter(~Exists(at_work), ~Exists(paused), pk=run_id, state=State.QUEUED)
        try:
            with transaction.atomic():
                taken = queued.update(
                    state=State.RUNNING, claim=uuid.uuid4(), attempts=F("attempts") + 1, phase=Phase.FETCH, done=0,
                    total=None, error_code="", error="", started_at=now, heartbeat_at=now,
                )  # fmt: skip
        except IntegrityError:  # one_run_at_work_per_repository: another run of it was claimed in the same moment
            return None
        if not taken:
            return None
        return self.select_related("repository__team", "repository__snapshot").get(pk=run_id)

    def held(self, run: "IndexRun") -> Self:
        """The run itself, as long as the worker that claimed it still has it."""
        return self.filter(pk=run.pk, claim=run.claim, state=State.RUNNING)

    def stale(self, now: datetime) -> Self:
        """Runs at work whose worker is gone."""
        return self.filter(state=State.RUNNING, heartbeat_at__lt=now - self.STALE_AFTER)

    def forgotten(self, now: datetime) -> Self:
        """Queued runs that no task seems to know of: the broker lost it, or the run before them has just ended."""
        return self.filter(state=State.QUEUED, queued_at__lt=now - self.STALE_AFTER, repository__paused_at=None)

    def should_give_way(self, run: "IndexRun") -> bool:
        """Whether a newer run waits that would do this one's work, and not too many gave way before."""
        mine = self.filter(repository_id=run.repository_id)
        if not mine.filter(state=State.QUEUED, pk__gt=run.pk).exists():
            return False
        before = mine.filter(pk__lt=run.pk).order_by("-pk").values_list("state", flat=True)[: self.MAX_GIVEN_WAY]
        return list(before) != [State.SUPERSEDED] * self.MAX_GIVEN_WAY


class IndexRun(models.Model):
    """One attempt to index a commit. `done` of `total` counts the current phase; `error` is a sentence for people."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    repository = models.ForeignKey("Repository", on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    phase = models.CharField(max_length=10, choices=Phase.choices, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=1000, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)  # names the worker's turn; a worker without it writes nothing
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    queued_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = IndexRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository"], condition=Q(state=State.QUEUED), name="one_waiting_run_per_repository"
            ),
            models.UniqueConstraint(
                fields=["repository"], condition=Q(state=State.RUNNING), name="one_run_at_work_per_repository"
            ),
        ]
        indexes = [models.Index(fields=["repository", "-created_at"], name="run_by_repository_and_time")]

    def __str__(self) -> str:
        return f"{self.repository_id}: {self.state}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took, or has taken so far."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    def finish(self, state: State, *, error_code: str = "", error: str = "", commit: str = "") -> bool:
        """End the run in `state`; False when it was no longer this worker's to end."""
        fields = {"commit": commit} if commit else {}
        return bool(
            type(self).objects.held(self).update(
                state=state, error_code=error_code, error=error[:1000], finished_at=timezone.now(), **fields
            )
        )  # fmt: skip

    def hand_back(self, *, error_code: str, error: str, wait: float = 0) -> bool:
        """Put the run back into the queue for `wait` seconds, its reason kept for the page; False when it was lost."""
        # A newer run may wait by now: the database keeps one waiting run, and the newer one does this run's work.
        try:
            with transaction.atomic():
                return bool(
                    type(self).objects.held(self).update(
                        state=State.QUEUED, claim=None, error_code=error_code, error=error[:1000],
                        queued_at=timezone.now() + timedelta(seconds=wait),
                    )
                )  # fmt: skip
        except IntegrityError:
            self.finish(State.SUPERSEDED, error_code=error_code, error=error)
            return False
