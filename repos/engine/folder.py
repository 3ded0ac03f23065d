"""A plain folder as a tree: for the command line and for measuring, where there is no git."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from .paths import VENDORED
from .types import SourceFile


def blob_id(content: bytes) -> str:
    """The id that git gives the same content, so that facts are found again whichever way a file came in."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class FolderTree:
    """Regular files below `root`; links and vendored folders are left out. Contents are read when listed, once for the
    id, and again when asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._paths: dict[str, str] = {}

    def files(self) -> list[SourceFile]:
        found = []
        for folder, names, files in os.walk(self.root):
            # Vendored folders are often larger than all the rest.
            names[:] = sorted(name for name in names if name not in VENDORED)
            for name in files:
                full = os.path.join(folder, name)
                if os.path.islink(full) or not os.path.isfile(full):
                    continue
                try:
                    oid, size = self._identify(full)
                except OSError:
                    continue
                path = os.path.relpath(full, self.root).replace(os.sep, "/")
                self._paths.setdefault(oid, full)
                found.append(SourceFile(path, oid, size))
        return sorted(found, key=lambda file: file.path)

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for oid in dict.fromkeys(oids):
            try:
                content = Path(self._paths[oid]).read_bytes()
            except (OSError, KeyError):
                continue
            yield oid, content

    @staticmethod
    def _identify(full: str) -> tuple[str, int]:
        with open(full, "rb") as file:
            content = file.read()
        return blob_id(content), len(content)
