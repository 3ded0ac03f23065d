"""The engine's vocabulary: frozen values that go in and come out. No behaviour beyond small properties.

Lines are 1-based and inclusive. Bytes are offsets into the file as stored in git. Paths are relative to the
repository's root, with forward slashes; bytes that are not UTF-8 are kept as lone surrogates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

Confidence = Literal["certain", "likely", "guess"]
EdgeKind = Literal["imports", "calls", "references", "inherits", "overrides", "tests"]
# Stored as their place in these tuples.
CONFIDENCES: tuple[Confidence, ...] = ("certain", "likely", "guess")
EDGE_KINDS: tuple[EdgeKind, ...] = ("imports", "calls", "references", "inherits", "overrides", "tests")
Form = Literal["full", "part", "signature"]
Trust = Literal["high", "medium", "low"]
Phase = Literal["list", "read", "parse", "resolve", "write"]

# Called with (phase, done, total). Whatever it raises stops the run and leaves no file behind.
Progress = Callable[[Phase, int, int], None]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One regular file of a tree. `oid` is the git blob id in hex, `size` is in bytes."""

    path: str
    oid: str
    size: int


class Tree(Protocol):
    """Where a build gets its files from: a commit in a bare repository, or a plain folder."""

    def files(self) -> list[SourceFile]:
        """Regular files only (no links, no submodules), sorted by path."""
        ...

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Contents of the asked blobs, each once, in any order. A blob that cannot be read is left out."""
        ...


class FactsCache(Protocol):
    """Keeps what was extracted from a blob. Keys are opaque short strings; values are opaque bytes."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The stored ones of `keys`; missing or unreadable ones are left out."""
        ...

    def put_many(self, items: Mapping[str, bytes]) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file, and one run, may cost before it is left out or refused."""

    file_bytes: int = 1 << 20
    text_bytes: int = 256 << 10
    line_bytes: int = 20_000
    mean_line_bytes: int = 400
    file_seconds: float = 5.0
    files: int = 500_000


@dataclass(frozen=True, slots=True)
class SkippedFile:
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a snapshot holds of its tree: `seen == parsed + text + sum(skipped.values())`.

    `parsed` files have symbols; `text` files are searchable by line windows only. `examples` lists skipped files,
    at most `LISTED` of them; `skipped` counts them all by reason.
    """

    LISTED = 200

    seen: int
    parsed: int
    text: int
    skipped: Mapping[str, int]
    examples: tuple[SkippedFile, ...]

    @property
    def share(self) -> float:
        """Share of the files in a supported form that could be used, 0 to 1; binaries and generated files do not
        count."""
        used = self.parsed + self.text
        failed = sum(count for reason, count in self.skipped.items() if reason in FAILURES)
        return used / (used + failed) if used + failed else 1.0


# Reasons for which a file is left out although a person would expect it to be there.
FAILURES = frozenset({"too_large", "long_lines", "too_slow", "unreadable", "parser_failed"})


@dataclass(frozen=True, slots=True)
class LanguageStatistics:
    language: str
    files: int
    lines: int
    bytes: int
    symbols: int


@dataclass(frozen=True, slots=True)
class EdgeStatistics:
    kind: EdgeKind
    confidence: Confidence
    count: int


@dataclass(frozen=True, slots=True)
class Statistics:
    files: int
    lines: int
    bytes: int
    symbols: int
    blocks: int
    languages: tuple[LanguageStatistics, ...]
    edges: tuple[EdgeStatistics, ...]

    @property
    def edge_count(self) -> int:
        return sum(edge.count for edge in self.edges)


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What a finished build wrote. `digest` is the SHA-256 of the file in hex, `size` its bytes."""

    path: Path
    commit: str
    committed_at: datetime | None
    digest: str
    size: int
    symbols: int
    coverage: Coverage
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition. `qualified` has the enclosing names, joined by dots."""

    id: int
    name: str
    qualified: str
    kind: str
    path: str
    start: int
    end: int
    signature: str
    language: str


@dataclass(frozen=True, slots=True)
class Edge:
    """One link from a symbol or file to a symbol or file.

    `line` is in the source's file; `column` is where the name stands in it, in bytes from 0. `expression` is the call
    or mention as written there, whitespace folded, at most 200 characters.
    """

    source: str
    target: str
    path: str
    line: int
    kind: EdgeKind
    confidence: Confidence
    column: int = 0
    expression: str = ""


@dataclass(frozen=True, slots=True)
class SliceOptions:
    """`repository` and `now` only appear in the header: without `now` no age is stated, so that equal input gives
    equal text."""

    repository: str = ""
    now: datetime | None = None
    tests: bool | None = None  # None: only when the task speaks of tests
    neighbours: bool = True
    paths: tuple[str, ...] = ()  # only files under these prefixes; empty: all


@dataclass(frozen=True, slots=True)
class RankedFile:
    path: str
    score: float
    language: str


@dataclass(frozen=True, slots=True)
class SliceItem:
    """Lines `start` to `end` of a file as they stand in the text. `reason` says in a few words why it is there."""

    path: str
    start: int
    end: int
    symbol: str
    kind: str
    score: float
    reason: str
    confidence: Confidence
    form: Form


@dataclass(frozen=True, slots=True)
class Slice:
    """The answer to one task. `tokens` counts the whole of `text` by `tokenizer` and is never over `budget`."""

    files: tuple[RankedFile, ...]
    items: tuple[SliceItem, ...]
    text: str
    tokens: int
    budget: int
    tokenizer: str
    commit: str
    committed_at: datetime | None
    coverage: Coverage
    confidence: Trust
    notes: tuple[str, ...] = field(default=())
