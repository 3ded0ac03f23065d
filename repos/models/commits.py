"""The last commits of a repository: web processes have no git to ask."""

from typing import NamedTuple, Self

from django.db import models

from accounts.models import Team


class CommitNote(NamedTuple):
    """One commit as it is stored: `at` in seconds since 1970, `paths` those it changed."""

    sha: str
    at: int
    author: str
    subject: str
    paths: list[str]


class RecentCommitsQuerySet(models.QuerySet["RecentCommits"]):
    def for_team(self, team: Team | int) -> Self:
        return self.filter(repository__team=team)

    def of_file(self, team: Team | int, repository_id: int, path: str, most: int) -> list[CommitNote]:
        """Those that changed a file, newest first."""
        rows = self.for_team(team).filter(repository=repository_id).values_list("commits", flat=True)
        notes = (CommitNote(*row) for commits in rows for row in commits)
        return [note for note in notes if path in note.paths][:most]


class RecentCommits(models.Model):
    """`commits` are lists in the order of CommitNote's fields, newest first; `head` is the commit they lead up to."""

    repository = models.OneToOneField("Repository", on_delete=models.CASCADE, related_name="recent_commits")
    head = models.CharField(max_length=64)
    commits = models.JSONField(default=list)

    objects = RecentCommitsQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{len(self.commits)} commits up to {self.head[:12]}"
