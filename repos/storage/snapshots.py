"""Snapshots: stored under their repository and the SHA-256 of their content, opened from a file on this machine."""

import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from repos import engine
from repos.engine.errors import SnapshotMissing
from repos.errors import StoreUnreachable
from repos.models import Snapshot

from .folders import remove_mirror, stored_mirrors
from .nearby import nearby

log = logging.getLogger(__name__)
OPEN_SNAPSHOTS = 32  # each may hold some 15 MB of worked-out arrays
CHUNK = 1 << 20
DRAFT = ".draft-"
_opened = engine.SnapshotCache(OPEN_SNAPSHOTS)


class _Draft(File):  # type: ignore[type-arg]
    """Lets a folder take the file over by renaming it, so that nobody ever sees half of it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _store() -> Storage:
    return storages["snapshots"]


def _folder() -> Path | None:
    """Where the store keeps its files if they can be opened in place."""
    store = _store()
    return Path(store.location) if isinstance(store, FileSystemStorage) else None


@contextmanager
def draft_of(repository_id: uuid.UUID) -> Iterator[Path]:
    """A path to write a snapshot to before it is kept, on the disk it goes to. Gone afterwards, kept or not."""
    folder = _folder()
    home = folder / str(repository_id) if folder else Path(settings.PARE_SNAPSHOT_CACHE)
    home.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(dir=home, prefix=DRAFT))
    try:
        yield room / "snapshot"
    finally:
        shutil.rmtree(room, ignore_errors=True)


def remove_old_drafts(seconds: float) -> None:
    """What killed processes left behind, when nothing was written to it for so long."""
    folder = _folder()
    found = folder.glob(f"*/{DRAFT}*") if folder else Path(settings.PARE_SNAPSHOT_CACHE).glob(".*-*")
    for path in found:
        with suppress(FileNotFoundError):
            if not path.name.startswith(".lock-") and path.stat().st_mtime < time.time() - seconds:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def keep(draft: Path, repository_id: uuid.UUID, digest: str) -> str:
    """Store a finished snapshot; -> its name. The same content has the same name, and is stored again in case the
    stored file was damaged. Raises StoreUnreachable, or OSError when the disk is full.
    """
    name = f"{repository_id}/{digest}.pare"
    with _asking(), draft.open("rb") as file:
        stored = _store().save(name, _Draft(file, name=str(draft)))
    if stored != name:
        _store().delete(stored)
        raise RuntimeError("The store of snapshots must allow to overwrite: a name stands for its content.")
    return name


def file_of(snapshot: Snapshot) -> Path:
    """The snapshot as a file on this machine, fetched if need be. Raises SnapshotMissing, SnapshotCorrupt,
    StoreUnreachable."""
    folder = _folder()
    if folder:
        return folder / snapshot.storage_name
    return nearby().get(snapshot.digest, snapshot.size, lambda: _chunks(snapshot.storage_name))


def _chunks(name: str) -> Iterator[bytes]:
    with _asking(), _store().open(name, "rb") as file:
        yield from file.chunks(CHUNK)


def open_snapshot(snapshot: Snapshot) -> engine.Snapshot:
    """Opened once a process and kept. Raises SnapshotMissing, SnapshotCorrupt, SnapshotVersion, StoreUnreachable."""
    return _opened.open(file_of(snapshot))


def mistrust(snapshot: Snapshot) -> None:
    """Let go of a snapshot whose bytes are not those that were written; of a copy on this machine for good."""
    folder = _folder()
    if folder is None:
        nearby().forget(snapshot.digest)
    _opened.forget(folder / snapshot.storage_name if folder else nearby().file(snapshot.digest))


def remove_snapshot(name: str) -> None:
    """Processes that have the file open go on reading it; its space is freed when the last one lets go."""
    with _asking():
        _store().delete(name)


def remove_repository(repository_id: uuid.UUID) -> None:
    """Everything stored that belongs to one repository alone."""
    remove_mirror(repository_id)
    for name in stored_snapshots(repository_id):
        remove_snapshot(name)
    if folder := _folder():
        shutil.rmtree(folder / str(repository_id), ignore_errors=True)


def stored_snapshots(repository_id: uuid.UUID) -> set[str]:
    """The names of a repository's stored snapshots."""
    try:
        with _asking():
            return {f"{repository_id}/{file}" for file in _store().listdir(str(repository_id))[1]}
    except SnapshotMissing:
        return set()


def stored_repositories() -> set[uuid.UUID]:
    """The repositories that have anything stored, linked or not."""
    names = stored_mirrors()
    with suppress(SnapshotMissing), _asking():
        names.update(_store().listdir("")[0])
    found = set()
    for name in names:
        with suppress(ValueError):
            found.add(uuid.UUID(name))
    return found


@contextmanager
def _asking() -> Iterator[None]:
    """Every store has errors of its own. That a file is not there is an answer; anything else but our own disk's
    trouble means that the store could not be asked.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise SnapshotMissing("The snapshot is not in the store.") from error
    except Exception as error:
        if _folder() is not None:
            raise
        log.warning("The store of snapshots cannot be used: %s: %s", type(error).__name__, error)
        raise StoreUnreachable from error
