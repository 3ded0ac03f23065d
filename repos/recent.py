"""Noting the last commits of a repository where web processes can read them."""

from pathlib import Path

from repos.engine import git
from repos.models import CommitNote, RecentCommits, Repository
from repos.text import plain

KEPT = 300
PATHS_KEPT = 100  # of one commit: a larger one is a move or a format, and says little of any one file
LONGEST = 200


def note_commits(repository: Repository, mirror: Path, head: str) -> None:
    """Replace what was noted by the last commits up to `head`. Raises GitError."""
    notes = [
        CommitNote(
            one.id, one.at, plain(one.author)[:LONGEST], plain(one.message.strip().partition("\n")[0])[:LONGEST],
            [plain(change.path) for change in one.changes[:PATHS_KEPT]],
        )
        for one in git.read_log(mirror, head, most=KEPT)
    ]  # fmt: skip
    RecentCommits.objects.update_or_create(
        repository=repository, defaults={"head": head, "commits": [list(note) for note in notes]}
    )
