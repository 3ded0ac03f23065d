"""Which unchanged files have to be resolved again.

An edge of a file depends on the file itself and on what the names it mentions lead to elsewhere: definitions, imports
that pass a name on, base types, what a name stands for, what subtypes override. So changes are followed by name.
`words` are first the names that mean something else in a changed file than before; then every name joins them that any
file, a changed one too, derives from one (a subclass, an import under another name, the members of a type whose bases
may be others: they may override now, or no longer); and whatever file mentions one of them is resolved again, whether
or not it means that very thing. Apart from names, edges depend on where imports lead: when the paths, manifests or
packages of a language family changed, each import of its unchanged files is led both ways and compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from repos.engine.extraction.facts import REFERENCE_KINDS, Facts
from repos.engine.graph.scope import Unit, resolver_of
from repos.engine.languages import BY_NAME
from repos.engine.languages.base import CONTAINERS, EVERYWHERE, KINDS, Import, Language, Resolver

from . import bound
from .bound import Bound, words_of
from .manifests import FamilyFiles

BASE = REFERENCE_KINDS.index("base")
MOST_AGAIN = 0.4  # share of the unchanged files above which all are resolved again
NOTHING = Facts()
Meaning = tuple[object, ...]


@dataclass(slots=True)
class Affected:
    """`files` are paths. `everything`: there is no telling, so all files have to be resolved again. `longer` are those
    words that only name types of another length."""

    words: set[bytes] = field(default_factory=set)
    longer: set[bytes] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    everything: bool = False

    def compare(self, old: Facts | None, new: Facts | None, language: Language | None) -> None:
        """What a changed file means to others; None where it is not there, or has no symbols."""
        old, new = old or NOTHING, new or NOTHING
        words = _different(meanings(old), meanings(new))
        self.words |= words
        if language is not None and language.open_types:  # of several openings of a type the longest counts
            self.longer |= _different(_sizes(old), _sizes(new))
        # What implements what turns on all methods of a type, wherever they stand.
        structural = language is not None and language.structural
        self.everything |= structural and bool(words & (_in_types(old) | _in_types(new)))
        self.everything |= _stars(old.imports) != _stars(new.imports)

    def place(self, paths: Iterable[str]) -> None:
        """Files that came or went: a module may be named by its file or its folder."""
        for path in paths:
            folder, _, name = path.rpartition("/")
            self.words |= {
                name.split(".")[0].encode("utf-8", "replace"),
                folder.rpartition("/")[2].encode("utf-8", "replace"),
            } - {b""}

    def lead(self, units: Sequence[Unit], old: Mapping[str, FamilyFiles], new: Mapping[str, FamilyFiles]) -> None:
        """Find the files of both trees whose imports lead elsewhere now, or that are of another package."""
        changed = {family for family in old.keys() & new.keys() if not old[family].same_as(new[family])}
        was = {family: resolver_of(family, old[family]) for family in changed}
        now = {family: resolver_of(family, new[family]) for family in changed}
        packages = {f: _packages(was[f], old[f]) ^ _packages(now[f], new[f]) for f in changed}
        for unit in units:
            family = BY_NAME[unit.language].family
            if family in changed:
                self._lead(unit, was[family], now[family])
                self.everything |= not packages[family].isdisjoint(_stars(unit.facts.imports))

    def _lead(self, unit: Unit, was: Resolver, now: Resolver) -> None:
        for item in unit.facts.imports:
            if not item.package and any(
                list(was.targets(unit.path, asked)) != list(now.targets(unit.path, asked)) for asked in _questions(item)
            ):
                self.files.add(unit.path)
                self.words |= _aliases(item) - {b""}
                self.everything |= item.name == "*"
        if was.package(unit.path) != now.package(unit.path):
            self.files.add(unit.path)
            self.words.update(unit.facts.definition_names)

    def spread(self, kept: Sequence[Unit], changed: Iterable[Facts]) -> None:
        """Add what follows, until nothing more does. `changed` are the changed files as they were and as they are."""
        self.longer -= self.words
        self.words |= self.longer
        waiting = [(unit, mentioned(unit.facts, BY_NAME[unit.language])) for unit in kept]
        reached = [unit for unit in kept if unit.path in self.files]
        sources = [*changed, *(unit.facts for unit in reached)]
        known = -1, -1
        while known != (len(self.words), len(self.longer)) and not self.everything:
            known = len(self.words), len(self.longer)
            more = [unit for unit, names in waiting if not self.words.isdisjoint(names)]
            waiting = [(unit, names) for unit, names in waiting if self.words.isdisjoint(names)]
            reached += more
            sources += [unit.facts for unit in more]
            self.everything |= len(reached) > MOST_AGAIN * len(kept)
            for facts in sources if not self.everything else ():
                found = derived(facts, self.words, self.words - self.longer)
                self.words |= found
                self.longer -= found
        self.files.update(unit.path for unit in reached)


def _packages(resolver: Resolver, files: FamilyFiles) -> set[str]:
    """Imports of all names of one of these differ from those of all names of a file."""
    return {resolver.package(path) for path in files.paths}


def _different(before: Mapping[bytes, object], after: Mapping[bytes, object]) -> set[bytes]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def meanings(facts: Facts) -> dict[bytes, list[Meaning]]:
    """All that other files can see of a file, by the name they have to mention for it."""
    found: dict[bytes, list[Meaning]] = defaultdict(list)
    parents = facts.definitions()[4].tolist()
    places: list[Meaning] = []
    packages = tuple(item.module for item in facts.imports if item.package)  # which types are one turns on them
    for number, name in enumerate(facts.definition_names):
        parent = places[parents[number]] if parents[number] >= 0 else packages
        kind = facts.definition_kinds[number]
        places.append((parent, name, kind, len(found[name])))
        found[name].append((places[-1], kind, facts.definition_types[number]))
    for item in facts.imports:
        for alias in _aliases(item):
            found[alias].append((item.module, item.name, item.package))
    for owner, bases in _bases(facts):
        for name in (facts.definition_names[owner], facts.definition_types[owner], *members(facts, owner)):
            found[name].append(bases)
    bindings = Bound(facts)
    for name, row in bindings.visible():
        found[name].append(bindings.told(row))
    found.pop(b"", None)  # an import for its effects alone
    return dict(found)


def _sizes(facts: Facts) -> dict[bytes, list[int]]:
    """The lines of each type."""
    found: dict[bytes, list[int]] = defaultdict(list)
    sizes = (facts.definitions()[1] - facts.definitions()[0]).tolist()
    for name, kind, size in zip(facts.definition_names, facts.definition_kinds, sizes, strict=True):
        if KINDS[kind] in CONTAINERS:
            found[name].append(size)
    return found


def _questions(item: Import) -> list[Import]:
    """What the linker may ask a resolver about an import: also for the module that the member is in, and for the first
    part of `a.b`."""
    found = [item]
    if item.name:
        found.append(Import(item.module, "", "", item.line))
    if "." in item.alias:
        first = item.module.split(".")[0]
        found.append(Import(first, "", first, item.line))
    return found


def _aliases(item: Import) -> set[bytes]:
    """The names that an import gives: `import a.b` gives a, too."""
    alias = item.alias.encode()
    return {alias, alias.split(b".")[0]}


def members(facts: Facts, owner: int) -> list[bytes]:
    """Which types have them, and which override them, turns on the bases of their type."""
    parents, name = facts.definitions()[4].tolist(), facts.definition_names[owner]
    return [
        own
        for own, parent, type_ in zip(facts.definition_names, parents, facts.definition_types, strict=True)
        if parent == owner or type_ == name
    ]


def _bases(facts: Facts) -> list[tuple[int, tuple[bytes, ...]]]:
    """(type, names in the words for one of its bases)"""
    rows = facts.references()
    found: list[tuple[int, tuple[bytes, ...]]] = []
    for name, receiver, _, _, owner in rows[:5, rows[2] == BASE].T.tolist():
        if owner >= 0:
            found.append((owner, (facts.names[name], *words_of(facts, receiver))))
    return found


def _in_types(facts: Facts) -> set[bytes]:
    """Types, and what belongs to one."""
    rows = zip(facts.definition_names, facts.definition_types, facts.definition_kinds, strict=True)
    parents = facts.definitions()[4].tolist()
    return {
        name
        for (name, type_, kind), parent in zip(rows, parents, strict=True)
        if type_ or parent >= 0 or KINDS[kind] in CONTAINERS
    }


def _stars(imports: Sequence[Import]) -> list[str]:
    return [item.module for item in imports if item.name == "*" or item.alias == EVERYWHERE]


def mentioned(facts: Facts, language: Language) -> set[bytes]:
    """Every name that an edge of the file may turn on. What makes an instance callable is not written at a call."""
    found = {*facts.names, *facts.definition_names, *facts.definition_types, language.call_member} - {b""}
    for item in facts.imports:
        found.add(item.name.encode())
        found.add(item.alias.encode())
    return found


def derived(facts: Facts, words: Set[bytes], types: Set[bytes]) -> set[bytes]:
    """Names by which other files reach something here that depends on `words`. What of `types` names a type may have
    other bases now; its members are in any file."""
    found = {alias for item in facts.imports if item.name.encode() in words for alias in _aliases(item)}
    for owner, bases in _bases(facts):
        if not words.isdisjoint(bases):
            found.update((facts.definition_names[owner], facts.definition_types[owner], *members(facts, owner)))
    parents = facts.definitions()[4].tolist()
    for name, type_, parent in zip(facts.definition_names, facts.definition_types, parents, strict=True):
        if type_ in types or parent >= 0 and facts.definition_names[parent] in types:
            found.add(name)
    found |= bound.derived(facts, words | found)
    return found - {b""}
