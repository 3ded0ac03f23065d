"""Where files of repositories are: mirrors and facts on the worker's disk, snapshots in a store that every process
reads. The only package that knows paths.

The store is Django's storage `snapshots`: a folder, or any S3. From one that is no folder, each machine keeps copies of
the snapshots it used last.
"""

from .folders import facts_cache, mirror_of, past_of, remove_mirror, stored_mirrors
from .nearby import nearby
from .snapshots import (
    draft_of,
    file_of,
    keep,
    mistrust,
    open_snapshot,
    remove_old_drafts,
    remove_repository,
    remove_snapshot,
    stored_repositories,
    stored_snapshots,
)

__all__ = [
    "draft_of",
    "facts_cache",
    "file_of",
    "keep",
    "mirror_of",
    "mistrust",
    "nearby",
    "open_snapshot",
    "past_of",
    "remove_mirror",
    "remove_old_drafts",
    "remove_repository",
    "remove_snapshot",
    "stored_mirrors",
    "stored_repositories",
    "stored_snapshots",
]
