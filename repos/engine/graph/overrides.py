"""Methods that take the place of a base type's."""

from __future__ import annotations

from collections.abc import Sequence

from repos.engine.languages.base import CONTAINERS

from .resolve import OUTER, Linker
from .rows import OVERRIDES, Row
from .scope import CERTAIN, LIKELY, MOST, Unit

METHODS = frozenset({"method", "prototype"})


def overrides(linker: Linker, units: Sequence[Unit]) -> list[Row]:
    """Edges from each method to the same-named one of every line of bases it has, the nearest in each; certain when all
    types up to there are. Marks what is overridden in the linker."""
    places = {unit.number: (unit.facts.definitions()[2], unit.facts.name_columns()) for unit in units}
    first = {unit.number: unit.first for unit in units}
    rows: list[Row] = []
    for type_ in sorted(linker.bases):
        for name, numbers in _methods(linker, type_).items():
            for targets, confidence in _overridden(linker, type_, name):
                linker.overridden.update(targets)
                sure = confidence if len(targets) == len(numbers) == 1 else max(confidence, LIKELY)
                for number, target in _pairs(numbers, targets):
                    file = linker.file_of[number]
                    lines, columns = places[file]
                    local = number - first[file]
                    rows.append((number, target, OVERRIDES, sure, int(lines[local]) + 1, int(columns[local])))
    return rows


def _methods(linker: Linker, type_: int) -> dict[bytes, list[int]]:
    family = linker.languages[linker.file_of[type_]].family
    inside = linker.members.get(type_, {})
    names = [*inside, *linker.outer_members.get((family, linker.names[type_]), {})]
    found = {name: linker.own(type_, name) for name in names}
    methods = {name: [n for n in numbers if linker.kinds[n] == "method"] for name, numbers in found.items()}
    return {name: numbers for name, numbers in methods.items() if numbers}


def _pairs(numbers: Sequence[int], targets: Sequence[int]) -> list[tuple[int, int]]:
    """Overloads of a method and of the one that it overrides: as many stand for each other in their order."""
    if len(numbers) == len(targets):
        return list(zip(numbers, targets, strict=True))
    return [(number, target) for number in numbers for target in targets[:MOST]]


def _overridden(linker: Linker, type_: int, name: bytes) -> list[tuple[list[int], int]]:
    """What a method overrides, in each line of bases: all methods of the name where a type may have several (of other
    languages' the last one counts)."""
    found: dict[int, tuple[list[int], int]] = {}
    overloads = linker.languages[linker.file_of[type_]].implicit_self
    for base in linker.bases[type_]:
        sure = LIKELY if type_ in linker.loose else CERTAIN
        for above in linker.order(base) if base != OUTER else ():
            if above == OUTER:
                sure = LIKELY
                continue
            methods = [n for n in linker.own(above, name) if linker.kinds[n] in METHODS]
            methods = methods if linker.kinds[above] in CONTAINERS else []
            if methods:
                found.setdefault(methods[-1], (methods if overloads else methods[-1:], sure))
                break
    return [found[last] for last in sorted(found)]
