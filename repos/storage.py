"""Where files of repositories are: mirrors and facts on the worker's disk, snapshots where every process reads them.

The only module that knows paths. Another home for snapshots changes `snapshot_file` and `open_snapshot`, nothing else.
"""

import shutil
import uuid
from pathlib import Path

from django.conf import settings

from repos import engine
from repos.engine import git
from repos.models import Snapshot

OPEN_SNAPSHOTS = 128
_opened = engine.SnapshotCache(OPEN_SNAPSHOTS)


def mirror_of(repository_id: uuid.UUID) -> Path:
    return Path(settings.PARE_MIRRORS) / str(repository_id)


def facts_cache() -> engine.FolderFactsCache:
    """What was extracted from each blob, for all repositories: equal blobs of equal names give equal facts."""
    return engine.FolderFactsCache(Path(settings.PARE_FACTS))


def snapshot_name(repository_id: uuid.UUID, run_id: uuid.UUID, commit: str) -> str:
    """Unique for each run, so that nobody ever writes into a file that another process has open."""
    return f"{repository_id}/{commit[:12]}-{run_id.hex[:12]}.pare"


def snapshot_file(name: str) -> Path:
    return Path(settings.PARE_SNAPSHOTS) / name


def open_snapshot(snapshot: Snapshot) -> engine.Snapshot:
    """Opened once a process and kept. Raises SnapshotMissing, SnapshotCorrupt, SnapshotVersion."""
    return _opened.open(snapshot_file(snapshot.storage_name))


def remove_snapshot(name: str) -> None:
    """Processes that have the file open go on reading it; its space is freed when the last one lets go."""
    snapshot_file(name).unlink(missing_ok=True)


def remove_repository(repository_id: uuid.UUID) -> None:
    """Everything on disk that belongs to one repository alone."""
    git.remove_mirror(mirror_of(repository_id))
    shutil.rmtree(Path(settings.PARE_SNAPSHOTS) / str(repository_id), ignore_errors=True)


def stored_repositories() -> set[uuid.UUID]:
    """The repositories that have anything on disk, linked or not."""
    found = set()
    for folder in (Path(settings.PARE_MIRRORS), Path(settings.PARE_SNAPSHOTS)):
        for entry in folder.iterdir() if folder.is_dir() else ():
            try:
                found.add(uuid.UUID(entry.name.removesuffix(".lock")))
            except ValueError:
                continue
    return found
