"""Where the classes of a PHP repository are: by composer.json's PSR-4 and PSR-0 maps, else by declared namespaces."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence

from repos.engine.languages.base import Import, Manifests

GLOBAL = "\\"
FUNCTION_FILES = 3  # files of a namespace that an imported function may be in


class AutoloadResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.paths = set(manifests.paths)
        self.packages = manifests.packages
        self.types: dict[tuple[str, str], list[str]] = {}
        self.files: dict[str, list[str]] = {}
        for path in manifests.paths:
            namespace = self.package(path)
            self.types.setdefault((namespace, _stem(path)), []).append(path)
            self.files.setdefault(namespace, []).append(path)
        self.maps = sorted(
            {place for path in manifests.named("composer.json") for place in _maps(path, manifests.text(path))},
            key=lambda place: (-len(place[0]), place),
        )

    def targets(self, path: str, item: Import) -> Sequence[str]:
        if item.module.startswith("."):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), item.module))
            return (place,) if place in self.paths else ()
        autoloaded = self._autoloaded(f"{item.module}\\{item.name}".strip("\\"))
        if autoloaded:
            return (autoloaded,)
        declared = self.types.get((item.module, item.name))
        if declared:
            return declared[:1]
        # A function or constant, which no file is named after; or a namespace, the first part of longer names.
        beside = [file for file in self.files.get(item.module, ()) if not _stem(file)[:1].isupper()]
        inside = self.files.get(f"{item.module}\\{item.name}".strip("\\"), ())
        return beside[:FUNCTION_FILES] if not inside else inside[:FUNCTION_FILES]

    def package(self, path: str) -> str:
        return self.packages.get(path, "") or GLOBAL

    def _autoloaded(self, name: str) -> str:
        for prefix, folder, whole in self.maps:
            if name.startswith(prefix):
                rest = name if whole else name[len(prefix) :]
                # PSR-0 also reads underscores in the class's own name as folders.
                space, _, own = rest.rpartition("\\")
                own = own.replace("_", "/") if whole else own
                found = posixpath.normpath(posixpath.join(folder, space.replace("\\", "/"), own + ".php"))
                if found in self.paths:
                    return found
        return ""


def _stem(path: str) -> str:
    return path[path.rfind("/") + 1 :].split(".")[0]


def _maps(path: str, text: str | None) -> Iterator[tuple[str, str, bool]]:
    """(namespace prefix, folder, whether the folder holds the whole namespace as PSR-0 has it)"""
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return
    for section in ("autoload", "autoload-dev"):
        rules = found.get(section) if isinstance(found, dict) else None
        for standard, whole in (("psr-4", False), ("psr-0", True)):
            table = rules.get(standard) if isinstance(rules, dict) else None
            for prefix, folders in table.items() if isinstance(table, dict) else ():
                for folder in folders if isinstance(folders, list) else [folders]:
                    if isinstance(folder, str):
                        yield prefix, posixpath.join(posixpath.dirname(path), folder), whole
