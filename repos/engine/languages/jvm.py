"""What Java and Kotlin share: packages as the files declare them, whatever folder they stand in, and imports of types,
of what stands inside a type, and of what a package holds outside any type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repos.engine.languages.base import Import, Manifests
from repos.engine.languages.nearness import folders_shared

STATEMENT = re.compile(r"^(package|import)\s+(?:static\s+)?([\w.`$]+?)\s*(\.\s*\*)?\s*(?:\bas\s+(\w+)\s*)?;?\s*$")
SPACES = re.compile(r"\s+")
ANNOTATIONS = re.compile(r"^(?:@[\w.]+(?:\([^()]*\))?\s*)+")
COMMENT = re.compile(r"//[^\n]*|/\*.{0,2000}?\*/", re.S)


def parse_import(text: str, line: int) -> list[Import]:
    """`import a.B`, `import a.*`, `import static a.B.c`, `import a.b as c`, `package a`."""
    text = ANNOTATIONS.sub("", COMMENT.sub(" ", text).strip())
    match = STATEMENT.match(SPACES.sub(" ", text))
    if match is None:
        return []
    path = match[2].replace("`", "")
    if match[1] == "package":
        return [Import(path, "", "", line, True)]
    if match[3]:
        return [Import(path, "*", "*", line)]
    module, _, name = path.rpartition(".")
    return [Import(module, name, match[4] or name, line)] if module else []


class PackageResolver:
    """Types are found by the file of their name, as Java asks; what stands in a file of another name, by its
    package."""

    def __init__(self, manifests: Manifests) -> None:
        self.packages = manifests.packages
        self.types: dict[str, list[str]] = {}
        self.files: dict[str, list[str]] = {}
        for path in manifests.paths:
            package = self.packages.get(path, "")
            stem = path[path.rfind("/") + 1 :].split(".", 1)[0]
            self.types.setdefault(f"{package}.{stem}", []).append(path)
            self.files.setdefault(package, []).append(path)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        if item.name == "*":
            return self.types.get(item.module, self.files.get(item.module, []))
        # An imported type, an inner type of one, or a static member.
        for tried in (f"{item.module}.{item.name}", item.module, item.module.rpartition(".")[0]):
            found = self.types.get(tried)
            if found:
                return self._nearest(path, found)
        return self.files.get(item.module) or self.files.get(item.module.rpartition(".")[0]) or ()

    def _nearest(self, path: str, found: list[str]) -> list[str]:
        """The same type in two source sets (`jvmMain` and `jsMain`, a copy for tests): those nearest to the
        importing file."""
        if len(found) == 1:
            return found
        most = max(folders_shared(path, other) for other in found)
        return [other for other in found if folders_shared(path, other) == most]

    def package(self, path: str) -> str:
        return self.packages.get(path, "") or "(default)"
