"""What only workers need, on their own disk: mirrors of repositories, and the facts extracted from each blob."""

import uuid
from pathlib import Path

from django.conf import settings

from repos import engine
from repos.engine import git


def mirror_of(repository_id: uuid.UUID) -> Path:
    return Path(settings.PARE_MIRRORS) / str(repository_id)


def past_of(repository_id: uuid.UUID) -> Path:
    """The mirror with some of the repository's history: apart, so that no index run ever waits for it."""
    return Path(settings.PARE_MIRRORS) / f"{repository_id}.past"


def remove_mirror(repository_id: uuid.UUID) -> None:
    git.remove_mirror(mirror_of(repository_id))
    git.remove_mirror(past_of(repository_id))


def stored_mirrors() -> set[str]:
    """The ids of repositories that have any mirror."""
    folder = Path(settings.PARE_MIRRORS)
    return {entry.name.partition(".")[0] for entry in folder.iterdir()} if folder.is_dir() else set()


def facts_cache() -> engine.FolderFactsCache:
    """What was extracted from each blob, for all repositories: equal blobs of equal names give equal facts."""
    return engine.FolderFactsCache(Path(settings.PARE_FACTS))
