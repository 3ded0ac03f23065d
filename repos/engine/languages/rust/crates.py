"""Crates and their modules: the packages of every Cargo.toml, and where a path such as `crate::a::b` leads."""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator, Sequence

from repos.engine.languages.base import Import, Manifests

ENTRIES = ("lib", "main", "mod")
TARGETS = ("tests", "benches", "examples")  # each file, or folder with a main.rs, in these is a crate of its own
PLACE = "#[path]"  # the module of an import that gives a module's file by its path
MOST_DOTS = 1000  # in a line: a key of many parts takes the square of their number to read
Where = tuple[str, tuple[str, ...]]  # folder of the crate, path of the module


class CrateResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.crates: dict[str, str] = {}  # name in code -> folder
        self.renamed: dict[tuple[str, str], str] = {}  # folder of the user, name in its code -> folder
        tables = {path: _toml(manifests.text(path)) for path in manifests.named("Cargo.toml")}
        self.roots = {posixpath.dirname(path) for path in tables}
        for path, table in tables.items():
            folder = posixpath.dirname(path)
            for name in _names(table):
                self.crates.setdefault(name, folder)
        for path, table in tables.items():
            folder = posixpath.dirname(path)
            for alias, place in _local(table):
                self.renamed[folder, alias] = posixpath.normpath(posixpath.join(folder, place))
        self.place: dict[str, Where] = {}
        self.modules: dict[Where, str] = {}
        for path in manifests.paths:
            where = self.place[path] = self._locate(path)
            if self.modules.setdefault(where, path) != path and path.endswith("lib.rs"):
                self.modules[where] = path

    def _locate(self, path: str) -> Where:
        folder = posixpath.dirname(path)
        while folder and folder not in self.roots:
            folder = posixpath.dirname(folder)
        parts = path[len(folder) + 1 if folder else 0 : -len(".rs")].split("/")
        if parts[:2] == ["src", "bin"] and len(parts) > 2:
            return f"{folder}#{'/'.join(parts[:3])}", _module(parts[3:])
        if parts[0] == "src":
            parts = parts[1:]
        elif len(parts) > 1 and parts[0] in TARGETS:
            return f"{folder}#{'/'.join(parts[:2])}", _module(parts[2:])
        return folder, _module(parts)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        if item.module == PLACE:
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), item.name))
            return (found,) if found in self.place else ()
        crate, here = self.place[path]
        parts = [part for part in item.module.split("::") if part]
        member = [item.name] if item.name not in ("", "*") else []
        for base, rest in self._bases(crate, here, [*parts, *member]):
            while True:
                found_or_none = self.modules.get((base, tuple(rest)))
                if found_or_none is not None and (found_or_none != path or len(rest) == len(here)):
                    return (found_or_none,)
                if not rest:
                    break
                rest = rest[:-1]
        return ()

    def _bases(self, crate: str, here: tuple[str, ...], parts: list[str]) -> list[tuple[str, list[str]]]:
        if not parts:
            return []
        first, rest = parts[0], parts[1:]
        if first == "crate":
            return [(crate, rest)]
        if first in ("self", "super"):
            base = list(here)
            while parts and parts[0] in ("self", "super"):
                if parts.pop(0) == "super":
                    base = base[:-1]
            return [(crate, base + parts)]
        if (crate, (*here, first)) in self.modules:
            return [(crate, [*here, *parts])]
        other = self.renamed.get((crate.partition("#")[0], first)) or self.crates.get(first)
        return [] if other is None else [(other, rest)]

    def package(self, path: str) -> str:
        return ""


def submodules(path: str, name: str) -> tuple[str, ...]:
    """Where `mod name;` in the file of a module leads."""
    folder, _, file = path.rpartition("/")
    stem = file.removesuffix(".rs")
    inside = posixpath.join(folder, name if stem in ENTRIES else f"{stem}/{name}")
    return f"{inside}.rs", f"{inside}/mod.rs"


def _module(parts: list[str]) -> tuple[str, ...]:
    return tuple(parts[:-1] if parts and parts[-1] in ENTRIES else parts)


def _toml(text: str | None) -> dict[str, object]:
    lines = (text or "").splitlines()
    if any(line.count(".") > MOST_DOTS for line in lines):
        return {}
    try:
        return tomllib.loads(text or "")
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _names(manifest: dict[str, object]) -> Iterator[str]:
    """What other crates call this one: the library's name, and the package's, dashes being underscores."""
    for section in ("lib", "package"):
        name = _table(manifest.get(section)).get("name")
        if isinstance(name, str):
            yield name.replace("-", "_")


def _local(manifest: dict[str, object]) -> Iterator[tuple[str, str]]:
    """(name in code, folder relative to the manifest) of the dependencies with a path, the renamed ones too."""
    for section in ("dependencies", "dev-dependencies", "build-dependencies"):
        for name, wanted in _table(manifest.get(section)).items():
            place = _table(wanted).get("path")
            if isinstance(place, str):
                yield name.replace("-", "_"), place
