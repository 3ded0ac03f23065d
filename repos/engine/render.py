"""The text an agent gets: what it is and how far to trust it, then pieces of source, each under its path and lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .snapshot import Snapshot
from .tokens import count
from .types import Coverage, Slice, SliceOptions, Trust

HEADER_SHARE = 10  # the header may take one part in so many of the budget
SHOWN_COMMIT = 12


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


def item_text(path: str, start: int, end: int, inside: str, source: str) -> str:
    """One piece. `inside` is the name of the type round it, if any."""
    where = f"{path}:{start}-{end}" if end > start else f"{path}:{start}"
    return f"{where} in {inside}\n{source}\n\n" if inside else f"{where}\n{source}\n\n"


def signature_text(path: str, line: int, inside: str, source: str) -> str:
    return f"{path}:{line} {inside}{' ' if inside else ''}| {source}\n"


def as_dict(result: Slice) -> dict[str, object]:
    """The answer of the command line: ranked files, and line ranges in order of priority."""
    return {
        "files": [file.path for file in result.files],
        "slice": [{"path": item.path, "start": item.start, "end": item.end} for item in result.items],
    }
