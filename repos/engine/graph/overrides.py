"""Methods that take the place of a base type's."""

from __future__ import annotations

from collections.abc import Sequence

from repos.engine.languages.base import CONTAINERS

from .resolve import OUTER, Linker
from .rows import OVERRIDES, Row
from .scope import CERTAIN, LIKELY, Unit

METHODS = frozenset({"method", "prototype"})


def overrides(linker: Linker, units: Sequence[Unit]) -> list[Row]:
    """Edges from each method to the same-named one of every line of bases it has, the nearest in each; certain when all
    types up to there are. Marks what is overridden in the linker."""
    places = {unit.number: (unit.facts.definitions()[2], unit.facts.name_columns()) for unit in units}
    first = {unit.number: unit.first for unit in units}
    rows: list[Row] = []
    for type_ in sorted(linker.bases):
        for name, numbers in _methods(linker, type_).items():
            for target, confidence in _overridden(linker, type_, name):
                linker.overridden.add(target)
                for number in numbers:
                    file = linker.file_of[number]
                    lines, columns = places[file]
                    local = number - first[file]
                    rows.append((number, target, OVERRIDES, confidence, int(lines[local]) + 1, int(columns[local])))
    return rows


def _methods(linker: Linker, type_: int) -> dict[bytes, list[int]]:
    family = linker.languages[linker.file_of[type_]].family
    inside = linker.members.get(type_, {})
    names = [*inside, *linker.outer_members.get((family, linker.names[type_]), {})]
    found = {name: linker.own(type_, name) for name in names}
    return {name: [n for n in numbers if linker.kinds[n] == "method"] for name, numbers in found.items()}


def _overridden(linker: Linker, type_: int, name: bytes) -> list[tuple[int, int]]:
    found: dict[int, int] = {}
    for base in linker.bases[type_]:
        sure = LIKELY if type_ in linker.loose else CERTAIN
        for above in linker.order(base) if base != OUTER else ():
            if above == OUTER:
                sure = LIKELY
                continue
            methods = [n for n in linker.own(above, name) if linker.kinds[n] in METHODS]
            methods = methods if linker.kinds[above] in CONTAINERS else []
            if methods:
                found.setdefault(methods[-1], sure)
                break
    return sorted(found.items())
