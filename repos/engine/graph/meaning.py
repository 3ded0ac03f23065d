"""What the values that one file mentions mean, each in the definition that mentions it."""

from __future__ import annotations

from collections.abc import Sequence

from repos.engine.extraction.bindings import RESULT
from repos.engine.extraction.values import CALL, LITERAL, MEMBER, NAME, NO_VALUE, SELF
from repos.engine.languages.base import CONTAINERS

from .resolve import EXACT, HOPS, INSTANCE, OUTSIDE, SUPER, SYMBOL, Linker, Meaning, Row, meant
from .scope import CERTAIN, GUESS, LIKELY, MOST, Unit

FILE = -1  # the owner of what stands outside definitions


class Reader:
    """Reads one file's values; what its own names mean inside definitions, once `collect` has told their types."""

    def __init__(self, linker: Linker, unit: Unit) -> None:
        self.linker, self.unit = linker, unit
        self.types: list[int] = []
        self.language, self.scope = linker.languages[unit.number], linker.scopes[unit.number]
        self.names = unit.facts.names
        rows = unit.facts.values()
        self._count, self._values = rows.shape[1], rows.reshape(-1).data
        self._variables: dict[tuple[int, int], list[Row]] = {}
        self._local: set[int] = set()  # names that some definition binds for itself
        self._memo: dict[int, Meaning | None] = {}
        self._plain: dict[tuple[int, int], Meaning | None] = {}
        self._number: dict[bytes, int] = {}
        self.opened: set[tuple[int, int]] = set()  # (file, line): what imports of whole packages have led to

    def forget(self) -> None:
        self._memo.clear()
        self._plain.clear()

    def collect(self, types: list[int]) -> None:
        """`types` is, for each definition, the type it belongs to, or -1. Variables stay here; fields and results are
        for every file."""
        linker, unit, self.types = self.linker, self.unit, types
        for owner, name, how, value, member in unit.facts.bindings().T.tolist():
            row = unit.number, owner, how, value
            if name == RESULT:
                if owner >= 0:
                    linker.results.setdefault(unit.first + owner, []).append(row)
            elif owner >= 0 and types[owner] >= 0 and (member or linker.kinds[unit.first + owner] in CONTAINERS):
                linker.fields.setdefault(types[owner], {}).setdefault(self.names[name], []).append(row)
            if name != RESULT and not member:
                self._variables.setdefault((owner, name), []).append(row)
                if owner >= 0:
                    self._local.add(name)
        inner = {word for _, word in self.scope.local_imports}
        inner.update(word for word, found in self.scope.all.items() if any(linker.parents[n] >= 0 for n in found))
        if inner:
            self._local.update(place for place, word in enumerate(self.names) if word in inner)

    def variable(self, name: bytes, hops: int) -> Meaning | None:
        """What a variable of the file itself holds."""
        rows = self._variables.get((FILE, self._place(name)))
        return self.linker.combined(rows, hops) if rows else None

    def _place(self, name: bytes) -> int:
        if not self._number:
            self._number = {word: place for place, word in enumerate(self.names)}
        return self._number.get(name, -9)

    def mentioned(self, owner: int, name: int, receiver: int) -> Meaning | None:
        """What a reference means: the name, or the member of that name of a value."""
        linker = self.linker
        if receiver == NO_VALUE:
            return self.name(owner, name, HOPS)
        found = None
        if receiver >= 0:
            found = self._dotted(receiver, self.names[name])
            if found is None:
                found = linker.attribute(self.held(owner, receiver, HOPS), self.names[name], HOPS)
        return linker.named(self.unit.number, self.names[name], True) if found is None else found

    def run(self, of: Meaning | None) -> Meaning | None:
        """What a call of something runs: of a variable the function it holds, of an instance what makes it callable."""
        if of is None or all(thing & 7 == SYMBOL and self.linker.kinds[thing >> 3] != "constant" for thing in of[0]):
            return of
        kinds = {thing & 7 for thing in of[0]}
        if kinds <= {INSTANCE, EXACT} and self.language.call_member:
            return self.linker.attribute(of, self.language.call_member, HOPS)
        if kinds != {SYMBOL} or len(of[0]) > 1:
            return of
        held = self.linker.variable(of[0][0] >> 3, HOPS)
        if held is not None and any(thing & 7 == SYMBOL for thing in held[0]):
            return held[0], max(held[1], of[1])
        return of[0], max(LIKELY, of[1])

    def value(self, owner: int, number: int, hops: int) -> Meaning | None:
        if number < 0:
            return None
        key = ((owner + 1) * self._count + number) * (HOPS + 1) + hops
        if key not in self._memo:
            self._memo[key] = self._value(owner, number, hops)
        return self._memo[key]

    def held(self, owner: int, number: int, hops: int) -> Meaning | None:
        """A value that is not called: `self.args` is the field, though there may be a method `args()` as well."""
        if number < 0 or not self.language.fields_apart or self._values[number] != MEMBER:
            return self.value(owner, number, hops)
        name, base = self._values[number + self._count], self._values[number + 2 * self._count]
        found = self.linker.field(self.held(owner, base, hops), self.names[name], hops)
        return self.value(owner, number, hops) if found is None else found

    def _value(self, owner: int, number: int, hops: int) -> Meaning | None:
        values, count = self._values, self._count
        what, name, base = values[number], values[number + count], values[number + 2 * count]
        if what == NAME:
            return self.name(owner, name, hops)
        if what == CALL:
            return self.linker.called(self.value(owner, base, hops), hops)
        found = self._dotted(base, self.names[name])
        return self.linker.attribute(self.held(owner, base, hops), self.names[name], hops) if found is None else found

    def _dotted(self, base: int, name: bytes) -> Meaning | None:
        """The file that `a.b` means after `import a.b`."""
        words = [name]
        while self.scope.dotted and base >= 0 and self._values[base] != CALL:
            words.append(self.names[self._values[base + self._count]])
            base = self._values[base + 2 * self._count]
        binding = self.scope.dotted.get(b".".join(reversed(words))) if len(words) > 1 and base == NO_VALUE else None
        return self.linker.imported(self.unit.number, binding) if binding is not None else None

    def name(self, owner: int, name: int, hops: int) -> Meaning | None:
        word = self.names[name]
        if word == LITERAL:
            return OUTSIDE
        if word == SELF or word in self.language.super_names:
            type_ = self.types[owner] if owner >= 0 else -1
            return meant(INSTANCE if word == SELF else SUPER, [type_], CERTAIN) if type_ >= 0 else None
        if owner >= 0 and name in self._local:
            hidden = self._inside(owner, name, hops)
            if hidden is not None:
                return hidden[0]
        if owner >= 0 and self.language.implicit_self:
            found = self._own_member(owner, word, hops)
            if found is not None and found[0]:
                return found
        key = name, hops
        if key not in self._plain:
            self._plain[key] = self._of_file(name, word, hops)
        return self._plain[key]

    def _inside(self, owner: int, name: int, hops: int) -> tuple[Meaning | None] | None:
        """What a definition, or one round it, binds the name to; None when none does."""
        linker, first, word, start = self.linker, self.unit.first, self.names[name], owner
        while owner >= 0:
            container = linker.kinds[first + owner] in CONTAINERS
            # What stands in a type is no name in its methods; what stands in a module is.
            near = owner == start or linker.kinds[first + owner] == "module"
            if container and not near and linker.own(linker.open.first.get(first + owner, first + owner), word):
                return None  # a constant or property, which a member is more than the variable it is too
            if near or not container or self.language.implicit_self:
                rows = self._variables.get((owner, name))
                imports = self.scope.local_imports.get((owner, word), ())
                own = linker.members.get(first + owner, {}) if container and near else {}
                inner = own.get(word) or linker.nested.get((first + owner, word), [])
                if rows or imports or inner:
                    found = [linker.imported(self.unit.number, binding) for binding in imports]
                    if inner:
                        found.append(meant(0, inner[:MOST], CERTAIN if len(inner) == 1 else LIKELY))
                    elif rows and not imports:  # `const a = require("a")` is both
                        found.append(self._of_rows(rows, hops))
                    return (linker.union(found),)
            parent = linker.parents[first + owner]
            owner = parent - first if parent >= 0 else -1
        return None

    def _of_rows(self, rows: Sequence[Row], hops: int) -> Meaning | None:
        """What a variable holds. Where blocks and callbacks have variables of their own, as they do in JavaScript, two
        of one name are most likely two variables, and which is meant is a guess."""
        found = self.linker.combined(rows, hops)
        if found is None or not self.language.block_scopes or len({row[3] for row in rows if row[2] in (1, 2)}) < 2:
            return found
        return found[0], GUESS

    def _own_member(self, owner: int, word: bytes, hops: int) -> Meaning | None:
        """A member of the enclosing types, named without a qualifier."""
        linker, seen = self.linker, -1
        while owner >= 0:
            type_ = self.types[owner]
            if type_ >= 0 and type_ != seen:
                found = linker.attribute(meant(INSTANCE, [type_], CERTAIN), word, hops)
                if found is not None and found[0]:
                    return found
                if self.language.open_types and not word[:1].isupper():
                    break  # there constants are found from the inside out, methods in the innermost type alone
                seen = type_
            parent = linker.parents[self.unit.first + owner]
            owner = parent - self.unit.first if parent >= 0 else -1
        return None

    def plain(self, word: bytes) -> Meaning | None:
        """What a word means at the top of the file, whether the file mentions it or not."""
        return self._of_file(self._place(word), word, HOPS)

    def _of_file(self, name: int, word: bytes, hops: int) -> Meaning | None:
        linker, scope = self.linker, self.scope
        if self.language.includes:
            return self._included(name, word, hops)
        imports = [linker.imported(self.unit.number, binding) for binding in scope.imports.get(word, ())]
        top = linker.top(scope, word)
        if top or imports:
            own = [meant(0, top[:MOST], CERTAIN if len(top) == 1 else self._choice(top))] if top else []
            return linker.union(own, imports)
        rows = self._variables.get((FILE, name))
        if rows:
            return self._of_rows(rows, hops)
        packed = scope.package.get(word)
        if packed:
            return meant(0, packed[:MOST], CERTAIN if len(packed) == 1 else LIKELY)
        opened = {n: line for names, line in scope.opened for n in names.get(word, ())}
        if opened:
            self.opened.update((linker.file_of[n], line) for n, line in opened.items())
            return meant(0, [*opened][:MOST], CERTAIN if len(opened) == 1 else LIKELY)
        stars = [m for file, _ in scope.stars if (m := linker.exported(file, word)) is not None and m[0]]
        if stars:
            return stars[0] if len(stars) == 1 and not scope.outer_stars else (stars[0][0], LIKELY)
        if not self.language.implicit_self and not self.language.loose_names:
            return None  # a local variable or a builtin
        nested = scope.all.get(word, ())
        if not self.language.implicit_self or self.language.open_types:
            nested = [n for n in nested if linker.parents[n] < 0 or linker.kinds[linker.parents[n]] not in CONTAINERS]
        if nested:
            return meant(0, nested[:MOST], LIKELY)
        if self.language.declares_all and name not in self._local:
            return OUTSIDE
        return linker.named(self.unit.number, word, False) if self.language.loose_names else None

    def _choice(self, found: list[int]) -> int:
        """How sure one of several definitions at the top is; overloads stand one after the other."""
        apart = self.language.block_scopes and found[-1] - found[0] >= len(found)
        return GUESS if apart else LIKELY

    def _included(self, name: int, word: bytes, hops: int) -> Meaning | None:
        found = self.linker.included.find(self.unit.number, word)
        if found is not None:
            return meant(0, found[0], found[1])
        rows = self._variables.get((FILE, name))
        if rows:
            return self.linker.combined(rows, hops)
        return None if name in self._local else OUTSIDE
