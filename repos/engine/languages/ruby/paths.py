"""Where `require` looks: the file's own folder, and every folder that gems and Rails put on the load path."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from repos.engine.languages.base import Import, Manifests

ROOTS = frozenset({"lib", "test", "spec"})  # and each folder in app/


class LoadPathResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.paths = set(manifests.paths)
        self.features: dict[str, list[str]] = {}
        for path in manifests.paths:
            for feature in _features(path):
                self.features.setdefault(feature, []).append(path)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        if item.module.startswith("."):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), item.module))
            return tuple(found for found in (place, place + ".rb") if found in self.paths)
        found = self.features.get(item.module.removesuffix(".rb"), ())
        # Several gems of one repository: the importing file's own comes first.
        return sorted(found, key=lambda other: (-len(posixpath.commonpath((path, other))), other))[:1]

    def package(self, path: str) -> str:
        return "."  # constants load themselves, wherever they are


def _features(path: str) -> list[str]:
    """What `require` may call a file by."""
    parts = path.removesuffix(".rb").split("/")
    found = ["/".join(parts)]
    for place, part in enumerate(parts[:-1]):
        if part in ROOTS:
            found.append("/".join(parts[place + 1 :]))
        elif part == "app" and len(parts) > place + 2:
            found.append("/".join(parts[place + 2 :]))
    return list(dict.fromkeys(found))
