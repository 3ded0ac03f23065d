"""Looking into a repository's snapshot: its packages, and a symbol with all that stands round it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from repos import engine
from repos.engine import around
from repos.engine.packages import Level, package_level
from repos.engine.types import Symbol
from repos.models import CommitNote, RecentCommits, Repository
from repos.services.slices import read_snapshot
from repos.text import plain

LINES_SHOWN = 400  # of a definition, at once
NEIGHBOURS_SHOWN = 20  # in each relation, where all are shown together
NEIGHBOURS_A_PAGE = 50
MEMBERS_SHOWN = 200
TESTS_SHOWN = 20
COMMITS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Looked:
    """What a symbol's page shows. `lines` are those of the definition from `first_line` on, cut to what is shown at
    once; `others` are symbols of the same name elsewhere, for when the symbol itself is gone (None)."""

    symbol: Symbol | None
    first_line: int
    lines: list[str]
    members: list[Symbol]
    relations: list[around.Neighbours]
    reaching: list[around.ReachingTest]
    others: list[Symbol]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a symbol is found: it outlives a snapshot. `line` tells symbols of one name in one file apart."""

    path: str
    name: str
    line: int = 0


def look_at_packages(*, repository: Repository, path: str, part: int = 1, guesses: bool = False) -> Level | None:
    """The level at a path of the current snapshot, None when nothing is there. Raises what read_snapshot raises."""

    def look(snapshot: engine.Snapshot) -> Level | None:
        return package_level(snapshot, _path_in(snapshot, path), part=part, guesses=guesses)

    return read_snapshot(repository, look)


def look_at_symbol(
    *, repository: Repository, address: Address, page: int = 1, only: around.Relation | None = None
) -> Looked:
    """A symbol with what stands round it: a page (from 1 on) of one relation alone, or the first of each and a page of
    the definition. Raises what read_snapshot raises."""
    return read_snapshot(repository, lambda found: _look(found, address, page, only))


def recent_commits(repository: Repository, path: str) -> list[tuple[CommitNote, datetime]]:
    """The last commits that changed a file, with their times; none before a proof has read the history."""
    notes = RecentCommits.objects.of_file(repository.team_id, repository.pk, plain(path), COMMITS_SHOWN)
    return [(note, datetime.fromtimestamp(note.at, tz=UTC)) for note in notes]


def _look(snapshot: engine.Snapshot, address: Address, page: int, only: around.Relation | None) -> Looked:
    symbol = around.find_symbol(snapshot, _path_in(snapshot, address.path), address.name, address.line)
    if symbol is None:
        others = engine.search_symbols(snapshot, address.name.rpartition(".")[2], limit=10)
        return Looked(None, 0, [], [], [], [], others)
    if only:
        before = (page - 1) * NEIGHBOURS_A_PAGE
        found = around.neighbours(snapshot, symbol.id, only, first=before, most=NEIGHBOURS_A_PAGE)
        return Looked(symbol, 0, [], [], [found], [], [])
    first = symbol.start + (page - 1) * LINES_SHOWN
    last = min(symbol.end, first + LINES_SHOWN - 1)
    shown = snapshot.lines(snapshot.file_of_symbol(symbol.id), first, last).split("\n") if first <= last else []
    relations = [around.neighbours(snapshot, symbol.id, one, most=NEIGHBOURS_SHOWN) for one in around.RELATIONS]
    members = around.members_of(snapshot, symbol.id, MEMBERS_SHOWN)
    tests = around.reaching_tests(snapshot, symbol.id, TESTS_SHOWN)
    return Looked(symbol, first, shown, members, [one for one in relations if one.total], tests, [])


def _path_in(snapshot: engine.Snapshot, path: str) -> str:
    """The path of the file or folder that an address writes so: bytes that are no text stand there as escapes."""
    if "\\" not in path:
        return path
    deep = path.count("/") + 1
    starts = ("/".join(other.split("/")[:deep]) for other in snapshot.numbers)
    return next((other for other in starts if plain(other) == path), path)
