"""The text an agent gets: what it is and how far to trust it, then pieces of source, each under its path and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from repos.engine.snapshot.file import Snapshot
from repos.engine.types import Coverage, Slice, SliceItem, SliceOptions, Trust

from .tokens import count

HEADER_SHARE = 10  # the header may take one part in so many of the budget
SHOWN_COMMIT = 12
NEAR, NEAR_LETTERS = 4, 12  # pieces so few lines apart are joined, when those lines hold next to nothing


@dataclass(frozen=True, slots=True)
class Piece:
    """An item with its source, the name of what stands round it, the tokens of its text, and the number of its file."""

    item: SliceItem
    inside: str
    source: str
    tokens: int
    file: int

    @property
    def text(self) -> str:
        item = self.item
        if item.form == "signature":
            return signature_text(item.path, item.start, self.inside, self.source)
        return f"{where(item.path, item.start, item.end, self.inside)}{self.source}\n\n"


def headers(snapshot: Snapshot, options: SliceOptions, trust: Trust, notes: Sequence[str]) -> list[str]:
    """From the fullest to the shortest, the last one empty."""
    name = options.repository or "repository"
    commit = snapshot.commit[:SHOWN_COMMIT]
    dated = f"{name} at {commit}" + _age(snapshot.committed_at, options.now)
    full = [
        f"# Context from {dated}",
        f"# Confidence: {trust}. Index: {coverage_line(snapshot.coverage)}",
        *(f"# {note}" for note in notes),
    ]
    return ["\n".join(full) + "\n\n", f"# {dated}\n\n", f"# {commit}\n\n", ""]


def choose_header(found: Sequence[str], budget: int) -> str:
    return next((header for header in found if count(header) * HEADER_SHARE <= budget), "")


def _age(committed_at: datetime | None, now: datetime | None) -> str:
    if committed_at is None:
        return ""
    text = f", committed {committed_at:%Y-%m-%d}"
    if now is None:
        return text
    days = (now - committed_at).days
    return text + (" (today)" if days < 1 else f" ({days} day{'s' if days > 1 else ''} ago)")


def coverage_line(coverage: Coverage) -> str:
    failed = sum(coverage.skipped.values())
    reasons = ", ".join(f"{reason.replace('_', ' ')} {number}" for reason, number in coverage.skipped.items())
    text = f"{coverage.parsed} files with symbols, {coverage.text} as text"
    return f"{text}, {failed} left out ({reasons})" if failed else text


def where(path: str, start: int, end: int, inside: str) -> str:
    """The line above a piece. Only the first of a file says the path. `inside` is the name of what is round it."""
    lines = f":{start}-{end}" if end > start else f":{start}"
    return f"{path_text(path)}{lines} in {inside}\n" if inside else f"{path_text(path)}{lines}\n"


def arrange(snapshot: Snapshot, pieces: Sequence[Piece]) -> str:
    """The pieces as they are read best: file by file, best file first, and in each file from top to bottom. Pieces that
    follow each other become one. Signatures come last."""
    by_file: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.item.form != "signature":
            by_file.setdefault(piece.file, []).append(piece)
    text = [_file_text(snapshot, found) for found in by_file.values()]
    return "".join([*text, *(piece.text for piece in pieces if piece.item.form == "signature")])


def _file_text(snapshot: Snapshot, pieces: list[Piece]) -> str:
    runs: list[list[Piece]] = []
    sources: list[str] = []
    for piece in sorted(pieces, key=lambda piece: piece.item.start):
        gap = piece.item.start - runs[-1][-1].item.end - 1 if runs else NEAR
        between = snapshot.lines(piece.file, piece.item.start - gap, piece.item.start - 1) if 0 < gap < NEAR else ""
        if runs and gap < NEAR and len(between) <= NEAR_LETTERS:
            runs[-1].append(piece)
            sources[-1] += f"\n{between}\n{piece.source}" if gap else f"\n{piece.source}"
        else:
            runs.append([piece])
            sources.append(piece.source)
    heads = [
        where("" if number else run[0].item.path, run[0].item.start, run[-1].item.end, run[0].inside)
        for number, run in enumerate(runs)
    ]
    return "".join(f"{head}{source}\n\n" for head, source in zip(heads, sources, strict=True))


def signature_text(path: str, line: int, inside: str, source: str) -> str:
    return f"{path_text(path)}:{line} {inside}{' ' if inside else ''}| {source}\n"


def path_text(path: str) -> str:
    """A path as the text says it: git's paths are any bytes, and a line end or half a character in one is escaped."""
    if path.isprintable():
        return path
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in path)


def as_dict(result: Slice) -> dict[str, object]:
    """The answer of the command line: ranked files, and line ranges in order of priority. A range that follows one
    before it, or leads up to it, makes that one longer."""
    ranges: list[dict[str, object]] = []
    starts: dict[tuple[str, int], dict[str, object]] = {}
    ends: dict[tuple[str, int], dict[str, object]] = {}
    for item in result.items:
        start, end = item.start, item.end
        before = next((ends[item.path, start - n] for n in range(1, NEAR) if (item.path, start - n) in ends), None)
        after = next((starts[item.path, end + n] for n in range(1, NEAR) if (item.path, end + n) in starts), None)
        found = before or after
        if item.form != "full" or found is None:
            found = {"path": item.path, "start": start, "end": end}
            ranges.append(found)
        elif before:
            del ends[item.path, int(str(found["end"]))]
            found["end"] = end
        else:
            del starts[item.path, int(str(found["start"]))]
            found["start"] = start
        if item.form == "full":
            starts[item.path, int(str(found["start"]))] = ends[item.path, int(str(found["end"]))] = found
    return {"files": [file.path for file in result.files], "slice": ranges}
