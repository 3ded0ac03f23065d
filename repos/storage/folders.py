"""What only workers need, on their own disk: mirrors of repositories, and the facts extracted from each blob."""

import uuid
from pathlib import Path

from django.conf import settings

from repos import engine
from repos.engine import git


def mirror_of(repository_id: uuid.UUID) -> Path:
    return Path(settings.PARE_MIRRORS) / str(repository_id)


def remove_mirror(repository_id: uuid.UUID) -> None:
    git.remove_mirror(mirror_of(repository_id))


def stored_mirrors() -> set[str]:
    folder = Path(settings.PARE_MIRRORS)
    return {entry.name.removesuffix(".lock") for entry in folder.iterdir()} if folder.is_dir() else set()


def facts_cache() -> engine.FolderFactsCache:
    """What was extracted from each blob, for all repositories: equal blobs of equal names give equal facts."""
    return engine.FolderFactsCache(Path(settings.PARE_FACTS))
