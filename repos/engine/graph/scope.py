"""What the names of each file stand for at its top, and the tables of all definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from repos.engine.extraction.facts import Facts
from repos.engine.languages import BY_NAME
from repos.engine.languages.base import CONTAINERS, EVERYWHERE, KINDS, Import, Language, Manifests, Resolver

from .everywhere import imports_everywhere
from .open_types import open_types

CERTAIN, LIKELY, GUESS = 0, 1, 2
MOST_GUESSES = 6  # a name with more definitions than this says nothing
MOST = 3  # definitions of one name in one place that are kept


@dataclass(slots=True)
class Unit:
    """A file with symbols. `first` is the number of its first symbol in the repository."""

    number: int
    path: str
    language: str
    test: bool
    facts: Facts
    first: int


@dataclass(frozen=True, slots=True)
class Binding:
    """One import of a name: the member `member` of one of the files, or the file itself when that is empty. Without
    files it comes from outside the repository, and no definition here is meant."""

    files: tuple[int, ...]
    member: bytes
    line: int


@dataclass(slots=True)
class Scope:
    """Names of one file."""

    top: dict[bytes, list[int]] = field(default_factory=dict)
    all: dict[bytes, list[int]] = field(default_factory=dict)
    imports: dict[bytes, list[Binding]] = field(default_factory=dict)
    local_imports: dict[tuple[int, bytes], list[Binding]] = field(default_factory=dict)
    dotted: dict[bytes, Binding] = field(default_factory=dict)  # `import a.b`: that text means the file
    others: list[Binding] = field(default_factory=list)  # imports that bind no name
    stars: list[tuple[int, int]] = field(default_factory=list)  # (file, line)
    outer_stars: bool = False
    opened: list[tuple[dict[bytes, list[int]], int]] = field(default_factory=list)  # packages imported whole, line
    exports: dict[bytes, bytes] = field(default_factory=dict)  # own names exported under another
    package: dict[bytes, list[int]] = field(default_factory=dict)  # names of all files of the package


class Definitions:
    """All definitions by number, and the ways to find them. Numbers are those of the repository."""

    def __init__(self, units: Sequence[Unit], manifests: dict[str, Manifests]) -> None:
        self.units = {unit.number: unit for unit in units}
        self.languages: dict[int, Language] = {unit.number: BY_NAME[unit.language] for unit in units}
        self.by_path = {unit.path: unit.number for unit in units}
        self.resolvers = {family: resolver_of(family, found) for family, found in manifests.items()}
        self.scopes: dict[int, Scope] = {}
        self.names: list[bytes] = []
        self.kinds: list[str] = []
        self.parents: list[int] = []
        self.file_of: list[int] = []
        self.members: dict[int, dict[bytes, list[int]]] = {}
        self.nested: dict[tuple[int, bytes], list[int]] = {}  # definitions inside functions
        self.outer_members: dict[tuple[str, bytes], dict[bytes, list[int]]] = {}
        self.by_name: dict[str, dict[bytes, list[int]]] = {}
        self._few: dict[tuple[str, bytes, bool], list[int]] = {}
        self.packages: dict[tuple[str, str], dict[bytes, list[int]]] = {}
        self.open = open_types(units)
        for unit in units:
            self._declare(unit)
        everywhere = imports_everywhere(units)
        for unit in units:
            self._bind(unit)
            for folder, item in everywhere.get(self.languages[unit.number].family, ()):
                if unit.path.startswith(folder):
                    self._bind_all(unit, self.scopes[unit.number], item)

    def _declare(self, unit: Unit) -> None:
        scope = self.scopes[unit.number] = Scope()
        family = self.languages[unit.number].family
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
            if number in self.open.first:
                self._declare_open(unit, known, name, number)
                continue
            if self._is_constructor(unit, number, type_name):
                continue
            if type_name:
                self.outer_members.setdefault((family, type_name), {}).setdefault(name, []).append(number)
            elif kind == "impl":
                continue
            else:
                scope.all.setdefault(name, []).append(number)
            if not type_name and (parent < 0 and kind != "method" or self._in_module(unit, parent)):
                scope.top.setdefault(name, []).append(number)
            if parent >= 0:
                self._add_member(family, unit.first + parent, name, number)
            if kind != "constant":
                known.setdefault(name, []).append(number)
        for numbers in scope.top.values():  # a name of an inner module gives way to the file's own
            # The opening that stands for an open type may be in a file still to come.
            if len(numbers) > 1 and (own := [n for n in numbers if n >= len(self.parents) or self.parents[n] < 0]):
                numbers[:] = own
        package = self.resolvers[family].package(unit.path)
        if package:
            self._share(unit, package)

    def _declare_open(self, unit: Unit, known: dict[bytes, list[int]], name: bytes, number: int) -> None:
        """All openings of a type are known by one; where they stand in another type, that is a member of it."""
        scope, first = self.scopes[unit.number], self.open.first[number]
        scope.all.setdefault(name, []).append(first)
        if first == number:
            known.setdefault(name, []).append(number)
        apart = unit.facts.definition_types[number - unit.first]
        parent = self.open.outer.get(number, -1) if apart else self.parents[number]
        if parent in self.open.first:
            inside = self.members.setdefault(self.open.first[parent], {}).setdefault(name, [])
            if first not in inside:
                inside.append(first)
        elif parent < 0 and not apart and first not in scope.top.setdefault(name, []):
            scope.top[name].append(first)

    def _share(self, unit: Unit, package: str) -> None:
        """The names at the top of a file, with those of the other files of its package. Of a language with open
        types only these and constants: functions are there for who loads the file."""
        scope, language = self.scopes[unit.number], self.languages[unit.number]
        scope.package = self.packages.setdefault((language.family, package), {})
        for name, numbers in scope.top.items():
            shared = scope.package.setdefault(name, [])
            if language.open_types:
                own = [n for n in numbers if n in self.open.first or self.kinds[n] != "function"]
                shared += [n for n in dict.fromkeys(own) if n not in shared]
            else:
                shared += numbers

    def _in_module(self, unit: Unit, parent: int) -> bool:
        """Whether names declared there are known round it, as in C those of an enum."""
        if parent < 0:
            return False
        number = unit.first + parent
        if self.kinds[number] == "enum" and self.languages[unit.number].includes:
            number = self.parents[number]
        return number < 0 or self.kinds[number] == "module" and number not in self.open.first

    def _is_constructor(self, unit: Unit, number: int, type_name: bytes) -> bool:
        """Of the languages where it is called as its type: there that name means the type."""
        if not self.languages[unit.number].implicit_self or self.kinds[number] not in ("method", "prototype"):
            return False
        parent = self.parents[number]
        return self.names[number] == (type_name or (self.names[parent] if parent >= 0 else b""))

    def _add_member(self, family: str, parent: int, name: bytes, number: int) -> None:
        if self.kinds[parent] == "impl":
            self.outer_members.setdefault((family, self.names[parent]), {}).setdefault(name, []).append(number)
        elif self.kinds[parent] in CONTAINERS:
            if self.kinds[parent] == "module" and self.languages[self.file_of[parent]].includes:
                # Any file may open a namespace again.
                self.outer_members.setdefault((family, self.names[parent]), {}).setdefault(name, []).append(number)
            first = self.open.first.get(parent, parent)
            self.members.setdefault(first, {}).setdefault(name, []).append(number)
        else:
            self.nested.setdefault((parent, name), []).append(number)

    def few(self, family: str, name: bytes, member: bool) -> list[int]:
        """The definitions of a name, members before others if one is meant; none when they are too many to tell."""
        key = family, name, member
        if key not in self._few:
            found = self.by_name[family].get(name, [])
            if member:
                found = [n for n in found if self.kinds[n] == "method" or self.parents[n] >= 0] or found
            self._few[key] = found if len(found) <= MOST_GUESSES else []
        return self._few[key]

    def own(self, type_: int, name: bytes) -> list[int]:
        """What a type itself has under a name. Its prototypes stand for what is defined out of it."""
        found = self.members.get(type_, {}).get(name)
        if not found:
            return self.outside(type_, name)
        if self.languages[self.file_of[type_]].includes:
            solid = [n for n in found if self.kinds[n] != "prototype"]
            return solid or self.outside(type_, name) or found
        return found

    def outside(self, type_: int, name: bytes) -> list[int]:
        """Members that stand outside their type: impl blocks, methods with a receiver."""
        file, own = self.file_of[type_], self.names[type_]
        found = self.outer_members.get((self.languages[file].family, own), {}).get(name, [])
        found = [n for n in found if self._means(self.file_of[n], own, file)]
        if len(found) < 2:
            return found
        folder = self.units[file].path.rpartition("/")[0]
        near = [n for n in found if self.units[self.file_of[n]].path.rpartition("/")[0] == folder]
        return near or found

    def _means(self, file: int, type_name: bytes, home: int) -> bool:
        """Whether a type's name in a file may be that of file `home`, not one of its own or of its package."""
        scope = self.scopes[file]
        if file == home or scope.package and scope.package is self.scopes[home].package:
            return True
        if type_name in scope.top:
            return False
        return not scope.package or type_name in scope.imports or bool(scope.stars or scope.opened)

    def _bind(self, unit: Unit) -> None:
        scope = self.scopes[unit.number]
        owners = unit.facts.import_owners
        for place, item in enumerate(unit.facts.imports):
            if item.package:
                continue
            if not item.module and item.alias and item.name:
                scope.exports[item.alias.encode()] = item.name.encode()
            elif item.alias == EVERYWHERE:
                continue
            elif item.name == "*":
                self._bind_all(unit, scope, item)
            else:
                self._bind_name(unit, scope, item, owners[place] if place < len(owners) else -1)

    def _bind_all(self, unit: Unit, scope: Scope, item: Import) -> None:
        package = self.packages.get((self.languages[unit.number].family, item.module))
        if package is not None:
            scope.opened.append((package, item.line))
            return
        files = self.targets(unit, item)
        scope.stars += [(file, item.line) for file in files if file != unit.number]
        scope.outer_stars |= not files

    def _bind_name(self, unit: Unit, scope: Scope, item: Import, owner: int) -> None:
        binding, alias = self._binding(unit, item), item.alias.encode()
        if not alias:
            scope.others.append(binding)
        elif b"." in alias:
            scope.dotted[alias] = binding
            first = item.module.split(".")[0]
            top = Binding(self.targets(unit, Import(first, "", first, item.line)), b"", item.line)
            scope.imports.setdefault(first.encode(), []).append(top if top.files or not binding.files else binding)
        elif owner >= 0:
            scope.local_imports.setdefault((owner, alias), []).append(binding)
        elif len(binding.files) > 1 and self.languages[unit.number].imports_members:
            choices = [Binding((file,), binding.member, binding.line) for file in binding.files]
            scope.imports.setdefault(alias, []).extend(choices)
        else:
            scope.imports.setdefault(alias, []).append(binding)

    def _binding(self, unit: Unit, item: Import) -> Binding:
        """A member that is a file of its own counts as that file when the package does not define the name."""
        if item.name and self.languages[unit.number].submodules is not None:
            home = self.targets(unit, Import(item.module, "", "", item.line))
            if home:
                return Binding(home, item.name.encode(), item.line)
            return Binding(self.targets(unit, item), b"", item.line)
        files, name = self.targets(unit, item), item.name.encode()
        if len(files) > 1 and self.languages[unit.number].imports_members:
            files = tuple(file for file in files if name in self.scopes[file].all)  # of a package those that have it
        return Binding(files, name, item.line)

    def targets(self, unit: Unit, item: Import) -> tuple[int, ...]:
        found = self.resolvers[self.languages[unit.number].family].targets(unit.path, item)
        return tuple(self.by_path[path] for path in found if path in self.by_path)

    def submodule(self, file: int, name: bytes) -> int:
        """The file of the module `name` inside the module that is `file`, or -1."""
        within = self.languages[file].submodules
        paths = within(self.units[file].path, name.decode("utf-8", "replace")) if within is not None else ()
        return next((self.by_path[path] for path in paths if path in self.by_path), -1)


def resolver_of(family: str, manifests: Manifests) -> Resolver:
    return next(language for language in BY_NAME.values() if language.family == family).resolver(manifests)
