"""The texts of the files: in order of their paths, several in one zstd frame, since small files alone compress badly.

A frame ends before a file whose path says so (its CRC), or that would make it too large. So where frames end depends on
the files near by only, and a file that changes changes its own frame and leaves the others as they were.
"""

from __future__ import annotations

import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import zstandard

from repos.engine.errors import SnapshotCorrupt

from .container import Container, Packed, Part

FRAME = 96 << 10  # bytes; a larger file has a frame of its own
FILES = 8  # in a frame, on average
LEVEL = 3
KEPT = 8  # frames that a reader holds unpacked

Known = Callable[[int, int], bytes | None]


def first_files(paths: Sequence[str], sizes: Sequence[int]) -> list[int]:
    """The first file of each frame, and the number of files. `sizes` are in bytes."""
    starts: list[int] = []
    room = -1
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        if size > room or zlib.crc32(path.encode("utf-8", "surrogateescape")) % FILES == 0:
            starts.append(number)
            room = FRAME
        room = max(0, room - size)
    return [*starts, len(paths)]


def sections(paths: Sequence[str], sizes: Sequence[int], read: Callable[[int], bytes], known: Known) -> dict[str, Part]:
    """`read` gives the text of a file; `known` the frame that holds just the files from one to before another, if it is
    at hand already."""
    first = first_files(paths, sizes)
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)
    frames = []
    for start, end in pairwise(first):
        frame = known(start, end)
        frames.append(frame or compressor.compress(b"".join(read(number) for number in range(start, end))))
    return {
        "files.sizes": Packed(np.array(sizes, np.int64)),
        "sources.first": Packed(np.array(first, np.int64), running=True),
        "sources.at": Packed(np.cumsum([0, *map(len, frames)]), running=True),
        "sources": b"".join(frames),
    }


class Sources:
    """Reads them back."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._first: list[int] = container.array("sources.first").tolist()
        self._at: list[int] = container.array("sources.at").tolist()
        self._ends = np.concatenate(([0], np.cumsum(container.array("files.sizes"))))
        self._open: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, file: int) -> bytes:
        """Raises SnapshotCorrupt when the stored bytes were altered."""
        frame = bisect_right(self._first, file) - 1
        base, start, end = self._ends[[self._first[frame], file, file + 1]].tolist()
        return self._text(frame)[start - base : end - base]

    def frame(self, start: int, end: int) -> bytes | None:
        """As it is stored, the frame that holds the files from `start` to before `end` and no others."""
        frame = bisect_right(self._first, start) - 1
        if self._first[frame : frame + 2] != [start, end]:
            return None
        return bytes(self._container.checked("sources", self._at[frame], self._at[frame + 1]))

    def _text(self, frame: int) -> bytes:
        with self._lock:
            found = self._open.get(frame)
            if found is not None:
                self._open.move_to_end(frame)
                return found
        try:
            data = self._container.unchecked("sources", self._at[frame], self._at[frame + 1])
            found = zstandard.ZstdDecompressor().decompress(data)
        except zstandard.ZstdError as error:
            raise SnapshotCorrupt(f"A source in the snapshot {self._container.path.name} is damaged.") from error
        with self._lock:
            self._open[frame] = found
            while len(self._open) > KEPT:
                self._open.popitem(last=False)
        return found
