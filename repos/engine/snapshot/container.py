"""The file format under a snapshot: named sections after a checked header, written once, read by mmap.

    8 bytes magic | u32 version | u32 header length | u32 CRC of the header | header (msgpack) | sections, 64-byte
    aligned

The header names each section with its type, offset and length, and the length of the whole file. Each page of 64 KB of
a section has a CRC there that is checked when the page is first touched: so opening costs next to nothing, the first
slice reads what it needs of a large section, and altered bytes are never used. Columns that are read whole are packed
with zstd. What the sections hold is in tables.py (columns), terms.py and sources.py.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from repos.engine.errors import SnapshotCorrupt, SnapshotMissing, SnapshotVersion

MAGIC = b"PARESNAP"
VERSION = 3
ALIGN = 64
PAGE = 1 << 16
LEVEL = 6
_PREFIX = struct.Struct("<8sIII")


class Section(msgspec.Struct, array_like=True, frozen=True):
    """`length` is in bytes of the file; `sums` are the CRC-32 of each of its pages. A packed section holds numbers of
    type `stored`, which are differences when `running`, and is read as `dtype`; `stored` is empty for one that is not
    packed."""

    name: str
    dtype: str
    offset: int
    length: int
    sums: bytes
    stored: str = ""
    running: bool = False


class Header(msgspec.Struct, frozen=True):
    length: int
    meta: msgspec.Raw
    sections: list[Section]


@dataclass(frozen=True, slots=True)
class Packed:
    """A column to be stored in little room: in the narrowest type, as differences when it is `running` upwards."""

    values: NDArray[Any] | bytes
    running: bool = False

    def encode(self) -> tuple[bytes, str, str]:
        """(data, type when read, type when stored)"""
        values = np.frombuffer(self.values, np.uint8) if isinstance(self.values, bytes) else self.values
        numbers = np.diff(values.astype(np.int64), prepend=0) if self.running else values
        narrow = np.ascontiguousarray(numbers, _narrowest(numbers))
        data = zstandard.ZstdCompressor(level=LEVEL).compress(narrow.tobytes())
        return data, values.dtype.str, narrow.dtype.str


Part = NDArray[Any] | bytes | Packed


def _narrowest(values: NDArray[Any]) -> np.dtype[Any]:
    if not values.size:
        return values.dtype
    low, high = int(values.min()), int(values.max())
    kinds = ("<i1", "<i2", "<i4", "<i8") if low < 0 else ("<u1", "<u2", "<u4", "<u8")
    fitting = (np.dtype(kind) for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return next(fitting)


def write(path: Path, meta: object, parts: Mapping[str, Part]) -> tuple[str, int]:
    """Write a file in one step: it is complete under its name, or not there. -> (SHA-256 in hex, bytes)"""
    encoded = [_encode(name, part) for name, part in parts.items()]
    head = _header(meta, [section for section, _ in encoded])
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in (head, *(piece for _, data in encoded for piece in (data, _padding(len(data))))):
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


def _encode(name: str, part: Part) -> tuple[Section, bytes | memoryview]:
    if isinstance(part, Packed):
        data, dtype, stored = part.encode()
        return Section(name, dtype, 0, len(data), _sums(data), stored, part.running), data
    array = np.frombuffer(part, np.uint8) if isinstance(part, bytes) else np.ascontiguousarray(part)
    view = array.data.cast("B") if array.size else memoryview(b"")
    return Section(name, array.dtype.str, 0, len(view), _sums(view)), view


def _sums(data: bytes | memoryview) -> bytes:
    return np.array([zlib.crc32(data[at : at + PAGE]) for at in range(0, len(data), PAGE)], "<u4").tobytes()


def _header(meta: object, sections: list[Section]) -> bytes:
    """Offsets depend on the header's own length, so it is padded to a size that is settled first."""
    encoded = msgspec.Raw(msgspec.msgpack.encode(meta))
    room = _align(4096 + len(bytes(encoded)) + sum(len(section.sums) + 96 for section in sections))
    placed, offset = [], room
    for section in sections:
        placed.append(msgspec.structs.replace(section, offset=offset))
        offset = _align(offset + section.length)
    header = msgspec.msgpack.encode(Header(offset, encoded, placed))
    head = _PREFIX.pack(MAGIC, VERSION, len(header), zlib.crc32(header)) + header
    return head.ljust(room, b"\0")


def _padding(size: int) -> bytes:
    return b"\0" * (_align(size) - size)


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
        self._view = memoryview(self._map)
        self._sections = {section.name: section for section in self.header.sections}
        self._checked = {name: bytearray(len(section.sums) // 4) for name, section in self._sections.items()}

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
        """A whole section. Raises SnapshotCorrupt when its bytes are not those written."""
        section = self._section(name)
        self._check(section, 0, section.length)
        if section.stored:
            return self._unpack(section)
        dtype = np.dtype(section.dtype)
        return np.frombuffer(self._map, dtype, section.length // dtype.itemsize, section.offset)

    def _section(self, name: str) -> Section:
        section = self._sections.get(name)
        if section is None:
            raise SnapshotCorrupt(f"The snapshot {self.path.name} lacks the section {name}.")
        return section

    def _unpack(self, section: Section) -> NDArray[Any]:
        data = zstandard.ZstdDecompressor().decompress(self._view[section.offset : section.offset + section.length])
        numbers = np.frombuffer(data, section.stored)
        return np.cumsum(numbers, dtype=section.dtype) if section.running else numbers.astype(section.dtype, copy=False)

    def _check(self, section: Section, start: int, end: int) -> None:
        """Pages already seen to be right are not looked at again."""
        done, last = self._checked[section.name], -(-end // PAGE)
        page = done.find(0, start // PAGE, last)
        while page >= 0:
            stop = min((page + 1) * PAGE, section.length)
            data = self._view[section.offset + page * PAGE : section.offset + stop]
            if zlib.crc32(data).to_bytes(4, "little") != section.sums[4 * page : 4 * page + 4]:
                raise self._damaged(section)
            done[page] = 1
            page = done.find(0, page + 1, last)

    def _damaged(self, section: Section) -> SnapshotCorrupt:
        return SnapshotCorrupt(f"The section {section.name} of the snapshot {self.path.name} is damaged.")

    def checked(self, name: str, start: int, end: int) -> memoryview:
        """Bytes of a raw section. Only the pages they are in are read. Raises SnapshotCorrupt."""
        section = self._section(name)
        self._check(section, start, end)
        return self._view[section.offset + start : section.offset + end]

    def unchecked(self, name: str, start: int, end: int) -> memoryview:
        """Bytes of a raw section whose content checks itself (compressed sources)."""
        section = self._section(name)
        return self._view[section.offset + start : section.offset + end]

    def verify(self) -> None:
        """Check every byte. Raises SnapshotCorrupt."""
        for name in self._sections:
            self.array(name)

    def close(self) -> None:
        with suppress(BufferError):  # an array still looks into it; the pages go when the last one does
            self._view.release()
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
