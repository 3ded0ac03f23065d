"""One immutable file for one repository at one commit: all that a slice needs, sources included."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np

from repos.engine.errors import SnapshotCorrupt
from repos.engine.languages.base import KINDS
from repos.engine.types import Coverage, Statistics

from .container import Container
from .sources import Sources
from .tables import Blocks, Files, Graph, Ints, LowerNames, Names, StoredGraph, Strings, Symbols
from .terms import Terms

FILES_KEPT = 128


class Meta(msgspec.Struct, frozen=True):
    engine: int
    commit: str
    committed_at: datetime | None
    languages: list[str]
    coverage: Coverage
    statistics: Statistics


def _from_first(numbers: Ints, rows: Ints, first: Ints) -> Ints:
    """Numbers of symbols counted from the first of their file -> counted from the first of all; -1 stays. `rows` tells
    which rows are a file's, `first` which symbols."""
    shift = np.repeat(first[:-1], np.diff(rows))
    return np.where(numbers >= 0, numbers + shift, -1).astype(np.int32, copy=False)


class Snapshot:
    """An open snapshot. Cheap to open (the header only); sections are mapped and checked when first used."""

    def __init__(self, path: Path) -> None:
        self._container = Container(path)
        try:
            self._meta = msgspec.msgpack.decode(bytes(self._container.header.meta), type=Meta)
        except msgspec.DecodeError as error:
            raise SnapshotCorrupt(f"The header of the snapshot {path.name} cannot be read.") from error
        self._lines: OrderedDict[int, list[bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self.memo: dict[str, Any] = {}  # derived arrays that later slices use again

    @property
    def path(self) -> Path:
        return self._container.path

    @property
    def commit(self) -> str:
        return self._meta.commit

    @property
    def committed_at(self) -> datetime | None:
        return self._meta.committed_at

    @property
    def coverage(self) -> Coverage:
        return self._meta.coverage

    @property
    def statistics(self) -> Statistics:
        return self._meta.statistics

    @property
    def languages(self) -> list[str]:
        return self._meta.languages

    @cached_property
    def files(self) -> Files:
        get, (data, ends) = self._container.array, Strings(self._container, "paths").whole()
        paths = [data[start:end].decode("utf-8", "surrogateescape") for start, end in pairwise(ends.tolist())]
        return Files(
            paths, *(get(f"files.{n}") for n in ("languages", "roles", "lines", "first_block", "first_symbol"))
        )

    @cached_property
    def symbols(self) -> Symbols:
        get, distinct = self._container.array, Strings(self._container, "symbols.names")
        own, first = get("symbols.name"), self.files.first_symbol
        columns = ("kinds", "starts", "ends", "name_lines", "signature_ends", "by_name")
        return Symbols(
            names=Names(distinct, own),
            type_names=Strings(self._container, "symbols.types"),
            lower_names=LowerNames(distinct, own),
            parents=_from_first(get("symbols.parents"), first, first),
            **{name: get(f"symbols.{name}") for name in columns},
        )

    @cached_property
    def blocks(self) -> Blocks:
        get = self._container.array
        first = self.files.first_block
        files = np.repeat(np.arange(len(first) - 1, dtype=np.int32), np.diff(first))
        lengths = np.array([get(f"blocks.lengths.{place}") for place in range(3)], np.float32)
        symbols = _from_first(get("blocks.symbols"), first, self.files.first_symbol)
        columns = ("starts", "ends", "flags")
        return Blocks(
            files=files, lengths=lengths, symbols=symbols, **{name: get(f"blocks.{name}") for name in columns}
        )

    @cached_property
    def terms(self) -> Terms:
        return Terms.read(self._container)

    @cached_property
    def graph(self) -> Graph:
        return StoredGraph(self._container)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Path -> file number."""
        return {path: number for number, path in enumerate(self.files.paths)}

    @cached_property
    def sources(self) -> Sources:
        return Sources(self._container)

    def past(self) -> bytes:
        """What the next build from this snapshot has to know, as the build wrote it. Raises SnapshotCorrupt."""
        return self._container.array("past").tobytes()

    def source(self, file: int) -> bytes:
        """The whole file as it was indexed. Raises SnapshotCorrupt when the stored bytes were altered."""
        return self.sources[file]

    def lines(self, file: int, start: int, end: int) -> str:
        """Lines `start` to `end`, 1-based and inclusive, without the last line end."""
        return self.line_bytes(file, start, end).decode("utf-8", "replace")

    def line_bytes(self, file: int, start: int, end: int) -> bytes:
        """The bytes of `lines`, line ends being `\\n`. Files used last stay split."""
        with self._lock:
            found = self._lines.get(file)
            if found is not None:
                self._lines.move_to_end(file)
        if found is None:
            source = self.source(file)
            found = (source.replace(b"\r\n", b"\n") if b"\r" in source else source).split(b"\n")
            with self._lock:
                self._lines[file] = found
                while len(self._lines) > FILES_KEPT:
                    self._lines.popitem(last=False)
        return b"\n".join(found[start - 1 : end])

    def file_of_symbol(self, symbol: int) -> int:
        return bisect_right(self.files.first_symbol, symbol) - 1

    def qualified(self, symbol: int) -> str:
        """The name with those round it, joined by dots."""
        names: list[bytes] = []
        while symbol >= 0:
            names.append(self.symbols.names[symbol])
            if self.symbols.type_names[symbol]:
                names.append(self.symbols.type_names[symbol])
            symbol = int(self.symbols.parents[symbol])
        return b".".join(reversed(names)).decode("utf-8", "replace")

    def kind(self, symbol: int) -> str:
        return KINDS[self.symbols.kinds[symbol]]

    def verify(self) -> None:
        """Check every byte of the file. Raises SnapshotCorrupt."""
        self._container.verify()

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_snapshot(path: Path) -> Snapshot:
    """Raises SnapshotMissing, SnapshotCorrupt or SnapshotVersion."""
    return Snapshot(Path(path))


class SnapshotCache:
    """The snapshots used last, open. Snapshot files never change, so a path is enough to know one by."""

    def __init__(self, size: int = 64) -> None:
        self.size = size
        self._open: OrderedDict[Path, Snapshot] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, path: Path) -> Snapshot:
        path = Path(path)
        with self._lock:
            found = self._open.get(path)
            if found is not None:
                self._open.move_to_end(path)
                return found
        opened = open_snapshot(path)
        with self._lock:
            self._open[path] = opened
            # Not closed: another thread may be reading it. The map goes with its last reader.
            while len(self._open) > self.size:
                self._open.popitem(last=False)
        return opened

    def forget(self, path: Path) -> None:
        with self._lock:
            self._open.pop(Path(path), None)
