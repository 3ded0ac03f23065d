"""Types that implement an interface without saying so, as in Go: they have all of its methods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from repos.engine.languages.base import CONTAINERS

from .resolve import OUTER, Linker
from .rows import INHERITS, OVERRIDES, Row
from .scope import GUESS, LIKELY, Unit

MOST_TYPES = 100  # an interface that more types fit tells nothing of any of them
MOST_LOOKED = 1000  # types that have the interface's rarest method
MOST_METHODS = 400  # looked at for one type


@dataclass(slots=True)
class Methods:
    """The methods of each type by name, promoted ones too, and the types that have one of a name."""

    of: dict[int, dict[bytes, int]] = field(default_factory=dict)
    having: dict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))


def structural(linker: Linker, units: Sequence[Unit]) -> list[Row]:
    """Edges from types to the interfaces that they fit, and from their methods to the interface's; likely, since only
    names are compared. One method in common may be chance: then it is a guess."""
    own = [unit for unit in units if linker.languages[unit.number].structural]
    types = [n for unit in own for n in range(unit.first, unit.first + len(unit.facts.definition_names))]
    types = [n for n in types if linker.kinds[n] in CONTAINERS or linker.kinds[n] == "type"]
    methods, places = Methods(), _places(own)
    for number in types:
        if linker.kinds[number] != "interface":
            found = methods.of[number] = _methods(linker, number)
            for name in found:
                methods.having[name].append(number)
    rows: list[Row] = []
    for number in types:
        if linker.kinds[number] == "interface":
            rows += _fitting(linker, number, methods, places)
    return rows


def _places(units: Sequence[Unit]) -> dict[int, tuple[int, int]]:
    """Line (from 1) and column of each name."""
    found: dict[int, tuple[int, int]] = {}
    for unit in units:
        lines, columns = unit.facts.definitions()[2].tolist(), unit.facts.name_columns().tolist()
        found.update((unit.first + n, (line + 1, columns[n])) for n, line in enumerate(lines))
    return found


def _methods(linker: Linker, type_: int) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for above in linker.order(type_):
        if above == OUTER or linker.kinds[above] == "interface":
            continue
        inside = linker.members.get(above, {})
        family = linker.languages[linker.file_of[above]].family
        for name in [*inside, *linker.outer_members.get((family, linker.names[above]), {})][:MOST_METHODS]:
            own = [n for n in inside.get(name) or linker.outside(above, name) if linker.kinds[n] == "method"]
            if own:
                found.setdefault(name, own[0])
    return found


def _fitting(linker: Linker, interface: int, methods: Methods, places: dict[int, tuple[int, int]]) -> list[Row]:
    wanted: dict[bytes, int] = {}
    for above in linker.order(interface):
        for name, numbers in linker.members.get(above, {}).items() if above != OUTER else ():
            wanted.setdefault(name, numbers[0])
    if not wanted:
        return []
    rarest = min(wanted, key=lambda name: (len(methods.having.get(name, ())), name))
    looked = methods.having.get(rarest, ())
    found = [n for n in looked if wanted.keys() <= methods.of[n].keys()] if len(looked) <= MOST_LOOKED else []
    if len(found) > MOST_TYPES:
        return []
    sure = LIKELY if len(wanted) > 1 else GUESS
    rows: list[Row] = []
    for type_ in found:
        rows.append((type_, interface, INHERITS, sure, *places[type_]))
        for name, above in wanted.items():
            own = methods.of[type_][name]
            rows.append((own, above, OVERRIDES, sure, *places[own]))
    return rows
