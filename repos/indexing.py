"""Working on an index run: fetch, build the snapshot, publish it. Everything that goes wrong ends in a sentence."""

import errno
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing.caps import SymbolCapReached
from billing.plans import is_within
from billing.services import plan_of
from repos import engine, remotes, retention, storage
from repos.engine import git
from repos.engine.errors import DiskFull, EngineError, GitError, GitTimeout, HostBusy, HostUnreachable, MirrorBusy
from repos.engine.replay import MEASURE
from repos.engine.types import SnapshotInfo
from repos.errors import StoreUnreachable
from repos.models import IndexRun, Phase, Repository, RepositoryProof, Snapshot, State, Trigger
from repos.progress import Reporter, RunLost
from repos.secrets import SecretUnreadable
from repos.text import plain

log = logging.getLogger(__name__)
TRY_AGAIN = (GitTimeout, HostBusy, HostUnreachable, MirrorBusy, StoreUnreachable)
MAX_ATTEMPTS = 4
BACKOFF_SECONDS = (15, 60, 240)
_WORKER_LOST = (
    "The worker stopped in the middle of this run several times, perhaps for lack of memory. "
    "Ask the operator of this server to look at the worker's log."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the worker has to do next: take this run again after some seconds, or take the one that waits behind it; and
    bring the proof of a repository up to date."""

    retry_in: int | None = None
    next_run: int | None = None
    prove: int | None = None


def index(run_id: int) -> Outcome:
    """Claim the run and work on it; does nothing when somebody else has it. Raises nothing that is not a bug."""
    run = IndexRun.objects.claim(run_id)
    if run is None:
        return Outcome()
    prove = None
    try:
        with Reporter(run) as reporter:
            _build(run, reporter)
        if RepositoryProof.objects.request(repository=run.repository, measure=MEASURE):
            prove = run.repository_id
    except RunLost:
        log.info("Index run %s was taken away: unlinked, paused or given to another worker.", run.pk)
    except TRY_AGAIN as error:
        wait = BACKOFF_SECONDS[min(run.attempts, len(BACKOFF_SECONDS)) - 1]
        if run.attempts < MAX_ATTEMPTS and run.hand_back(error_code=error.code, error=str(error), wait=wait):
            return Outcome(retry_in=wait)
        run.finish(State.FAILED, error_code=error.code, error=_without_promise(str(error)))
    except Exception as error:
        code, sentence = _explain(error)
        run.finish(State.FAILED, error_code=code, error=sentence, commit=run.commit)
    return Outcome(next_run=_waiting_behind(run), prove=prove)


def _build(run: IndexRun, reporter: Reporter) -> None:
    repository = run.repository
    fetched = git.fetch(
        remotes.remote_of(repository),
        storage.mirror_of(repository.public_id),
        branch=repository.branch,
        progress=lambda done, total: reporter.report(Phase.FETCH, done, total),
    )
    reporter.check()
    run.commit = fetched.commit
    Repository.objects.filter(pk=repository.pk).update(default_branch=fetched.branch if not repository.branch else "")
    if IndexRun.objects.should_give_way(run):
        run.finish(State.SUPERSEDED, commit=fetched.commit)
    elif run.trigger in (Trigger.PUSH, Trigger.POLL) and _is_current(repository.snapshot, fetched):
        run.finish(State.SUCCEEDED, commit=fetched.commit)
    else:
        _build_snapshot(run, fetched, reporter)


def _is_current(snapshot: Snapshot | None, fetched: git.Fetched) -> bool:
    """Whether there is nothing to do. People who press the button, and repairs, get a new snapshot anyhow."""
    if snapshot is None or (snapshot.commit, snapshot.branch) != (fetched.commit, fetched.branch):
        return False
    try:
        storage.open_snapshot(snapshot)
    except EngineError:
        return False
    return True


def _build_snapshot(run: IndexRun, fetched: git.Fetched, reporter: Reporter) -> None:
    repository = run.repository
    tree = git.GitTree(storage.mirror_of(repository.public_id), fetched.commit)
    with storage.draft_of(repository.public_id) as draft:
        info = engine.build_snapshot(
            tree,
            path=draft,
            commit=fetched.commit,
            committed_at=fetched.committed_at,
            processes=max(2, settings.PARE_INDEX_PROCESSES),  # below 2, hostile sources are parsed in this process
            cache=storage.facts_cache(),
            progress=reporter.report_and_check,
            base=_base_of(run, fetched),
        )
        plan = plan_of(repository.team)
        if not is_within(info.symbols, plan.symbols_per_repository):
            raise SymbolCapReached(plan, info.symbols)
        reporter.check()
        name = storage.keep(draft, repository.public_id, info.digest)
    try:
        _publish(run, fetched, info, name, _facts_of(info, tree))
    except BaseException:
        retention.remove_unnamed({name})
        raise


def _base_of(run: IndexRun, fetched: git.Fetched) -> Path | None:
    """The newest snapshot of the branch, for what has not changed since. People who press the button get a build from
    nothing: they may do so because they mistrust what is there."""
    if run.trigger not in (Trigger.PUSH, Trigger.POLL):
        return None
    newest = Snapshot.objects.filter(repository=run.repository_id, branch=fetched.branch).order_by("-pk").first()
    try:
        return storage.file_of(newest) if newest else None
    except (EngineError, StoreUnreachable):
        return None


def _facts_of(info: SnapshotInfo, tree: git.GitTree) -> tuple[dict[str, Any], dict[str, Any]]:
    """Statistics and coverage as JSON; links and submodules, which the engine never sees, are counted as left out."""
    coverage = asdict(info.coverage)
    for reason in tree.left_out.values():
        coverage["seen"] += 1
        coverage["skipped"] = {**coverage["skipped"], reason: coverage["skipped"].get(reason, 0) + 1}
    coverage["examples"] = [[item.path, item.reason] for item in info.coverage.examples]
    coverage["share"] = info.coverage.share
    return _storable(asdict(info.statistics)), _storable(coverage)


def _storable(value: Any) -> Any:
    """The same for a JSON column."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value


@transaction.atomic
def _publish(
    run: IndexRun,
    fetched: git.Fetched,
    info: SnapshotInfo,
    name: str,
    facts: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    # The repository first, as everywhere: unlinking locks in the same order.
    repository = Repository.objects.select_for_update(of=("self",)).filter(pk=run.repository_id).first()
    if repository is None or not IndexRun.objects.held(run).exists():
        raise RunLost
    snapshot = Snapshot.objects.create(
        repository=repository, branch=fetched.branch, commit=info.commit, committed_at=fetched.committed_at,
        storage_name=name, digest=info.digest, size=info.size, symbols=info.symbols,
        edges=info.statistics.edge_count, statistics=facts[0], coverage=facts[1],
    )  # fmt: skip
    Repository.objects.filter(pk=repository.pk).update(snapshot=snapshot)
    if not run.finish(State.SUCCEEDED, commit=info.commit):
        raise RunLost
    retention.let_old_ones_go(repository)


def _waiting_behind(run: IndexRun) -> int | None:
    waiting = IndexRun.objects.filter(repository_id=run.repository_id, state=State.QUEUED)
    return waiting.values_list("pk", flat=True).first()


def _explain(error: Exception) -> tuple[str, str]:
    """Code and sentence for a run that failed for good."""
    if isinstance(error, GitError | SecretUnreadable):
        return error.code, str(error)
    if isinstance(error, SymbolCapReached):
        return error.code, error.message
    if isinstance(error, SoftTimeLimitExceeded):
        minutes = settings.PARE_INDEX_TIME_LIMIT // 60
        return "index_timeout", (
            f"Indexing took longer than the {minutes} minutes this server allows. "
            "Index again when it is less busy, or ask its operator to raise the limit."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull.code, "The disk of this server is full. Its operator has to make room; then index again."
    log.exception("An index run failed in an unforeseen way.", exc_info=error)
    return "internal_error", (
        "Something went wrong on this server while indexing; it has been noted. Index again later, "
        "and tell the operator of this server if it stays so."
    )


def _without_promise(sentence: str) -> str:
    """The last attempt is not tried again, so its sentence must not say so."""
    return sentence.replace(" It will be tried again.", " Index again when it is reachable.")


def sweep_runs() -> list[int]:
    """Take runs from workers that are gone, and find queued ones that no task knows of; gives those to enqueue."""
    now = timezone.now()
    found = []
    for run in IndexRun.objects.stale(now):
        if run.attempts >= MAX_ATTEMPTS:
            run.finish(State.FAILED, error_code="worker_lost", error=_WORKER_LOST)
        elif run.hand_back(error_code="worker_lost", error="The worker stopped in the middle. It is started again."):
            found.append(run.pk)
    for run_id in IndexRun.objects.forgotten(now).values_list("pk", flat=True):
        IndexRun.objects.filter(pk=run_id, state=State.QUEUED).update(queued_at=now)
        found.append(run_id)
    return found
