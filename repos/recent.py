"""Noting the last commits of a repository where web processes can read them."""

from collections.abc import Sequence

from repos.engine import git
from repos.models import CommitNote, RecentCommits, Repository
from repos.text import plain

KEPT = 300
PATHS_KEPT = 100  # of one commit: a larger one is a move or a format, and says little of any one file
LONGEST = 200


def note_commits(repository: Repository, head: str, past: Sequence[git.LoggedCommit]) -> None:
    """Replace what was noted by the last of the commits that lead up to `head`, which come newest first."""
    notes = [
        CommitNote(
            one.id, one.at, plain(one.author)[:LONGEST], plain(one.message.strip().partition("\n")[0])[:LONGEST],
            [plain(change.path) for change in one.changes[:PATHS_KEPT]],
        )
        for one in past[:KEPT]
    ]  # fmt: skip
    RecentCommits.objects.update_or_create(
        repository=repository, defaults={"head": head, "commits": [list(note) for note in notes]}
    )
