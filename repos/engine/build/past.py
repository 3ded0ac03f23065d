"""What the next build from a snapshot has to know of this one besides the snapshot's tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import zstandard

from repos.engine.errors import SnapshotError
from repos.engine.extraction.facts import Facts
from repos.engine.extraction.heads import whole
from repos.engine.snapshot.file import Snapshot, open_snapshot

from .columns import Columns, columns_of
from .reading import Wanted

LEVEL = 3


class Past(msgspec.Struct, array_like=True, gc=False):
    """`keys`, `sizes`, `languages` and `heads` have one entry a file of the snapshot, `skipped` one (path, key, reason)
    a file that was read and left out. A file is unchanged when its path and its key are: the key names blob, language,
    extractor and limits. `engine` is the `fingerprint` of the engine that built it."""

    engine: str
    keys: list[str]
    sizes: list[int]
    languages: list[str]
    heads: list[Facts]
    skipped: list[tuple[bytes, str, str]]


def past_of(
    wanted: Iterable[Wanted], columns: Columns, heads: list[Facts], unusable: Iterable[tuple[str, str, str]]
) -> Past:
    """`wanted` are all files of the tree; `heads` are in the order of `columns`."""
    by_path = {item.file.path: item for item in wanted}
    own = [by_path[path] for path in columns.paths]
    return Past(
        fingerprint(),
        [item.key for item in own],
        [item.file.size for item in own],
        [item.language for item in own],
        heads,
        [(path.encode("utf-8", "surrogateescape"), key, reason) for path, key, reason in sorted(unusable)],
    )


@cache
def fingerprint() -> str:
    """Changes with every line of the engine: edges and tables of another engine are never taken over."""
    root = Path(__file__).resolve().parents[1]
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def pack_past(past: Past) -> bytes:
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)
    return compressor.compress(msgspec.msgpack.encode(past))


@dataclass(slots=True)
class Base:
    """The snapshot before, open."""

    snapshot: Snapshot
    past: Past
    columns: Columns
    numbers: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, tuple[str, str]] = field(default_factory=dict)

    def key_of(self, path: str) -> str:
        """Empty when the file is not in the base."""
        number = self.numbers.get(path)
        return self.past.keys[number] if number is not None else self.skipped.get(path, ("", ""))[0]

    def facts(self) -> list[Facts]:
        """The heads of all files, their definitions put back."""
        columns, found = self.columns, []
        names, types, kinds = columns.names.all(), columns.types.all(), columns.kinds.tobytes()
        first = columns.first_symbol.tolist()
        for head, start, end in zip(self.past.heads, first, first[1:], strict=False):
            rows = columns.definitions[:, start:end]
            found.append(whole(head, names[start:end], types[start:end], kinds[start:end], rows))
        return found


def open_base(path: Path | None) -> Base | None:
    """None when there is no snapshot there that this engine wrote and that is whole."""
    if path is None:
        return None
    try:
        snapshot = open_snapshot(path)
        snapshot.verify()
        data = zstandard.ZstdDecompressor().decompress(snapshot.past())
        past = msgspec.msgpack.decode(data, type=Past)
    except (SnapshotError, OSError, zstandard.ZstdError, msgspec.MsgspecError):
        return None
    if past.engine != fingerprint():
        return None
    parsed = np.array([bool(language) for language in past.languages], bool)
    columns = columns_of(snapshot, parsed, np.array(past.sizes, np.int64))
    skipped = {path.decode("utf-8", "surrogateescape"): (key, reason) for path, key, reason in past.skipped}
    return Base(snapshot, past, columns, {path: number for number, path in enumerate(columns.paths)}, skipped)
