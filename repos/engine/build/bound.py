"""What the bindings of one file tell to others: results of functions, fields of types, variables of the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.bindings import RESULT
from repos.engine.extraction.facts import Facts
from repos.engine.languages.base import CONTAINERS, KINDS

Row = tuple[int, int, int, int, int]  # owner, name, how, value, whether it is a field: see facts.Facts
Told = tuple[object, ...]


class Bound:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.rows: list[Row] = [(o, n, h, v, m) for o, n, h, v, m in facts.bindings().T.tolist()]
        self._values = facts.values().T.tolist()
        self._parents = facts.definitions()[4].tolist()
        self._local: dict[tuple[int, int], list[Row]] = defaultdict(list)
        for row in self.rows:
            self._local[row[0], row[1]].append(row)

    def visible(self) -> Iterator[tuple[bytes, Row]]:
        """The bindings that other files can see, by the name they have to mention."""
        for row in self.rows:
            name = self._outer_name(row)
            if name is not None:
                yield name, row

    def _outer_name(self, row: Row) -> bytes | None:
        owner, name, _, _, field = row
        if name == RESULT:
            return self.facts.definition_names[owner] if owner >= 0 else None
        inside = owner >= 0 and KINDS[self.facts.definition_kinds[owner]] not in CONTAINERS
        return None if inside and not field else self.facts.names[name]

    def _steps(self, value: int) -> list[tuple[int, int]]:
        """(what, name) from the last step of a value to its first."""
        found = []
        while value >= 0:
            what, name, value = self._values[value]
            found.append((what, name))
        return found

    def told(self, row: Row) -> Told:
        """All that a binding says, with the bindings of the names it is made of."""
        seen: set[tuple[int, int]] = set()
        return self._told(row, seen)

    def _told(self, row: Row, seen: set[tuple[int, int]]) -> Told:
        owner, _, how, value, field = row
        steps = self._steps(value)
        told: list[object] = [how, field, value < 0 and value]
        told += [(what, self.facts.names[name] if name >= 0 else b"") for what, name in steps]
        for _, name in steps:
            at = owner
            while at >= 0 and name >= 0:
                if (at, name) not in seen:
                    seen.add((at, name))
                    told += [self._told(other, seen) for other in self._local.get((at, name), ())]
                at = self._parents[at]
        return tuple(told)


def words_of(facts: Facts, value: int) -> list[bytes]:
    """All names in a value."""
    _, name, base = facts.values()
    found: list[bytes] = []
    while value >= 0:
        found.append(facts.names[name[value]])
        value = int(base[value])
    return found


def derived(facts: Facts, words: Set[bytes]) -> set[bytes]:
    """Names that other files may mention whose bindings are made of `words`, over any number of local steps."""
    names = facts.names
    hit = np.array([*(name in words for name in names), False], bool)
    if not hit.any():
        return set()
    _, name, base = facts.values()
    owner, bound, _, value, field = facts.bindings()
    containers = np.array([KINDS[kind] in CONTAINERS for kind in facts.definition_kinds] + [True], bool)
    outer = (bound == RESULT) | (field != 0) | containers[owner]
    found: set[bytes] = set()
    size = -1
    while size != int(hit.sum()):
        size = int(hit.sum())
        made = _made_of(hit[name], base)[np.maximum(value, -1)]
        results = owner[made & (bound == RESULT) & (owner >= 0)]
        found.update(facts.definition_names[number] for number in results.tolist())
        found.update(names[number] for number in bound[made & outer & (bound != RESULT)].tolist())
        hit[bound[made & (bound != RESULT)]] = True
    return found


def _made_of(hit: NDArray[np.bool_], base: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which values hold a step that is hit, and False at the end for what is no value."""
    found, size = np.append(hit, False), -1
    while size != int(found.sum()):
        size = int(found.sum())
        found[:-1] |= found[np.maximum(base, -1)]
    return found
