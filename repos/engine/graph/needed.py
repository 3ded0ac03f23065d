"""Which files have to be read to resolve some of them, when the others' edges are known.

Where files see of each other what they import and nothing else, what a name means is found along imports: in the files
that can be reached through them, and in the bases of types there. Definitions of all files are known anyhow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from repos.engine.languages.base import Language

from .resolve import Linker
from .scope import Unit


def by_import(language: Language) -> bool:
    """Whether files of the language see of each other what they import and nothing else."""
    shared = (language.open_types, language.loose_names, language.implicit_self, language.includes, language.receiver)
    return not any((*shared, language.structural, language.imports_members, language.declares_all))


def needed(linker: Linker, units: Sequence[Unit], fresh: Set[int]) -> set[int]:
    """Numbers of the files that resolving `fresh` may have to read."""
    start = {unit.number for unit in units if unit.number in fresh or not by_import(linker.languages[unit.number])}
    return reached(linker, start, ())


def reached(linker: Linker, known: Set[int], more: Iterable[int]) -> set[int]:
    """`known`, and all that imports lead to from there and from `more`."""
    inside: dict[str, list[int]] = {}
    for number, unit in linker.units.items():
        inside.setdefault(unit.path.rpartition("/")[0], []).append(number)
        inside.setdefault(unit.path.rpartition("/")[0].rpartition("/")[0], []).append(number)
    found, waiting = set(known), [*known, *more]
    while waiting:
        number = waiting.pop()
        for file in _imported(linker, number, inside):
            if file not in found:
                found.add(file)
                waiting.append(file)
        found.add(number)
    return found


def _imported(linker: Linker, number: int, inside: dict[str, list[int]]) -> Iterable[int]:
    if not by_import(linker.languages[number]):
        return
    scope = linker.scopes[number]
    yield from (file for file, _ in scope.stars)
    for table in (scope.imports, scope.local_imports):
        for bindings in table.values():
            for binding in bindings:
                yield from binding.files
    for binding in (*scope.dotted.values(), *scope.others):
        yield from binding.files
    submodules, path = linker.languages[number].submodules, linker.units[number].path
    if submodules is not None and submodules(path, "any"):
        yield from inside.get(path.rpartition("/")[0], ())
