"""Where the facts of blobs are kept between index runs."""

from __future__ import annotations

import os
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path


class FolderFactsCache:
    """One file a blob, in 256 folders. Writers may work side by side; a torn or altered file counts as missing."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        found = {}
        for key in keys:
            try:
                data = self._file(key).read_bytes()
            except OSError:
                continue
            if len(data) > 4 and zlib.crc32(data[4:]).to_bytes(4, "little") == data[:4]:
                found[key] = data[4:]
        return found

    def put_many(self, items: Mapping[str, bytes]) -> None:
        for key, data in items.items():
            path = self._file(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(zlib.crc32(data).to_bytes(4, "little") + data)
            os.replace(name, path)

    def sweep(self, *, older_than: float) -> int:
        """Remove entries not written for `older_than` seconds; returns how many."""
        limit, removed = time.time() - older_than, 0
        for path in self.root.glob("??/*"):
            try:
                if path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
            except OSError:
                continue
        return removed

    def _file(self, key: str) -> Path:
        return self.root / key[:2] / key[2:]
