"""What a snapshot holds of its files, but for terms and edges: flat arrays, the files end to end in order of their
paths. Numbers inside a file count from its own first symbol, so that files can be put in another company as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repos.engine import paths
from repos.engine.extraction.facts import Facts
from repos.engine.snapshot.file import Snapshot
from repos.engine.snapshot.tables import Names, Strings
from repos.engine.types import SourceFile

from .spill import Kept, Source

Ints = NDArray[np.int32]
Run = tuple[int, int, int]  # which of two origins, first file, last file and one


@dataclass(slots=True)
class Entry:
    """A file that goes into the snapshot. `language` is empty for one that is searched as text."""

    file: SourceFile
    language: str
    label: str
    role: paths.Role
    facts: Facts
    source: Source


@dataclass(frozen=True, slots=True)
class Words:
    """Byte strings end to end; `at` has one more entry than there are strings."""

    data: bytes
    at: NDArray[np.int64]

    @classmethod
    def of(cls, values: Iterable[bytes]) -> Words:
        items = list(values)
        return cls(b"".join(items), np.cumsum([0, *map(len, items)]).astype(np.int64))

    @classmethod
    def read(cls, table: Strings | Names) -> Words:
        data, at = table.whole()
        return cls(data, at)

    def all(self) -> list[bytes]:
        at = self.at.tolist()
        return [self.data[start:end] for start, end in zip(at, at[1:], strict=False)]


@dataclass(frozen=True, slots=True)
class Columns:
    """`definitions` has the rows start, end, name line, last line of the signature, parent; `blocks` start, end,
    definition, flags; `lengths` terms of code, comments, strings: all as in facts.Facts. `sizes` are bytes of source.
    """

    paths: list[str]
    labels: list[str]
    roles: NDArray[np.uint8]
    parsed: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    lines: Ints
    first_symbol: Ints
    first_block: Ints
    names: Words
    types: Words
    kinds: NDArray[np.uint8]
    definitions: Ints
    blocks: Ints
    lengths: Ints
    sources: list[Source]

    def __len__(self) -> int:
        return len(self.paths)

    def tests(self) -> list[bool]:
        """For each file whether it holds tests."""
        found: list[bool] = (self.roles == paths.TEST_ROLE).tolist()
        return found

    def source(self, file: int) -> bytes:
        """The text of a file."""
        return self.sources[file].read()

    def frame(self, start: int, end: int) -> bytes | None:
        """The compressed texts of the files from `start` to before `end`, if the snapshot before holds just those
        together."""
        first = self.sources[start]
        if not isinstance(first, Kept):
            return None
        wanted = range(first.number, first.number + end - start)
        own = self.sources[start:end]
        if [source.number if isinstance(source, Kept) else -1 for source in own] != list(wanted):
            return None
        return first.snapshot.sources.frame(wanted.start, wanted.stop)


def offsets(sizes: Sequence[int] | NDArray[Any]) -> Ints:
    return np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)


def gather(entries: Sequence[Entry]) -> Columns:
    facts = [entry.facts for entry in entries]
    return Columns(
        paths=[entry.file.path for entry in entries],
        labels=[entry.label for entry in entries],
        roles=np.array([paths.ROLES.index(entry.role) for entry in entries], np.uint8),
        parsed=np.array([bool(entry.language) for entry in entries], bool),
        sizes=np.array([entry.source.size for entry in entries], np.int64),
        lines=np.array([item.lines for item in facts], np.int32),
        first_symbol=offsets([len(item.definition_names) for item in facts]),
        first_block=offsets([item.blocks().shape[1] for item in facts]),
        names=Words.of(name for item in facts for name in item.definition_names),
        types=Words.of(name for item in facts for name in item.definition_types),
        kinds=np.frombuffer(b"".join(item.definition_kinds for item in facts), np.uint8),
        definitions=_together([item.definitions() for item in facts], 5),
        blocks=_together([item.blocks() for item in facts], 4),
        lengths=_together([item.lengths() for item in facts], 3),
        sources=[entry.source for entry in entries],
    )


def _together(rows: Sequence[Ints], columns: int) -> Ints:
    return np.concatenate(rows, axis=1) if rows else np.zeros((columns, 0), np.int32)


def columns_of(snapshot: Snapshot, parsed: NDArray[np.bool_], sizes: NDArray[np.int64]) -> Columns:
    """What was gathered when the snapshot was built. Raises SnapshotCorrupt."""
    files, symbols, blocks = snapshot.files, snapshot.symbols, snapshot.blocks
    parents = _local(symbols.parents, files.first_symbol, files.first_symbol)
    rows = (symbols.starts - 1, symbols.ends - 1, symbols.name_lines - 1, symbols.signature_ends - 1, parents)
    owners = _local(blocks.symbols, files.first_block, files.first_symbol)
    return Columns(
        paths=files.paths,
        labels=[snapshot.languages[code] for code in files.languages.tolist()],
        roles=files.roles,
        parsed=parsed,
        sizes=sizes,
        lines=files.lines,
        first_symbol=files.first_symbol,
        first_block=files.first_block,
        names=Words.read(symbols.names),
        types=Words.read(symbols.type_names),
        kinds=symbols.kinds,
        definitions=np.stack(rows).astype(np.int32),
        blocks=np.stack((blocks.starts - 1, blocks.ends - 1, owners, blocks.flags.astype(np.int32))).astype(np.int32),
        lengths=blocks.lengths.astype(np.int32),
        sources=[Kept(snapshot, number, size) for number, size in enumerate(sizes.tolist())],
    )


def _local(numbers: Ints, first: Ints, base: Ints) -> Ints:
    shift = np.repeat(base[:-1], np.diff(first))
    return np.where(numbers >= 0, numbers - shift, -1).astype(np.int32)


def runs(origins: Sequence[tuple[int, int]]) -> list[Run]:
    """(origin, file) in the order wanted -> stretches of files that stand together in their origin."""
    found: list[Run] = []
    for which, number in origins:
        if found and found[-1][0] == which and found[-1][2] == number:
            found[-1] = (which, found[-1][1], number + 1)
        else:
            found.append((which, number, number + 1))
    return found


def splice(one: Columns, other: Columns, parts: Sequence[Run]) -> Columns:
    """The files of two origins in the order that `parts` gives."""
    both = (one, other)
    files, symbols = _Cut(parts), _Cut([(w, *_ends(both[w].first_symbol, a, b)) for w, a, b in parts])
    blocks = _Cut([(w, *_ends(both[w].first_block, a, b)) for w, a, b in parts])
    return Columns(
        paths=[path for w, a, b in parts for path in both[w].paths[a:b]],
        labels=[label for w, a, b in parts for label in both[w].labels[a:b]],
        roles=files.of(one.roles, other.roles),
        parsed=files.of(one.parsed, other.parsed),
        sizes=files.of(one.sizes, other.sizes),
        lines=files.of(one.lines, other.lines),
        first_symbol=offsets(files.of(np.diff(one.first_symbol), np.diff(other.first_symbol))),
        first_block=offsets(files.of(np.diff(one.first_block), np.diff(other.first_block))),
        names=symbols.words(one.names, other.names),
        types=symbols.words(one.types, other.types),
        kinds=symbols.of(one.kinds, other.kinds),
        definitions=symbols.of(one.definitions, other.definitions),
        blocks=blocks.of(one.blocks, other.blocks),
        lengths=blocks.of(one.lengths, other.lengths),
        sources=[source for w, a, b in parts for source in both[w].sources[a:b]],
    )


def _ends(first: NDArray[Any], start: int, end: int) -> tuple[int, int]:
    return int(first[start]), int(first[end])


@dataclass(frozen=True, slots=True)
class _Cut:
    """Stretches of two origins, put end to end."""

    parts: Sequence[Run]

    def of(self, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        pieces = [(one, other)[w][..., a:b] for w, a, b in self.parts]
        return np.concatenate(pieces, axis=-1) if pieces else one[..., :0]

    def words(self, one: Words, other: Words) -> Words:
        both = (one, other)
        data = b"".join(both[w].data[int(both[w].at[a]) : int(both[w].at[b])] for w, a, b in self.parts)
        sizes = self.of(np.diff(one.at), np.diff(other.at))
        return Words(data, np.concatenate(([0], np.cumsum(sizes))).astype(np.int64))
