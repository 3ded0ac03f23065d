"""The file format under a snapshot: named sections after a checked header, written once, read by mmap.

    8 bytes magic | u32 version | u32 header length | u32 CRC of the header | header (msgpack) | sections, 64-byte
    aligned

The header names each section with its type, offset, length and CRC, and the length of the whole file. A section's CRC
is checked when it is first touched, so opening costs next to nothing and altered bytes are still never used.

Format 3, going in today (callers of `Snapshot` see the same attributes as before, unless said):
- A section is raw (checked by 64 KB page when touched) or one zstd frame with its own checksum (small columns; stored
  in the narrowest type, widened to int32 when read).
- Sources: files in path order, several in one zstd frame of at most 96 KB. A frame begins at a file whose
  crc32(path) % 8 == 0, or where the frame would grow over the limit: so a changed file changes its own frame only.
  `Snapshot.source(file)` stays; `sources.frames` (ends) and `sources.first` (first file of each) say where.
- Postings: one byte heap, a variable-byte number a posting: (block - block before) with its code folded in; per term
  only its byte length. `Snapshot.terms.postings(terms)` gives (place in `terms`, block, code) arrays.
- Records (`extraction.facts.Record`) hold the plain source; they are compressed only on the way to a cache.
- Facts: terms as one byte string, columns in their narrowest type; `Facts.definitions()` etc. stay as they are.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import tempfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from repos.engine.errors import SnapshotCorrupt, SnapshotMissing, SnapshotVersion

MAGIC = b"PARESNAP"
VERSION = 2
ALIGN = 64
_PREFIX = struct.Struct("<8sIII")


class Section(msgspec.Struct, array_like=True, frozen=True):
    name: str
    dtype: str
    offset: int
    length: int
    crc: int


class Header(msgspec.Struct, frozen=True):
    length: int
    meta: msgspec.Raw
    sections: list[Section]


Part = NDArray[Any] | bytes


def write(path: Path, meta: object, parts: Mapping[str, Part]) -> tuple[str, int]:
    """Write a file in one step: it is complete under its name, or not there. -> (SHA-256 in hex, bytes)"""
    arrays = {name: np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part for name, part in parts.items()}
    head = _header(meta, arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in (head, *(piece for array in arrays.values() for piece in _padded(array))):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return digest.hexdigest(), size


def _header(meta: object, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Offsets depend on the header's own length, so it is padded to a size that is settled first."""
    encoded = msgspec.Raw(msgspec.msgpack.encode(meta))
    room = _align(4096 + len(bytes(encoded)) + 96 * len(arrays))
    sections, offset = [], room
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        sections.append(
            Section(name, data.dtype.str, offset, data.nbytes, zlib.crc32(data.data.cast("B") if data.size else b""))
        )
        offset = _align(offset + data.nbytes)
    header = msgspec.msgpack.encode(Header(offset, encoded, sections))
    head = _PREFIX.pack(MAGIC, VERSION, len(header), zlib.crc32(header)) + header
    return head.ljust(room, b"\0")


def _padded(array: NDArray[Any]) -> tuple[bytes, bytes]:
    data = np.ascontiguousarray(array).tobytes()
    return data, b"\0" * (_align(len(data)) - len(data))


def _align(size: int) -> int:
    return (size + ALIGN - 1) // ALIGN * ALIGN


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Container:
    """An open file. Arrays are views into the mapped pages: they are shared between processes and cannot be written
    to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map = _map(path)
        self.header = self._read_header()
        self._sections = {section.name: section for section in self.header.sections}
        self._checked: set[str] = set()

    def _read_header(self) -> Header:
        if len(self._map) < _PREFIX.size:
            raise SnapshotCorrupt(f"The snapshot {self.path.name} is cut short.")
        magic, version, length, crc = _PREFIX.unpack_from(self._map)
        if magic != MAGIC:
            raise SnapshotCorrupt(f"{self.path.name} is not a snapshot.")
        if version != VERSION:
            raise SnapshotVersion(
                f"The snapshot {self.path.name} has format {version}, this engine reads {VERSION}. Index again."
            )
        data = self._map[_PREFIX.size : _PREFIX.size + length]
        if len(data) != length or zlib.crc32(data) != crc:
            raise SnapshotCorrupt(f"The header of the snapshot {self.path.name} is damaged.")
        header = msgspec.msgpack.decode(data, type=Header)
        if header.length != len(self._map):
            raise SnapshotCorrupt(
                f"The snapshot {self.path.name} has {len(self._map)} bytes instead of {header.length}."
            )
        return header

    def array(self, name: str) -> NDArray[Any]:
        """Raises SnapshotCorrupt when the section's bytes are not those written."""
        section = self._sections.get(name)
        if section is None:
            raise SnapshotCorrupt(f"The snapshot {self.path.name} lacks the section {name}.")
        dtype = np.dtype(section.dtype)
        found = np.frombuffer(self._map, dtype, section.length // dtype.itemsize, section.offset)
        if name not in self._checked:
            if zlib.crc32(found.data.cast("B") if found.size else b"") != section.crc:
                raise SnapshotCorrupt(f"The section {name} of the snapshot {self.path.name} is damaged.")
            self._checked.add(name)
        return found

    def piece(self, name: str, start: int, end: int) -> bytes:
        """Bytes of a section that checks itself (compressed sources), without reading the rest of it."""
        section = self._sections[name]
        return self._map[section.offset + start : section.offset + end]

    def verify(self) -> None:
        """Check every byte. Raises SnapshotCorrupt."""
        for name in self._sections:
            self.array(name)

    def close(self) -> None:
        with suppress(BufferError):  # an array still looks into it; the pages go when the last one does
            self._map.close()


def _map(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as error:
        raise SnapshotMissing(f"There is no snapshot at {path.name}.") from error
    except ValueError as error:
        raise SnapshotCorrupt(f"The snapshot {path.name} is empty.") from error
    except OSError as error:
        raise SnapshotMissing(f"The snapshot {path.name} cannot be opened: {error.strerror}.") from error
