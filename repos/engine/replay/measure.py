"""One past commit, replayed: the slice for its message at its parent, against the files and lines that it changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repos.engine.extraction.facts import EXTRACTOR
from repos.engine.git import replaced_lines
from repos.engine.slicing.slice import make_slice
from repos.engine.slicing.tokens import count
from repos.engine.snapshot.container import VERSION
from repos.engine.snapshot.file import Snapshot
from repos.engine.types import Slice

from .choose import Candidate
from .search import tokens_by_search

BUDGET = 8000
# Names all that decides a result; raise the last number when ranking, packing or judging changes, so that what was
# measured before is measured anew.
MEASURE = f"{EXTRACTOR}.{VERSION}.1"
SHOWN = frozenset({"full", "part"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """`files` are those of the commit that the parent's index holds, `found` those that the slice holds.

    `definitions` were touched by the commit, `definitions_found` are those all of whose touched lines are in the slice.
    Tokens: of the slice, of the full text of the changed files, and of what a search would read (`search_found`: it got
    to all of them before its cap).
    """

    files: tuple[str, ...]
    found: tuple[str, ...]
    definitions: int
    definitions_found: int
    tokens: int
    file_tokens: int
    search_tokens: int
    search_found: bool

    @property
    def hit(self) -> bool:
        return len(self.found) == len(self.files)


def replay(snapshot: Snapshot, mirror: Path, candidate: Candidate) -> Replayed | None:
    """Raises EngineError. None when a changed file is not in the parent's index: too large, say, or minified."""
    if not all(path in snapshot.numbers for path in candidate.files):
        return None
    made = make_slice(snapshot, candidate.task, budget=BUDGET)
    changed = {path: _changed(snapshot, mirror, candidate, path) for path in candidate.files}
    shown = {path: _shown(made, path) for path in candidate.files}
    read, complete = tokens_by_search(snapshot, candidate.task, changed)
    return Replayed(
        files=candidate.files,
        found=tuple(path for path in candidate.files if _holds(shown[path], changed[path])),
        definitions=sum(len(definitions) for definitions in changed.values()),
        definitions_found=sum(lines <= shown[path] for path in changed for lines in changed[path]),
        tokens=made.tokens,
        file_tokens=sum(count(_text(snapshot, path)) for path in candidate.files),
        search_tokens=read,
        search_found=complete,
    )


def _holds(shown: set[int], definitions: list[set[int]]) -> bool:
    """As in the development set: a file is held when one of its changed definitions is; where none was changed
    (imports, constants), when any of its lines is."""
    return any(lines <= shown for lines in definitions) if definitions else bool(shown)


def _shown(made: Slice, path: str) -> set[int]:
    """The lines of a file that stand in the slice; a signature alone shows none."""
    pieces = (item for item in made.items if item.path == path and item.form in SHOWN)
    return {line for item in pieces for line in range(item.start, item.end + 1)}


def _text(snapshot: Snapshot, path: str) -> str:
    return snapshot.source(snapshot.numbers[path]).decode("utf-8", "replace")


def _changed(snapshot: Snapshot, mirror: Path, candidate: Candidate, path: str) -> list[set[int]]:
    """The touched lines of each definition that the commit changed; a line belongs to the innermost definition."""
    symbols, first, file = snapshot.symbols, snapshot.files.first_symbol, snapshot.numbers[path]
    numbers = range(int(first[file]), int(first[file + 1]))
    spans = [(int(symbols.starts[symbol]), int(symbols.ends[symbol])) for symbol in numbers]
    found: dict[tuple[int, int], set[int]] = {}
    for start, number in replaced_lines(mirror, candidate.parent, candidate.id, path):
        for line in range(start, start + max(1, number)):
            # What was added between two lines is inside a definition only when both are.
            last = line + (number == 0)
            inside = [span for span in spans if span[0] <= line and last <= span[1]]
            if inside:
                found.setdefault(min(inside, key=lambda span: span[1] - span[0]), set()).update({line, last})
    return list(found.values())
