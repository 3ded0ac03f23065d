"""The proof on a repository's own history: past commits replayed as tasks. One row a repository, one a commit."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Team

if TYPE_CHECKING:
    from repos.models.repository import Repository


class ProofState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


class RepositoryProofQuerySet(models.QuerySet["RepositoryProof"]):
    STALE_AFTER = timedelta(minutes=5)  # a worker beats after each commit, and the largest take a while
    FORGOTTEN_AFTER = timedelta(minutes=10)

    def for_team(self, team: Team | int) -> Self:
        return self.filter(repository__team=team)

    def request(self, *, repository: "Repository", measure: str) -> bool:
        """Have the repository's proof brought up to date; False when it is, or the repository is not there any more.

        One at work looks for itself, at its end, whether there is something new.
        """
        with transaction.atomic():
            # Its row is held, so that nobody unlinks it before the row that leads to it is stored.
            rows = type(repository).objects.select_for_update(of=("self",), no_key=True).filter(pk=repository.pk)
            if (found := rows.select_related("snapshot").first()) is None or found.snapshot is None:
                return False
            proof, is_new = self.get_or_create(repository=found)
            if is_new:
                return True
            if proof.state != ProofState.DONE or (proof.commit, proof.measure) == (found.snapshot.commit, measure):
                return False
            return bool(
                self.filter(pk=proof.pk, state=ProofState.DONE).update(
                    state=ProofState.WAITING, queued_at=timezone.now(), attempts=0
                )
            )

    def claim(self, repository_id: int) -> "RepositoryProof | None":
        """Take a waiting proof to work on; None when another worker has it or the repository is paused or gone."""
        now = timezone.now()
        # One table alone: a joined UPDATE is not asked again after it has waited for another worker's.
        waiting = self.filter(repository_id=repository_id, state=ProofState.WAITING)
        turn = {"claim": uuid.uuid4(), "heartbeat_at": now, "attempts": F("attempts") + 1}
        if not waiting.update(state=ProofState.RUNNING, **turn):
            return None
        proof = self.select_related("repository__team", "repository__snapshot").get(repository_id=repository_id)
        if proof.repository.paused_at or proof.repository.snapshot is None or proof.repository.team.closed_at:
            proof.hand_back()
            return None
        return proof

    def held(self, proof: "RepositoryProof") -> Self:
        """The proof itself, as long as the worker that claimed it still has it."""
        return self.filter(pk=proof.pk, claim=proof.claim, state=ProofState.RUNNING)

    def to_resume(self, now: datetime) -> list[int]:
        """Repositories whose proof no task knows of: its worker is gone, its message was lost, or it was paused."""
        self.filter(state=ProofState.RUNNING, heartbeat_at__lt=now - self.STALE_AFTER).update(
            state=ProofState.WAITING, queued_at=now - self.FORGOTTEN_AFTER
        )
        waiting = self.filter(
            Q(queued_at__lte=now - self.FORGOTTEN_AFTER), state=ProofState.WAITING, repository__paused_at=None,
            repository__team__closed_at=None, repository__snapshot__isnull=False,
        )  # fmt: skip
        found = list(waiting.values_list("repository_id", flat=True))
        self.filter(repository_id__in=found, state=ProofState.WAITING).update(queued_at=now)
        return found


class RepositoryProof(models.Model):
    """How far the proof of one repository is. `done` of `total` counts commits; `note` says why there are no more."""

    repository = models.OneToOneField("Repository", on_delete=models.CASCADE, related_name="proof")
    state = models.CharField(max_length=10, choices=ProofState.choices, default=ProofState.WAITING)
    commit = models.CharField(max_length=64, blank=True)  # whose past was replayed, or is
    measure = models.CharField(max_length=40, blank=True)  # versions of all that decides a result
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)  # CPU time spent on this commit's past
    note = models.CharField(max_length=600, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)  # names the worker's turn; a worker without it writes nothing
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RepositoryProofQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.repository_id}: {self.state}, {self.done} of {self.total}"

    @property
    def is_live(self) -> bool:
        return self.state != ProofState.DONE

    def hand_back(self, *, failed: bool = False) -> None:
        """Wait again for a worker; `to_resume` looks after it in some minutes. Only failed turns count as attempts."""
        attempts = self.attempts if failed else 0
        type(self).objects.held(self).update(state=ProofState.WAITING, queued_at=timezone.now(), attempts=attempts)

    def finish(self, note: str = "") -> None:
        type(self).objects.held(self).update(state=ProofState.DONE, note=note[:600], finished_at=timezone.now())


class ReplayedCommit(models.Model):
    """One past commit as a task. Not judged: its files are not in the index of its parent, or it could not be read."""

    proof = models.ForeignKey(RepositoryProof, on_delete=models.CASCADE, related_name="replays")
    sha = models.CharField(max_length=64)
    measure = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    committed_at = models.DateTimeField()
    judged = models.BooleanField()
    files = models.JSONField(default=list)  # paths that the commit changed
    found = models.JSONField(default=list)  # those of them that the slice held
    definitions = models.PositiveIntegerField(default=0)
    definitions_found = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)  # of the slice
    file_tokens = models.PositiveIntegerField(default=0)  # of the full text of the changed files
    search_tokens = models.PositiveIntegerField(default=0)  # read by a search until it had them all, or gave up
    search_found = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proof", "sha"], name="one_replay_per_proof_and_commit")]

    def __str__(self) -> str:
        return f"{self.sha[:12]}: {len(self.found)} of {len(self.files)}"

    @property
    def hit(self) -> bool:
        return len(self.found) == len(self.files)
