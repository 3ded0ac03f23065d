"""What a language's import resolution may look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from repos.engine.graph.resolve import Unit
from repos.engine.languages import ALL, BY_NAME
from repos.engine.languages.base import Manifests

from .columns import Columns


class FamilyFiles:
    """The files of one language family, and the texts of manifests such as `go.mod` anywhere in the tree."""

    def __init__(self, units: Iterable[Unit], manifests: Mapping[str, str]) -> None:
        own = list(units)
        self.paths: Sequence[str] = [unit.path for unit in own]
        self.packages = {unit.path: item.module for unit in own for item in unit.facts.imports if item.package}
        self.manifests = manifests

    def text(self, path: str) -> str | None:
        return self.manifests.get(path)

    def named(self, name: str) -> Sequence[str]:
        return sorted(path for path in self.manifests if path.rpartition("/")[2] == name)

    def same_as(self, other: FamilyFiles) -> bool:
        """Whether imports mean the same with either."""
        return (self.paths, self.packages, self.manifests) == (other.paths, other.packages, other.manifests)


def family_files(units: Sequence[Unit], columns: Columns) -> dict[str, FamilyFiles]:
    """By family. `columns` are those of the tree that the units are of."""
    members: dict[str, list[Unit]] = {}
    for unit in units:
        members.setdefault(BY_NAME[unit.language].family, []).append(unit)
    return {family: FamilyFiles(own, _texts(family, columns)) for family, own in members.items()}


def _texts(family: str, columns: Columns) -> dict[str, str]:
    names = {name for language in ALL if language.family == family for name in language.manifests}
    if not names:
        return {}
    found = [n for n, path in enumerate(columns.paths) if path[path.rfind("/") + 1 :] in names]
    return {columns.paths[n]: columns.source(n).decode("utf-8", "replace") for n in found}


def as_manifests(files: Mapping[str, FamilyFiles]) -> dict[str, Manifests]:
    return dict(files)
