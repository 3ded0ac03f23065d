"""The addresses of pages that show code: by path and name, which outlive a snapshot, never by its numbers."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from repos.models import Repository
from repos.text import plain


@dataclass(frozen=True, slots=True)
class Links:
    """Where packages and symbols of a repository are shown. A level keeps what was chosen: `slice` and `guesses`."""

    repository: Repository
    slice: UUID | None = None
    guesses: bool = False

    def level(self, path: str, part: int = 1, *, guesses: bool | None = None) -> str:
        """`guesses` as chosen before, or as told."""
        counted = self.guesses if guesses is None else guesses
        chosen = {"at": plain(path), "part": part * (part > 1), "slice": self.slice, "guesses": int(counted)}
        query = urlencode({name: value for name, value in chosen.items() if value})
        address = reverse("repository_graph", args=[self.repository.team.slug, self.repository.public_id])
        return f"{address}?{query}" if query else address

    def symbol(self, path: str, name: str, line: int) -> str:
        address = reverse("repository_symbol", args=[self.repository.team.slug, self.repository.public_id])
        return f"{address}?{urlencode({'path': plain(path), 'name': name, 'line': line})}"
