"""C's and C++'s `#include`.

A quoted include is looked for beside the including file, then anywhere in the tree under its whole path; of several
hits the nearest counts. An angled one without a folder counts only in a folder that includes start from, since it is
the system's otherwise.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from repos.engine.languages.base import Import, Manifests
from repos.engine.languages.nearness import folders_shared

INCLUDE = re.compile(r'^#\s*(?:include|include_next|import)\s*(["<])([^">\n]+)[">]')
ANGLED = "<"
ROOTS = frozenset({"", "include", "inc", "includes", "src", "lib", "source"})


def parse_include(text: str, line: int) -> list[Import]:
    """An angled include keeps its bracket, since it is looked for in other places."""
    match = INCLUDE.match(text)
    if match is None:
        return []
    return [Import((ANGLED if match[1] == ANGLED else "") + match[2].strip(), "*", "*", line)]


class IncludeResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.paths = set(manifests.paths)
        self.ends: dict[str, list[str]] = {}  # base name -> paths
        for path in sorted(self.paths):
            self.ends.setdefault(posixpath.basename(path), []).append(path)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        module = item.module.removeprefix(ANGLED)
        if module == item.module:
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), module))
            if beside in self.paths:
                return (beside,)
        return self._under_a_root(path, module, angled=module != item.module)

    def _under_a_root(self, path: str, module: str, *, angled: bool) -> Sequence[str]:
        module = posixpath.normpath(module).lstrip("./")
        found = [
            place
            for place in self.ends.get(posixpath.basename(module), ())
            if place == module or place.endswith("/" + module)
        ]
        # `<string.h>` is the system's unless a folder for includes holds exactly that.
        if angled and "/" not in module:
            found = [place for place in found if self._is_root(posixpath.dirname(place))]
        return sorted(found, key=lambda place: (-folders_shared(path, place), len(place), place))[:1]

    def _is_root(self, folder: str) -> bool:
        return posixpath.basename(folder) in ROOTS

    def package(self, path: str) -> str:
        return "."  # what a function is called holds for all that is linked together
