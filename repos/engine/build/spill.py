"""Where a build keeps what it will need again later, so that memory holds one file at a time."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from repos.engine.snapshot.file import Snapshot


class Source(Protocol):
    """The text of a file, somewhere."""

    @property
    def size(self) -> int: ...

    def read(self) -> bytes: ...


class Spill:
    """A file without a name: it goes with the process, however that ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._size = 0

    def add(self, data: bytes) -> Spilled:
        self._file.write(data)
        found = Spilled(self, self._size, len(data))
        self._size += len(data)
        return found

    def read(self, at: int, size: int) -> bytes:
        self._file.flush()
        return os.pread(self._file.fileno(), size, at)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Spilled:
    spill: Spill
    at: int
    size: int

    def read(self) -> bytes:
        return self.spill.read(self.at, self.size)

    def tail(self, size: int) -> Spilled:
        """The last bytes alone: a record ends with its source."""
        return Spilled(self.spill, self.at + self.size - size, size)


@dataclass(frozen=True, slots=True)
class Kept:
    """The text of a file of the snapshot before."""

    snapshot: Snapshot
    number: int
    size: int

    def read(self) -> bytes:
        return self.snapshot.source(self.number)
