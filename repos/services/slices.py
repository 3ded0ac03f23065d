"""Serving slices and symbols out of a repository's snapshot, within the plan's cap."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.access import Principal
from accounts.models import Team, User
from billing.caps import SliceCapReached
from billing.plans import Plan, has_room_for_one_more
from billing.services import plan_of
from config.errors import NotFound
from repos import engine, storage, tasks
from repos.engine.errors import BadTask, SnapshotError
from repos.engine.types import Slice, SliceOptions, Symbol
from repos.errors import BadSliceRequest, NotIndexedYet, RepositoryPaused
from repos.models import IndexRun, Repository, SliceRecord, Trigger
from repos.services.snapshots import kept_snapshot
from repos.text import plain

SYMBOLS_SHOWN = 50
TOUCHED_KEPT = 500  # pieces of a slice
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Served:
    """A slice and what it took. `age_seconds` is the age of the commit, None when it lies in the future."""

    slice: Slice
    repository: Repository
    milliseconds: float
    age_seconds: int
    record: SliceRecord


def serve_slice(
    *,
    repository: Repository,
    actor: Principal | User,
    task: str,
    budget: int,
    session_id: str = "",
    paths: tuple[str, ...] = (),
    snapshot: UUID | None = None,
    now: datetime | None = None,
) -> Served:
    """Make a slice of the current snapshot, or of another that is kept, and count it.

    Raises RepositoryPaused and SliceCapReached (402), NotIndexedYet (409), NotFound for a snapshot that is not kept,
    BadSliceRequest (400), StoreUnreachable (503). A slice that is refused does not count, and nothing of the task is
    kept.
    """
    now = now or timezone.now()
    plan = plan_of(repository.team)
    _check_room(repository.team, plan, now)
    options = SliceOptions(repository=repository.name, now=now, paths=paths)
    started = time.perf_counter()
    try:
        made = read_snapshot(
            repository, lambda found: engine.make_slice(found, task, budget=budget, options=options), snapshot
        )
    except BadTask as error:
        raise BadSliceRequest("budget" if "budget" in str(error).lower() else "task", str(error)) from error
    milliseconds = (time.perf_counter() - started) * 1000
    record = SliceRecord(
        team=repository.team, repository=repository, session_id=session_id, commit=made.commit, budget=budget,
        tokens=made.tokens, milliseconds=milliseconds, at=now, touched=_touched(made), **_who(actor),
    )  # fmt: skip
    _count(record, plan)
    age = (now - made.committed_at).total_seconds() if made.committed_at else 0
    return Served(made, repository, milliseconds, max(0, int(age)), record)


def find_symbols(*, repository: Repository, query: str, limit: int = 20) -> list[Symbol]:
    """The symbols that fit a query best. Raises RepositoryPaused (402), NotIndexedYet (409), BadSliceRequest (400)."""
    try:
        return read_snapshot(
            repository, lambda found: engine.search_symbols(found, query, limit=min(limit, SYMBOLS_SHOWN))
        )
    except BadTask as error:
        raise BadSliceRequest("q", str(error)) from error


def slices_this_month(team: Team) -> int:
    """What counts against the plan's cap on slices: those served since the first of this month (UTC)."""
    return SliceRecord.objects.for_team(team).in_month_of(timezone.now()).count()


def read_snapshot(repository: Repository, read: Callable[[engine.Snapshot], T], snapshot: UUID | None = None) -> T:
    """What `read` makes of the repository's snapshot, or of another one that is kept.

    Bytes that are not those that were written are never used: the copy on this machine is fetched once more, and when
    that does not help, the snapshot is made again without anybody having to ask. Raises RepositoryPaused (402),
    NotIndexedYet (409), NotFound, StoreUnreachable (503), and whatever `read` raises.
    """
    if repository.paused_at:
        raise RepositoryPaused
    wanted = kept_snapshot(repository, snapshot)
    try:
        return read(storage.open_snapshot(wanted))
    except SnapshotError:
        storage.mistrust(wanted)
    try:
        return read(storage.open_snapshot(wanted))
    except SnapshotError as error:
        storage.mistrust(wanted)
        if wanted != repository.snapshot:
            raise NotFound("This snapshot was lost. Ask for the current one.") from error
        run, is_new = IndexRun.objects.request(repository=repository, trigger=Trigger.REPAIR)
        if is_new:
            tasks.enqueue(run)
        repository.latest_run = run
        raise NotIndexedYet(repository) from error


def _touched(made: Slice) -> list[tuple[str, int, int]]:
    return [(plain(item.path), item.start, item.end) for item in made.items[:TOUCHED_KEPT]]


def _check_room(team: Team, plan: Plan, now: datetime) -> None:
    """Refuse early, before any work; whether there is room is decided under the lock."""
    if plan.slices_per_month is None:
        return
    used = SliceRecord.objects.for_team(team).in_month_of(now).count()
    if not has_room_for_one_more(used, plan.slices_per_month):
        raise SliceCapReached(plan)


def _count(record: SliceRecord, plan: Plan) -> None:
    if plan.slices_per_month is None:
        record.save(force_insert=True)
        return
    with transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).get(pk=record.team_id)
        _check_room(team, plan, record.at)
        record.save(force_insert=True)


def _who(actor: Principal | User) -> dict[str, int | None]:
    if isinstance(actor, Principal):
        return {"api_key_id": actor.key_id, "user_id": actor.user_id}
    return {"user_id": actor.pk}
