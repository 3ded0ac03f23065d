"""Reading a commit's past from a bare mirror: who changed which files when, and in which words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from repos.engine.git.reading import first_bytes

SECONDS = 120.0
MAX_LOG = 32 << 20
MAX_DIFF = 16 << 20
LATEST = 253_402_300_799  # the last second that a calendar holds
_HEAD = 5
_FORMAT = "%H%x00%P%x00%ct%x00%an%x00%B%x00"
_KINDS = frozenset("ACDMRTUX")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Change:
    """A file that a commit added (A), modified (M or T), deleted (D) or renamed unchanged (R, from `before`)."""

    kind: str
    path: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """`at` is the committer's time in seconds since 1970; a commit at the edge of a shallow mirror has no parents."""

    id: str
    parents: tuple[str, ...]
    at: int
    author: str
    message: str
    changes: tuple[Change, ...]


def read_log(mirror: Path, commit: str, *, most: int, most_bytes: int = MAX_LOG) -> list[LoggedCommit]:
    """Up to `most` ancestors of a commit (itself included), newest first, merges left out.

    A history over `most_bytes` or `SECONDS` ends where it was cut; a commit that is not there has none. Only
    unchanged renames are told as such: finding others would mean reading all contents.
    """
    arguments = [
        "log", "-z", f"--max-count={most}", "--no-merges", "--no-color", "--no-show-signature", "--no-mailmap",
        "--no-notes", "--no-ext-diff", "--no-textconv", "--name-status", "--find-renames=100%", "--encoding=UTF-8",
        f"--format={_FORMAT}", "--end-of-options", commit, "--",
    ]  # fmt: skip
    # A root commit would seem to change every file; in a shallow mirror the oldest one is a root.
    output = first_bytes(
        mirror, arguments, most_bytes=most_bytes, seconds=SECONDS, configuration={"log.showRoot": "false"}
    )
    return list(_commits(output))


def _commits(output: bytes) -> Iterator[LoggedCommit]:
    """Fields end with NUL, which no message and no path holds: five of a commit, an empty one, then its changes."""
    fields = output.split(b"\0")
    place, last = 0, len(fields) - 1  # what stands after the last NUL is cut off, or empty
    while place + _HEAD < last:
        head = fields[place : place + _HEAD]
        place += _HEAD + 1
        changes = []
        while place < last and (kind := fields[place].lstrip(b"\n")[:1].decode("latin-1")) in _KINDS:
            names = 2 if kind in "CR" else 1
            paths = [field.decode("utf-8", "surrogateescape") for field in fields[place + 1 : place + 1 + names]]
            place += 1 + names
            if place <= last:
                changes.append(Change(kind, paths[-1], paths[0] if names == 2 else ""))
        yield _commit(head, tuple(changes))


def _commit(head: list[bytes], changes: tuple[Change, ...]) -> LoggedCommit:
    # A commit may carry any number as its time; what no calendar holds becomes the nearest that it does.
    return LoggedCommit(
        id=head[0].decode("latin-1"),
        parents=tuple(head[1].decode("latin-1").split()),
        at=min(int(head[2]), LATEST) if head[2].isdigit() else 0,
        author=head[3].decode("utf-8", "replace"),
        message=head[4].decode("utf-8", "replace").strip(),
        changes=changes,
    )


def replaced_lines(mirror: Path, parent: str, commit: str, path: str) -> list[tuple[int, int]]:
    """The lines of a file at `parent` that `commit` replaced or deleted, as (first, count), 1-based, in order.

    Lines added between two others are (the line before them, 0). Nothing for a binary file.
    """
    arguments = [
        "--literal-pathspecs", "diff-tree", "-r", "-p", "--unified=0", "--no-renames", "--no-color", "--no-ext-diff",
        "--no-textconv", "--end-of-options", parent, commit, "--", path,
    ]  # fmt: skip
    lines = first_bytes(mirror, arguments, most_bytes=MAX_DIFF, seconds=SECONDS).split(b"\n")
    found, place = [], 0
    while place < len(lines):
        if hunk := _HUNK.match(lines[place]):
            first, count, added = int(hunk[1]), int(hunk[2] or 1), int(hunk[4] or 1)
            found.append((first, count))
            place += count + added  # contents may look like anything, another hunk's head too
        place += 1
    return found
