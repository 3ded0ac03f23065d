"""Facts of all files -> edges. Each has a kind, a line and a confidence:

certain: the name is defined in the same file, or an import (or the language's package rule) leads to exactly that
definition; likely: found through an inherited type, a wildcard import, or as one of few of that name in the file;
guess: a member of that name exists on few types, and nothing tells which type is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from repos.engine.extraction.facts import Facts
from repos.engine.extraction.references import SELF
from repos.engine.languages import BY_NAME
from repos.engine.languages.base import CONTAINERS, KINDS, Manifests, Resolver

CERTAIN, LIKELY, GUESS = 0, 1, 2
MOST_GUESSES = 6  # a name with more definitions than this says nothing
DEEPEST = 5  # re-exports and base types followed

Found = tuple[tuple[int, ...], int]  # symbols, confidence
NOTHING: Found = ((), GUESS)


@dataclass(slots=True)
class Unit:
    """A file with symbols. `first` is the number of its first symbol in the repository."""

    number: int
    path: str
    language: str
    test: bool
    facts: Facts
    first: int


@dataclass(slots=True)
class Binding:
    """What a name means in a file through imports. `outside`: it comes from elsewhere, so no definition here is
    meant."""

    files: tuple[int, ...] = ()
    symbols: tuple[int, ...] = ()
    outside: bool = False


@dataclass(slots=True)
class Scope:
    """Names of one file."""

    top: dict[bytes, list[int]] = field(default_factory=dict)
    all: dict[bytes, list[int]] = field(default_factory=dict)
    bindings: dict[bytes, Binding] = field(default_factory=dict)
    stars: list[int] = field(default_factory=list)
    imported: list[tuple[int, int]] = field(default_factory=list)  # (file, line)
    originals: dict[bytes, bytes] = field(default_factory=dict)  # names imported under another, or the same
    exports: dict[bytes, bytes] = field(default_factory=dict)  # own names exported under another
    package: dict[bytes, list[int]] = field(default_factory=dict)  # names of the other files of the package


class Linker:
    """Finds what names mean. Files are known by their number in the tree, symbols by their number in the repository."""

    def __init__(self, units: Sequence[Unit], manifests: dict[str, Manifests]) -> None:
        self.units = {unit.number: unit for unit in units}
        self.by_path = {unit.path: unit.number for unit in units}
        self.resolvers = {family: _resolver(family, found) for family, found in manifests.items()}
        self.scopes: dict[int, Scope] = {}
        self.names: list[bytes] = []
        self.kinds: list[str] = []
        self.parents: list[int] = []
        self.file_of: list[int] = []
        self.members: dict[int, dict[bytes, list[int]]] = {}
        self.outer_members: dict[tuple[str, bytes], dict[bytes, list[int]]] = {}
        self.by_name: dict[str, dict[bytes, list[int]]] = {}
        self.bases: dict[int, list[int]] = {}
        self.packages: dict[tuple[str, str], dict[bytes, list[int]]] = {}
        for unit in units:
            self._declare(unit)
        for unit in units:
            self._bind(unit)

    def _declare(self, unit: Unit) -> None:
        scope = self.scopes[unit.number] = Scope()
        family = BY_NAME[unit.language].family
        known = self.by_name.setdefault(family, {})
        parents = unit.facts.definitions()[4].tolist()
        for local, name in enumerate(unit.facts.definition_names):
            number, parent = unit.first + local, parents[local]
            kind = KINDS[unit.facts.definition_kinds[local]]
            self.names.append(name)
            self.kinds.append(kind)
            self.parents.append(unit.first + parent if parent >= 0 else -1)
            self.file_of.append(unit.number)
            type_name = unit.facts.definition_types[local]
            if type_name:
                self.outer_members.setdefault((family, type_name), {}).setdefault(name, []).append(number)
            elif kind == "impl":
                continue
            else:
                scope.all.setdefault(name, []).append(number)
            if parent < 0 and not type_name or parent >= 0 and self.kinds[unit.first + parent] == "module":
                scope.top.setdefault(name, []).append(number)
            if parent >= 0:
                self._add_member(family, unit.first + parent, name, number)
            if kind != "constant":
                known.setdefault(name, []).append(number)
        package = self.resolvers[family].package(unit.path)
        if package:
            scope.package = self.packages.setdefault((family, package), {})
            for name, numbers in scope.top.items():
                scope.package.setdefault(name, []).extend(numbers)

    def _add_member(self, family: str, parent: int, name: bytes, number: int) -> None:
        if self.kinds[parent] == "impl":
            self.outer_members.setdefault((family, self.names[parent]), {}).setdefault(name, []).append(number)
        elif self.kinds[parent] in CONTAINERS:
            self.members.setdefault(parent, {}).setdefault(name, []).append(number)

    def _bind(self, unit: Unit) -> None:
        scope = self.scopes[unit.number]
        resolver = self.resolvers[BY_NAME[unit.language].family]
        for item in unit.facts.imports:
            if item.package:
                continue
            if not item.module and item.alias and item.name:
                scope.exports[item.alias.encode()] = item.name.encode()
                continue
            files = tuple(self._numbers(resolver.targets(unit.path, item)))
            scope.imported += [(number, item.line) for number in files if number != unit.number]
            if item.name == "*":
                scope.stars += files
            elif item.alias:
                binding = scope.bindings.setdefault(item.alias.encode(), Binding())
                binding.files += files
                binding.outside = not binding.files
                if item.name:
                    scope.originals.setdefault(item.alias.encode(), item.name.encode())

    def _numbers(self, paths: Sequence[str]) -> list[int]:
        return [self.by_path[path] for path in paths if path in self.by_path]

    def exported(self, file: int, name: bytes, depth: int = 0) -> tuple[int, ...]:
        """What `name` means to a file that imports it from `file`: followed through re-exports."""
        scope = self.scopes[file]
        name = scope.exports.get(name, name)
        if name in scope.top:
            return tuple(scope.top[name][:3])
        if depth >= DEEPEST:
            return ()
        item = self._imported_as(file, name)
        places = [*(item.files if item else ()), *scope.stars]
        wanted = self._original(file, name)
        for place in places:
            found = (
                self.exported(place, wanted if item and place in item.files else name, depth + 1)
                if place != file
                else ()
            )
            if found:
                return found
        return ()

    def _imported_as(self, file: int, name: bytes) -> Binding | None:
        return self.scopes[file].bindings.get(name)

    def _original(self, file: int, alias: bytes) -> bytes:
        return self.scopes[file].originals.get(alias, alias)

    def find(self, file: int, name: bytes, qualifier: bytes | None, type_: int) -> Found:
        """What a name means. `qualifier`: None for none, empty for an expression; `type_`: the enclosing type or -1."""
        if qualifier is None:
            return self._plain(file, name, type_)
        if qualifier == SELF:
            found = self.member(type_, name, 0) if type_ >= 0 else NOTHING
            return found if found[0] else self._by_name(file, name)
        if qualifier:
            found_or_none = self._qualified(file, name, qualifier)
            if found_or_none is not None:
                return found_or_none
        return self._by_name(file, name)

    def _plain(self, file: int, name: bytes, type_: int) -> Found:
        scope = self.scopes[file]
        if name in scope.bindings:
            return self._bound(file, name)
        language = BY_NAME[self.units[file].language]
        same = scope.top.get(name) or self._nested(scope, name, language.implicit_self)
        if same:
            return tuple(same[:3]), CERTAIN if len(same) == 1 else LIKELY
        if language.implicit_self and type_ >= 0:
            found = self.member(type_, name, 0)
            if found[0]:
                return found
        if name in scope.package:
            found_in_package = scope.package[name]
            return tuple(found_in_package[:3]), CERTAIN if len(found_in_package) == 1 else LIKELY
        for place in scope.stars:
            symbols = self.exported(place, name)
            if symbols:
                return symbols, LIKELY
        return self._by_name(file, name) if language.loose_names else NOTHING

    def _nested(self, scope: Scope, name: bytes, methods: bool) -> list[int]:
        found = scope.all.get(name, ())
        return [n for n in found if methods or self.kinds[n] != "method"]

    def _bound(self, file: int, name: bytes) -> Found:
        binding = self.scopes[file].bindings[name]
        wanted = self._original(file, name)
        for place in binding.files:
            # A default export without a name of its own is often called like its importers call it.
            symbols = self.exported(place, wanted) or (self.exported(place, name) if wanted == b"default" else ())
            if symbols:
                return symbols, CERTAIN
        return NOTHING

    def _qualified(self, file: int, name: bytes, qualifier: bytes) -> Found | None:
        """None when nothing is known of the qualifier: it is some variable."""
        scope = self.scopes[file]
        binding = scope.bindings.get(qualifier)
        if binding is not None:
            return self._through(file, name, qualifier, binding)
        types = [n for n in scope.all.get(qualifier, ()) if self.kinds[n] in CONTAINERS]
        if not types:
            types = [n for n in scope.package.get(qualifier, ()) if self.kinds[n] in CONTAINERS]
        for number in types[:3]:
            found = self.member(number, name, 0)
            if found[0]:
                return found
        return None

    def _through(self, file: int, name: bytes, qualifier: bytes, binding: Binding) -> Found | None:
        if binding.outside:
            return NOTHING
        wanted = self._original(file, qualifier)
        for place in binding.files:
            for number in self.exported(place, wanted):
                if self.kinds[number] not in CONTAINERS:
                    return None  # an imported value: its type is not known
                found = self.member(number, name, 0)
                if found[0]:
                    return found
        for place in binding.files:
            symbols = self.exported(place, name)
            if symbols:
                return symbols, CERTAIN
        return NOTHING

    def member(self, type_: int, name: bytes, depth: int) -> Found:
        """A member of a type or of its bases."""
        own = self.members.get(type_, {}).get(name) or self._outside(type_, name)
        if own:
            return tuple(own[:3]), CERTAIN if depth == 0 else LIKELY
        if depth < DEEPEST:
            for base in self.bases.get(type_, ()):
                found = self.member(base, name, depth + 1)
                if found[0]:
                    return found
        return NOTHING

    def _outside(self, type_: int, name: bytes) -> list[int]:
        """Members that stand outside their type: impl blocks, methods with a receiver."""
        unit = self.units[self.file_of[type_]]
        found = self.outer_members.get((BY_NAME[unit.language].family, self.names[type_]), {}).get(name, [])
        if len(found) < 2:
            return found
        folder = unit.path.rpartition("/")[0]
        near = [n for n in found if self.units[self.file_of[n]].path.rpartition("/")[0] == folder]
        return near or found

    def _by_name(self, file: int, name: bytes) -> Found:
        unit = self.units[file]
        found = self.by_name[BY_NAME[unit.language].family].get(name, ())
        if not found or len(found) > MOST_GUESSES:
            return NOTHING
        if not unit.test:
            found = [n for n in found if not self.units[self.file_of[n]].test] or found
        return tuple(found), GUESS


def _resolver(family: str, manifests: Manifests) -> Resolver:
    return next(language for language in BY_NAME.values() if language.family == family).resolver(manifests)
