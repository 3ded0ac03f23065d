"""Working on a repository's proof: bring its history, replay what was not replayed yet, keep out of everybody's way.

A turn is short, so that a worker is soon free for index runs, and gives way to one that waits. Each result is stored at
once: a turn that is cut off loses one commit's work.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from repos import engine, recent, remotes, storage
from repos.engine import git
from repos.engine.errors import EngineError, GitError, MirrorBroken, RepositoryTooLarge
from repos.engine.replay import MEASURE, Candidate, Replayed, choose, replay
from repos.indexing import TRY_AGAIN
from repos.models import IndexRun, ReplayedCommit, Repository, RepositoryProof, State
from repos.secrets import SecretUnreadable
from repos.text import plain

log = logging.getLogger(__name__)
T = TypeVar("T")
TURN_SECONDS = 10.0
GIVE_WAY_SECONDS = 15.0
BEAT_SECONDS = 20.0
NICE = 10
FETCH_SECONDS = 240.0
MAX_ATTEMPTS = 4
NO_COMMITS = (
    "None of the last {most:,} commits makes a fair task: a message of some words without the answer in it, one to six "
    "changed source files, no merge, no revert, no program as author."
)


class ProofLost(Exception):
    """The repository was unlinked or paused, or another worker has its proof: stop, and write nothing more."""


def work(repository_id: int) -> float | None:
    """Take one turn; gives the seconds until the next one, None when nothing is left to do. Raises nothing that is not
    a bug."""
    proof = RepositoryProof.objects.claim(repository_id)
    if proof is None:
        return None
    try:
        return _Turn(proof).take()
    except ProofLost:
        log.info("The proof of repository %s was taken away: unlinked, paused or given to another.", repository_id)
        proof.hand_back()  # a paused one waits; who resumes it need not know of proofs
    except (*TRY_AGAIN, MirrorBroken) as error:
        if isinstance(error, MirrorBroken):  # fetched anew by the next turn
            git.remove_mirror(storage.past_of(proof.repository.public_id))
            RepositoryProof.objects.held(proof).update(commit="")
        if proof.attempts < MAX_ATTEMPTS:
            proof.hand_back(failed=True)
        else:
            proof.finish(str(error).replace(" It will be tried again.", ""))
    except (GitError, SecretUnreadable) as error:
        proof.finish(str(error))
    except Exception:
        log.exception("The proof of repository %s ended in an unforeseen way.", repository_id)
        proof.finish("Something went wrong on this server; it has been noted. The next index run tries again.")
    return None


class _Turn:
    """One worker's turn at one proof."""

    def __init__(self, proof: RepositoryProof) -> None:
        self.proof, self.repository = proof, proof.repository
        assert self.repository.snapshot is not None
        self.head = self.repository.snapshot.commit
        self.past = storage.past_of(self.repository.public_id)
        self.base: Path | None = None
        self.lost = threading.Event()
        self.ends_at = time.monotonic() + TURN_SECONDS

    def take(self) -> float | None:
        if not settings.PARE_HISTORY_COMMITS or not settings.PARE_PROOF_COMMITS:
            self.proof.finish("The operator of this server has switched this measurement off.")
            return None
        is_new = (self.proof.commit, self.proof.measure) != (self.head, MEASURE)
        if is_new:
            self.gently(self.bring_history)
        past = self.gently(self.read_past)
        if is_new:
            recent.note_commits(self.repository, self.head, past)
            self.write(commit=self.head, measure=MEASURE, seconds=0.0, note="")
        candidates = self.gently(lambda: choose(past, most=settings.PARE_PROOF_COMMITS))
        with storage.draft_of(self.repository.public_id) as draft:
            return self.go_through(self.todo(candidates), draft.parent)

    def go_through(self, todo: list[Candidate], room: Path) -> float | None:
        for candidate in todo:
            if self.proof.seconds >= settings.PARE_PROOF_SECONDS:
                self.proof.finish(f"Stopped after {settings.PARE_PROOF_SECONDS:,} seconds of work; more with next run.")
                return None
            if (busy := _index_runs_wait()) or time.monotonic() > self.ends_at:
                self.proof.hand_back()
                return GIVE_WAY_SECONDS if busy else 0.0
            self.replay(candidate, room)
        return self.end()

    def end(self) -> float | None:
        note = "" if self.proof.total else NO_COMMITS.format(most=settings.PARE_HISTORY_COMMITS)
        self.proof.finish(note)
        is_indexed_anew = RepositoryProof.objects.request(repository=self.repository, measure=MEASURE)
        return 0.0 if is_indexed_anew else None

    def bring_history(self) -> None:
        """The last commits of the branch, fewer when so many are too large for this server. Raises GitError."""
        remote, most = remotes.remote_of(self.repository, seconds=FETCH_SECONDS), settings.PARE_HISTORY_COMMITS
        try:
            git.fetch(remote, self.past, branch=self.repository.branch, depth=most)
        except RepositoryTooLarge:
            git.remove_mirror(self.past)
            git.fetch(remote, self.past, branch=self.repository.branch, depth=max(2, most // 10))

    def read_past(self) -> list[git.LoggedCommit]:
        past = git.read_log(self.past, self.head, most=settings.PARE_HISTORY_COMMITS)
        if not past:
            raise MirrorBroken("The indexed commit is no longer in the repository's history.")
        return past

    def todo(self, candidates: list[Candidate]) -> list[Candidate]:
        """Those not replayed yet. What is no longer among them, or was measured otherwise, is forgotten."""
        self.proof.replays.exclude(sha__in=[candidate.id for candidate in candidates], measure=MEASURE).delete()
        done = set(self.proof.replays.values_list("sha", flat=True))
        self.write(total=len(candidates), done=len(done))
        todo = [candidate for candidate in candidates if candidate.id not in done]
        if todo and self.proof.attempts > MAX_ATTEMPTS:  # it has ended worker after worker
            self.record(todo.pop(0), None, 0.0)
        return todo

    def replay(self, candidate: Candidate, room: Path) -> None:
        started, result = _cpu_seconds(), None
        try:
            result = self.gently(lambda: self.measure(candidate, room))
        except EngineError:
            log.info("Commit %s of repository %s cannot be replayed.", candidate.id, self.repository.pk, exc_info=True)
        self.record(candidate, result, _cpu_seconds() - started)

    def measure(self, candidate: Candidate, room: Path) -> Replayed | None:
        draft = room / candidate.parent
        self.build(candidate, draft)
        if self.base:
            self.base.unlink(missing_ok=True)
        self.base = draft
        with engine.open_snapshot(draft) as snapshot:
            return replay(snapshot, self.past, candidate)

    def build(self, candidate: Candidate, draft: Path) -> None:
        """On the snapshot of the commit replayed before, which differs little."""
        engine.build_snapshot(
            git.GitTree(self.past, candidate.parent),
            path=draft,
            commit=candidate.parent,
            processes=max(2, settings.PARE_INDEX_PROCESSES),  # below 2, hostile sources are parsed in this process
            cache=storage.facts_cache(),
            progress=self.check,
            base=self.base,
        )

    def check(self, *_: object) -> None:
        if self.lost.is_set():
            raise ProofLost

    @transaction.atomic
    def record(self, candidate: Candidate, result: Replayed | None, seconds: float) -> None:
        # The repository's row is not locked: when it is unlinked meanwhile, this row is deleted with it or refused.
        if not RepositoryProof.objects.held(self.proof).select_for_update().exists():
            raise ProofLost
        found = {} if result is None else _columns(result)
        ReplayedCommit.objects.create(
            proof=self.proof, sha=candidate.id, measure=MEASURE, subject=plain(candidate.subject)[:200],
            committed_at=datetime.fromtimestamp(candidate.at, tz=UTC), judged=result is not None, **found,
        )  # fmt: skip
        self.write(done=self.proof.done + 1, seconds=self.proof.seconds + seconds, attempts=0)

    def write(self, **fields: object) -> None:
        """Raises ProofLost when the proof is no longer this worker's, or the repository was paused."""
        held = RepositoryProof.objects.held(self.proof)
        active = Repository.objects.filter(pk=self.repository.pk, paused_at=None)
        if not held.update(heartbeat_at=timezone.now(), **fields) or not active.exists():
            self.lost.set()
            raise ProofLost
        for name, value in fields.items():
            setattr(self.proof, name, value)

    def gently(self, work: Callable[[], T]) -> T:
        """Run at low priority, in a thread of its own: what a thread has given up of its priority it never gets back.

        This thread sees to it meanwhile that the proof is still ours.
        """
        result: Future[T] = Future()
        threading.Thread(target=_run_gently, args=(work, result), daemon=True, name="proof").start()
        while True:
            try:
                return result.result(timeout=BEAT_SECONDS)
            except TimeoutError:
                if result.done():
                    raise
                self.write()


def _run_gently(work: Callable[[], T], result: "Future[T]") -> None:
    # Linux gives each thread its own niceness, which its child processes inherit; elsewhere this one goes on as it is.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    try:
        result.set_result(work())
    except BaseException as error:
        result.set_exception(error)


def _columns(result: Replayed) -> dict[str, object]:
    names = ("definitions", "definitions_found", "tokens", "file_tokens", "search_tokens", "search_found")
    columns: dict[str, object] = {name: getattr(result, name) for name in names}
    return {**columns, "files": [plain(path) for path in result.files], "found": [plain(path) for path in result.found]}


def _index_runs_wait() -> bool:
    now = timezone.now()  # one that is to be tried again is queued for later
    return IndexRun.objects.filter(state=State.QUEUED, queued_at__lte=now, repository__paused_at=None).exists()


def _cpu_seconds() -> float:
    """Of this process and of those it has waited for."""
    return sum(os.times()[:4])
