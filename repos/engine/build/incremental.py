"""Building on the snapshot before: unchanged files keep their rows, terms and edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repos.engine.extraction.facts import Facts
from repos.engine.extraction.postings import Postings
from repos.engine.snapshot.tables import Graph

from .columns import Columns
from .past import Base
from .reading import Run, Wanted


@dataclass(slots=True)
class Made:
    """All that a snapshot is written from. `heads` are in the order of the columns' files; `unusable` has
    (path, key, reason)."""

    columns: Columns
    postings: Postings
    edges: Graph
    heads: list[Facts]
    unusable: list[tuple[str, str, str]]


def build_on(base: Base | None, run: Run, wanted: Sequence[Wanted]) -> Made | None:
    return None
