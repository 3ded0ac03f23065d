"""Names where an import brings in a whole file and all that this includes in turn, and where a prototype stands for a
definition anywhere in what is linked together (C, C++)."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from .scope import CERTAIN, GUESS, LIKELY, MOST

if TYPE_CHECKING:
    from .resolve import Linker
    from .scope import Unit

FARTHEST = 2000  # files reached from one
MOST_LINKED = 6  # definitions of a name that nothing declares here: more say nothing
FUNCTIONS = frozenset({"function", "method"})

Found = tuple[tuple[int, ...], int]  # symbols, confidence


class Included:
    def __init__(self, linker: Linker) -> None:
        self.linker = linker
        self.reach = lru_cache(maxsize=256)(self._reach)

    def _reach(self, file: int) -> frozenset[int]:
        """The file and those it includes, at any depth."""
        seen, waiting = {file}, [file]
        while waiting and len(seen) < FARTHEST:
            for place, _ in self.linker.scopes[waiting.pop()].stars:
                if place not in seen:
                    seen.add(place)
                    waiting.append(place)
        return frozenset(seen)

    def find(self, file: int, name: bytes) -> Found | None:
        """What a name means at the top of a file: what the file itself defines, then what it includes; a prototype
        leads on to the definition. What nothing declares here may still be linked in."""
        linker = self.linker
        scope, kinds = linker.scopes[file], linker.kinds
        own = [n for n in scope.top.get(name, ()) if kinds[n] != "prototype"]
        if own:
            return self._with_overloads(file, own, scope.package.get(name, ()))
        everywhere = scope.package.get(name)
        if not everywhere:
            return None
        reach = self.reach(file)
        seen = [n for n in everywhere if linker.file_of[n] in reach]
        solid = [n for n in seen if kinds[n] != "prototype"]
        if solid:
            return self._of(solid)
        return self._declared(seen, everywhere) if seen else self._linked(file, everywhere)

    def _with_overloads(self, file: int, own: Sequence[int], everywhere: Sequence[int]) -> Found:
        """A function of the file itself is the one that is meant, unless the language has overloads and another is in
        sight: defined in what is included, or declared there and defined elsewhere."""
        linker = self.linker
        if linker.languages[file].implicit_self and linker.kinds[own[0]] == "function" and len(everywhere) > len(own):
            others = [n for n in everywhere if linker.kinds[n] == "function" and linker.file_of[n] != file]
            reach = self.reach(file) if others else frozenset()
            prototypes = [n for n in everywhere if linker.kinds[n] == "prototype" and linker.file_of[n] in reach]
            seen = others if prototypes else [n for n in others if linker.file_of[n] in reach]
            if seen:
                return tuple([*own, *seen][:MOST]), LIKELY
        return self._of(own)

    def _of(self, found: Sequence[int]) -> Found:
        """A namespace is one, however often it is opened."""
        one = len(found) == 1 or all(self.linker.kinds[n] == "module" for n in found)
        return tuple(found[: 1 if one else MOST]), CERTAIN if one else LIKELY

    def _declared(self, prototypes: Sequence[int], everywhere: Sequence[int]) -> Found:
        functions = [n for n in everywhere if self.linker.kinds[n] in FUNCTIONS]
        if not functions:
            return tuple(prototypes[:1]), CERTAIN
        best = self.paired(prototypes, functions)
        return tuple(best[:MOST]), CERTAIN if len(best) == 1 else LIKELY

    def paired(self, prototypes: Sequence[int], functions: Sequence[int]) -> Sequence[int]:
        """The definitions in the source that is named as a prototype's header; else those of product code."""
        if len(functions) < 2:
            return functions
        stems = {self._stem(n) for n in prototypes}
        same = [n for n in functions if self._stem(n) in stems]
        product = [n for n in functions if not self._unit(n).test]
        return same or product or functions

    def _linked(self, file: int, everywhere: Sequence[int]) -> Found | None:
        kinds = self.linker.kinds
        found: Sequence[int] = [n for n in everywhere if kinds[n] != "prototype"]
        if not self.linker.units[file].test:
            found = [n for n in found if not self._unit(n).test]
        if not found or len(found) > MOST_LINKED:
            return None
        # What no header declares is most often its file's own affair.
        declared = len(found) < len(everywhere) and kinds[found[0]] in FUNCTIONS
        sure = LIKELY if len(found) == 1 and declared else GUESS
        return tuple(found[:MOST]), sure

    def _unit(self, number: int) -> Unit:
        return self.linker.units[self.linker.file_of[number]]

    def _stem(self, number: int) -> str:
        return posixpath.splitext(posixpath.basename(self._unit(number).path))[0]
