"""What a name, a member or a call means. Three grades:

certain: the language's own rules lead to this definition and no other: the name is defined or imported here and no
local name hides it, or the value's type is known and the member is its own or inherited from types that are all known.
likely: there is a choice (several definitions of the name, a method that subtypes override, a base or a wildcard
import from outside in between, a field that holds a class). guess: nothing tells the type; a member of that name
exists on at most six types.

The edges of a file depend on nothing but: its own facts; where its imports lead; for the names it mentions, the
definitions of that name anywhere (name, kind, parent, type), whether a subtype overrides them, in whatever file; and
what those stand for: bases of types, fields, declared or read results, variables of modules, which may lead on over at
most HOPS such steps into further files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repos.engine.languages.base import CONTAINERS, Manifests

from .included import Included
from .scope import CERTAIN, GUESS, LIKELY, MOST, Binding, Definitions, Scope, Unit

if TYPE_CHECKING:
    from .meaning import Reader

__all__ = ["CERTAIN", "GUESS", "LIKELY", "Binding", "Linker", "Unit"]

DEEPEST = 6  # re-exports followed
LONGEST_ORDER = 60  # types looked through for a member
HOPS = 4  # variables, fields and results followed
MOST_MEANT = 4
OUTER = -1  # in place of a base type that is not in the repository

HOLDERS = frozenset({"constant", "property"})

# What a value may be: a definition itself; some instance of a type; one made right here; a file; the base's instance.
SYMBOL, INSTANCE, EXACT, MODULE, SUPER = range(5)
# Things meant (number << 3 | what), and how sure that is. Nothing meant: it comes from outside. None: not known.
Meaning = tuple[tuple[int, ...], int]
OUTSIDE: Meaning = ((), CERTAIN)
Row = tuple[int, int, int, int]  # file, owner, how, value: see extraction.bindings


def meant(what: int, numbers: Sequence[int], confidence: int) -> Meaning:
    return tuple(number << 3 | what for number in numbers), confidence


class Linker(Definitions):
    """Files are known by their number in the tree, symbols by their number in the repository."""

    def __init__(self, units: Sequence[Unit], manifests: dict[str, Manifests]) -> None:
        super().__init__(units, manifests)
        self.bases: dict[int, list[int]] = {}
        self.loose: set[int] = set()  # types of whose bases some are only likely
        self.overridden: set[int] = set()
        self.fields: dict[int, dict[bytes, list[Row]]] = {}
        self.results: dict[int, list[Row]] = {}
        self.readers: dict[int, Reader] = {}
        self.included = Included(self)
        self._orders: dict[int, tuple[int, ...]] = {}
        self._exported: dict[tuple[int, bytes, int], Meaning | None] = {}

    def forget(self) -> None:
        """What was worked out before base types were known."""
        self._orders.clear()
        self._exported.clear()
        for reader in self.readers.values():
            reader.forget()

    def order(self, type_: int) -> tuple[int, ...]:
        """A type and its bases in the order in which members are looked up: depth first, a type that is reached
        twice at its last place. As in C3 wherever the hierarchy has no crossing orders."""
        found = self._orders.get(type_)
        if found is None:
            line: list[int] = []
            self._walk(type_, line, set())
            kept = dict.fromkeys(reversed([t for t in line if t != OUTER]))
            places = {t: place for place, t in enumerate(line)}
            ordered = [t for place, t in enumerate(line) if t == OUTER or t in kept and places[t] == place]
            found = self._orders[type_] = tuple(ordered)
        return found

    def _walk(self, type_: int, line: list[int], above: set[int]) -> None:
        if type_ in above or len(line) > LONGEST_ORDER:
            return
        line.append(type_)
        if type_ in self.loose:
            line.append(OUTER)
        for base in self.bases.get(type_, ()) if type_ != OUTER else ():
            self._walk(base, line, above | {type_})

    def member(self, types: Sequence[int], name: bytes, hops: int) -> Meaning | None:
        """The first of `types` that has a member or field of the name gives it. OUTSIDE when one may come from a type
        outside, None when nothing is known of it."""
        sure = CERTAIN
        for type_ in types:
            if type_ == OUTER:
                sure = LIKELY
                continue
            own = self.own(type_, name)
            if own:
                return meant(SYMBOL, own[:MOST], LIKELY if len(own) > 1 else sure)
            rows = self.fields.get(type_, {}).get(name)
            if rows:
                found = self.combined(rows, hops)
                if found is None:
                    return None
                # A field that holds a class or function may hold another in a subtype, or later.
                return found[0], max(found[1], LIKELY if any(t & 7 == SYMBOL for t in found[0]) else sure)
        return OUTSIDE if sure == LIKELY else None

    def field(self, of: Meaning | None, name: bytes, hops: int) -> Meaning | None:
        """What a field of an instance holds; None when it has none of that name."""
        if of is None or len(of[0]) != 1 or of[0][0] & 7 not in (INSTANCE, EXACT):
            return None
        for type_ in self.order(of[0][0] >> 3):
            rows = self.fields.get(type_, {}).get(name)
            if rows:
                found = self.combined(rows, hops)
                return found if found is None else (found[0], max(found[1], of[1]))
        return None

    def exported(self, file: int, name: bytes, depth: int = 0) -> Meaning | None:
        """What `name` means to a file that imports it from `file`: followed through re-exports."""
        key = file, name, depth
        if key not in self._exported:
            self._exported[key] = self._look_for(file, name, depth) if depth < DEEPEST else None
        return self._exported[key]

    def _look_for(self, file: int, name: bytes, depth: int) -> Meaning | None:
        scope = self.scopes[file]
        name = scope.exports.get(name, name)
        top = self.top(scope, name)
        imported = [self.imported(file, binding, depth + 1) for binding in scope.imports.get(name, ())]
        if top or imported:
            own = [meant(SYMBOL, top[:MOST], CERTAIN if len(top) == 1 else LIKELY)] if top else []
            return self.union(own, imported)
        found = [m for star, _ in scope.stars if (m := self.exported(star, name, depth + 1)) is not None and m[0]]
        if found:
            return found[0] if len(found) == 1 else (found[0][0], LIKELY)
        loose = [n for n in scope.all.get(name, ()) if self.kinds[n] == "method" and self.parents[n] < 0]
        if loose:  # functions in an object that is exported whole
            return meant(SYMBOL, loose[:MOST], LIKELY)
        if self.languages[file].imports_members and scope.all.get(name):
            inner = scope.all[name]
            return meant(SYMBOL, inner[:MOST], CERTAIN if len(inner) == 1 else LIKELY)
        return self._submodule(file, name)

    def top(self, scope: Scope, name: bytes) -> list[int]:
        """Definitions at the top of a file. `const a = require("a")` and what stands in for an import that fails are
        no definitions of their own."""
        found = scope.top.get(name, [])
        return [n for n in found if self.kinds[n] != "constant"] if found and name in scope.imports else found

    def _submodule(self, file: int, name: bytes) -> Meaning | None:
        module = self.submodule(file, name)
        return meant(MODULE, [module], CERTAIN) if module >= 0 else None

    def imported(self, file: int, binding: Binding, depth: int = 0) -> Meaning | None:
        """What an import gives; OUTSIDE when it comes from elsewhere."""
        if not binding.files:
            return OUTSIDE
        if not binding.member:
            return meant(MODULE, binding.files[:1], CERTAIN)
        for place in binding.files:
            own = place == file
            found = self._submodule(file, binding.member) if own else self.exported(place, binding.member, depth)
            if found is not None:
                return found
        # A default export that has no name of its own: what the file exports is its members.
        return meant(MODULE, binding.files[:1], LIKELY) if binding.member == b"default" else None

    def union(self, *groups: Sequence[Meaning | None]) -> Meaning | None:
        """What may be any of some things."""
        found = [item for group in groups for item in group]
        if len(found) == 1:
            return found[0]
        known = [item for item in found if item is not None]
        things = tuple(dict.fromkeys(thing for item in known for thing in item[0]))[:MOST_MEANT]
        if not things:
            return OUTSIDE if known and len(known) == len(found) else None
        same = len(known) == len(found) and all(item[0] == known[0][0] for item in known)
        return things, max(item[1] for item in known) if same else max(LIKELY, *(item[1] for item in known))

    def attribute(self, of: Meaning | None, name: bytes, hops: int) -> Meaning | None:
        """What `.name` of something means."""
        if of is None or not of[0]:
            return of
        found = self.union([self._attribute(thing & 7, thing >> 3, name, hops) for thing in of[0]])
        return found if found is None else (found[0], max(found[1], of[1]))

    def _attribute(self, what: int, number: int, name: bytes, hops: int) -> Meaning | None:
        if what == MODULE:
            return self._of_module(number, name, hops)
        if what == SUPER:
            return self.member(self.order(number)[1:], name, hops)
        if what in (INSTANCE, EXACT) or self.kinds[number] in CONTAINERS:
            found = self.member(self.order(number), name, hops)
            makes = what == SYMBOL and name in self.languages[self.file_of[number]].constructors
            if makes and (found is None or not found[0]):
                return meant(SYMBOL, [number], CERTAIN)
            if what == INSTANCE and found is not None and any(t >> 3 in self.overridden for t in found[0] if not t & 7):
                return found[0], max(LIKELY, found[1])
            return found
        outside = self.outside(number, name)
        if outside:
            return meant(SYMBOL, outside[:MOST], CERTAIN if len(outside) == 1 else LIKELY)
        if self.kinds[number] in HOLDERS:
            found = self.attribute(self.variable(number, hops), name, hops - 1) if hops else None
            return found if found is not None else self._of_object(number, name)
        if self.kinds[number] in ("function", "method"):  # a property
            return self.attribute(self.result(number, hops), name, hops - 1) if hops else None
        return None

    def _of_module(self, file: int, name: bytes, hops: int) -> Meaning | None:
        found = self.exported(file, name)
        if found is None and hops:
            found = self.readers[file].variable(name, hops - 1)
        return OUTSIDE if found is None else found

    def _of_object(self, constant: int, name: bytes) -> Meaning | None:
        """`const api = {get() {}}`: the functions of a file's objects belong to none of its definitions."""
        found = self.scopes[self.file_of[constant]].all.get(name, ())
        loose = [n for n in found if self.kinds[n] == "method" and self.parents[n] < 0]
        return meant(SYMBOL, loose[:MOST], LIKELY) if loose else None

    def called(self, of: Meaning | None, hops: int) -> Meaning | None:
        """What a call of something gives."""
        if of is None or not of[0]:
            return of
        found = self.union([self._called(thing, hops) for thing in of[0]])
        return found if found is None else (found[0], max(found[1], of[1]))

    def _called(self, thing: int, hops: int) -> Meaning | None:
        what, number = thing & 7, thing >> 3
        if what != SYMBOL:
            return None if what == MODULE else ((thing,), CERTAIN)
        kind = self.kinds[number]
        if kind in CONTAINERS or kind == "type":
            return meant(EXACT, [number], CERTAIN)
        if kind in HOLDERS:
            return self.called(self.variable(number, hops), hops - 1) if hops else None
        found = self.result(number, hops)
        parent = self.parents[number]
        if found is None and parent >= 0 and self.names[number] in self.languages[self.file_of[number]].constructors:
            return meant(INSTANCE, [parent], LIKELY)
        return found

    def result(self, function: int, hops: int) -> Meaning | None:
        rows = self.results.get(function)
        return self.combined(rows, hops) if rows else None

    def variable(self, constant: int, hops: int) -> Meaning | None:
        """What a constant or property holds, as a variable of its file or a field of its type."""
        parent, name = self.parents[constant], self.names[constant]
        if parent >= 0 and self.kinds[parent] in CONTAINERS:
            rows = self.fields.get(self.open.first.get(parent, parent), {}).get(name)
            return self.combined(rows, hops - 1) if rows and hops else None
        return self.readers[self.file_of[constant]].variable(name, hops - 1) if hops else None

    def combined(self, rows: Sequence[Row], hops: int) -> Meaning | None:
        """What is bound by any of some rows; declared types go before what is assigned or given back."""
        if not hops or not any(row[2] for row in rows):
            return None
        declared = [row for row in rows if row[2] == 1]
        found = []
        for file, owner, how, value in (declared or [row for row in rows if row[2] != 3])[:MOST_MEANT]:
            given = self.readers[file].held(owner, value, hops - 1) if how else None
            if how == 2 and given is not None and [self.kinds[t >> 3] for t in given[0] if not t & 7] == ["property"]:
                given = self.variable(given[0][0] >> 3, hops - 1)  # `a = b.size`: a is what the property holds
            if how == 2 and given is not None and self.languages[file].bare_calls and self._functions(given):
                given = self.called(given, hops - 1)
            found.append(instances(given) if how == 1 else given)
        return self.union(found) if found else None

    def _functions(self, of: Meaning) -> bool:
        return all(not thing & 7 and self.kinds[thing >> 3] in ("function", "method") for thing in of[0])

    def named(self, file: int, name: bytes, member: bool) -> Meaning | None:
        """Definitions of that name anywhere, when they are few."""
        found = self.few(self.languages[file].family, name, member)
        if not self.units[file].test:
            found = [n for n in found if not self.units[self.file_of[n]].test] or found
        return meant(SYMBOL, found, GUESS) if found else None


def instances(of: Meaning | None) -> Meaning | None:
    """Instances of the types that are meant."""
    if of is None:
        return None
    return tuple(thing >> 3 << 3 | INSTANCE if thing & 7 == SYMBOL else thing for thing in of[0]), of[1]
