"""What a language's import resolution may look at."""

from __future__ import annotations

from collections.abc import Sequence

import zstandard

from repos.engine.languages import BY_NAME

from .columns import Entry


class FamilyFiles:
    """The files of one language family, and the texts of manifests such as `go.mod` anywhere in the tree."""

    def __init__(self, entries: Sequence[Entry], family: str, manifest_names: set[str]) -> None:
        own = [entry for entry in entries if entry.language and BY_NAME[entry.language].family == family]
        self.paths: Sequence[str] = [entry.file.path for entry in own]
        self.packages = {entry.file.path: item.module for entry in own for item in entry.facts.imports if item.package}
        self._manifests = {
            entry.file.path: entry.source for entry in entries if entry.file.path.rpartition("/")[2] in manifest_names
        }

    def text(self, path: str) -> str | None:
        source = self._manifests.get(path)
        return None if source is None else zstandard.ZstdDecompressor().decompress(source).decode("utf-8", "replace")

    def named(self, name: str) -> Sequence[str]:
        return sorted(path for path in self._manifests if path.rpartition("/")[2] == name)
