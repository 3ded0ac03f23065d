"""What an agent would read that looks for the task's words in the files instead of asking for a slice.

It searches for each word of the task that is in no more than a fifth of the files, and gets the paths that hold it (up
to `LISTED`). It takes the files by the sum of what their words are worth: ln(1 + files / files with the word), three
times that for what looks like an identifier, half of it in tests, docs and examples. It opens them in that order, and
reads the windows of 31 lines round the first place of each of the six best words. In a file that the commit changed it
reads on to the end when the windows show none of the changed definitions. It stops, as no agent could know to, at the
very file that completes the answer, or after `CAP` tokens.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from repos.engine.paths import ROLES
from repos.engine.slicing.task import read_task
from repos.engine.slicing.tokens import count
from repos.engine.snapshot.file import Snapshot

CAP = 64_000
LISTED = 100  # paths that one search prints
WORDS = 20  # searches made, the most telling words first
ROUND = 15  # lines read before and after a place
MOST_PLACES = 6
COMMON = 0.2
_CODE = ROLES.index("code")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the task, what it is worth, and the files that have it."""

    term: bytes
    worth: float
    files: tuple[int, ...]


def tokens_by_search(snapshot: Snapshot, task: str, wanted: Mapping[str, Sequence[set[int]]]) -> tuple[int, bool]:
    """(tokens read, whether the answer was complete before the cap).

    `wanted`: the changed files, each with the touched lines of its changed definitions; none of them: any line will do.
    """
    searched = _words(snapshot, task)
    left = set(wanted)
    read = sum(count(_listing(snapshot, word)) for word in searched)
    for file in _order(snapshot, searched):
        path = snapshot.files.paths[file]
        read += count(_read(snapshot, file, searched, wanted.get(path, ())))
        left.discard(path)
        if read >= CAP:
            break
        if not left:
            return read, True
    return CAP, False


def _words(snapshot: Snapshot, task: str) -> list[Word]:
    """The words to search for, the best first."""
    read, total = read_task(task), len(snapshot.files.paths)
    found = []
    for term in read.terms:
        files = _files_with(snapshot, term)
        if files and len(files) <= max(1.0, COMMON * total):
            worth = (3 if term in read.named else 1) * math.log(1 + total / len(files))
            found.append(Word(term, worth, files))
    return sorted(found, key=lambda word: (-word.worth, word.term))[:WORDS]


def _files_with(snapshot: Snapshot, term: bytes) -> tuple[int, ...]:
    terms = snapshot.terms
    at = terms.words.find(term)
    if at < 0:
        return ()
    _, blocks, _ = terms.postings.of([at])
    return tuple(sorted(set(snapshot.blocks.files[blocks].tolist())))


def _listing(snapshot: Snapshot, word: Word) -> str:
    return "\n".join(_shown_path(snapshot, file) for file in word.files[:LISTED])


def _shown_path(snapshot: Snapshot, file: int) -> str:
    return snapshot.files.paths[file].encode("utf-8", "replace").decode()


def _order(snapshot: Snapshot, searched: Sequence[Word]) -> list[int]:
    score: dict[int, float] = {}
    for word in searched:
        for file in word.files:
            score[file] = score.get(file, 0.0) + word.worth * (1.0 if snapshot.files.roles[file] == _CODE else 0.5)
    return sorted(score, key=lambda file: (-score[file], file))


def _read(snapshot: Snapshot, file: int, searched: Sequence[Word], wanted: Sequence[set[int]]) -> str:
    """What is read of a file: its windows, or all of it when they miss what was wanted in it."""
    source = snapshot.source(file).decode("utf-8", "replace")
    lines = source.split("\n")
    seen: set[int] = set()
    for place in _places(lines, searched):
        seen.update(range(max(1, place - ROUND), min(len(lines), place + ROUND) + 1))
    if wanted and not any(touched <= seen for touched in wanted):
        return source
    return "\n".join([_shown_path(snapshot, file), *(lines[number - 1] for number in sorted(seen))])


def _places(lines: Sequence[str], searched: Sequence[Word]) -> Iterator[int]:
    """The first lines that hold the best words, 1-based, as a search that ignores case finds them."""
    low, found = [line.lower() for line in lines], 0
    for word in searched:
        wanted = word.term.decode("utf-8", "replace")
        place = next((number for number, line in enumerate(low, 1) if wanted in line), 0)
        if place:
            found += 1
            yield place
        if found == MOST_PLACES:
            return
