"""Building on the snapshot before: unchanged files keep their rows and terms, and most of them their edges.

Files stay in order of their paths, so that the numbers of symbols and blocks only shift, and what is in order stays so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.facts import Facts
from repos.engine.extraction.heads import head
from repos.engine.extraction.postings import Postings
from repos.engine.graph.edges import Known, link
from repos.engine.graph.resolve import Unit
from repos.engine.languages import language_of
from repos.engine.snapshot.tables import Graph

from . import assemble, terms
from .affected import Affected, meanings
from .columns import Columns, Entry, gather, runs, splice
from .manifests import FamilyFiles, as_manifests, family_files
from .past import Base
from .reading import Run, Wanted

Numbers = NDArray[np.int64]
LEAST_KEPT = 0.5  # share of the files below which building anew costs no more


@dataclass(slots=True)
class Made:
    """All that a snapshot is written from. `heads` are in the order of the columns' files; `unusable` has
    (path, key, reason)."""

    columns: Columns
    postings: Postings
    edges: Graph
    heads: list[Facts]
    unusable: list[tuple[str, str, str]]


def units_of(columns: Columns, languages: Sequence[str], facts: Sequence[Facts]) -> list[Unit]:
    first, tests = columns.first_symbol.tolist(), columns.tests()
    return [
        Unit(number, columns.paths[number], language, tests[number], facts[number], first[number])
        for number, language in enumerate(languages)
        if language
    ]


def build_on(base: Base | None, run: Run, wanted: Sequence[Wanted]) -> Made | None:
    """What a build without a base gives; None when there is too little to take over."""
    if base is None:
        return None
    same = {item.file.path for item in wanted if base.key_of(item.file.path) == item.key}
    if len(same) < LEAST_KEPT * len(wanted):
        return None
    loaded = run.load([item for item in wanted if item.file.path not in same])
    mix = _Mix.of(base, same, loaded.entries, loaded.postings)
    again = mix.affected()
    if again is None or len(same) - len(again) < LEAST_KEPT * len(wanted):
        return None
    more = run.load([item for item in wanted if item.file.path in again])
    rows = mix.edges(again)
    if more.unusable or rows is None:
        return None
    full = {entry.file.path: entry.facts for entry in more.entries}
    units = [Unit(u.number, u.path, u.language, u.test, full.get(u.path, u.facts), u.first) for u in mix.units]
    fresh = {unit.number for unit in units if unit.path not in same or unit.path in again}
    manifests, places = as_manifests(mix.manifests), assemble.places(mix.columns)
    edges = link(units, manifests, places, lambda done: run.tell("resolve", done, len(units)), Known(fresh, rows))
    unusable = [(path, key, why) for path, (key, why) in base.skipped.items() if path in same]
    return Made(mix.columns, mix.postings(), edges, mix.heads, unusable + loaded.unusable)


@dataclass(slots=True)
class _Mix:
    """The new tree: the base's unchanged files and the changed ones. `origins` says of each file whether it is from the
    base (0) or changed (1), and its number there; `facts` of files from the base are their heads."""

    base: Base
    entries: list[Entry]
    old_units: list[Unit]
    origins: NDArray[np.int64]
    columns: Columns
    heads: list[Facts]
    units: list[Unit]
    manifests: dict[str, FamilyFiles]
    fresh: Postings  # of the changed files

    @classmethod
    def of(cls, base: Base, same: set[str], entries: list[Entry], fresh: Postings) -> _Mix:
        numbers = [(path, 0, number) for path, number in base.numbers.items() if path in same]
        numbers += [(entry.file.path, 1, number) for number, entry in enumerate(entries)]
        order = [(which, number) for _, which, number in sorted(numbers)]
        columns = splice(base.columns, gather(entries), runs(order))
        facts = base.facts()
        mixed = [entries[n].facts if which else facts[n] for which, n in order]
        units = units_of(columns, [entries[n].language if w else base.past.languages[n] for w, n in order], mixed)
        return cls(
            base=base,
            entries=entries,
            old_units=units_of(base.columns, base.past.languages, facts),
            origins=np.array(order, np.int64).reshape(-1, 2),
            columns=columns,
            heads=[head(entries[n].facts) if which else base.past.heads[n] for which, n in order],
            units=units,
            manifests=family_files(units, columns),
            fresh=fresh,
        )

    def affected(self) -> set[str] | None:
        """Paths of unchanged files whose edges have to be found again; None: of all."""
        changed = {entry.file.path for entry in self.entries}
        kept = [unit for unit in self.units if unit.path not in changed]
        still = {unit.path for unit in kept}
        gone = {unit.path: unit.facts for unit in self.old_units if unit.path not in still}
        new = {unit.path: unit.facts for unit in self.units if unit.path in changed}
        found = Affected()
        for path in gone.keys() | new.keys():
            found.compare(gone.get(path), new.get(path), language_of(path))
        known = {unit.path for unit in self.old_units}
        found.place(known.symmetric_difference(unit.path for unit in self.units))
        both = [unit for unit in self.units if unit.path in known]
        found.lead(both, family_files(self.old_units, self.base.columns), self.manifests)
        found.spread(kept, [*gone.values(), *new.values()])
        return None if found.everything else found.files - changed

    def edges(self, again: set[str]) -> Numbers | None:
        """The edges that start in unchanged files but those, with new numbers; None when one leads nowhere now."""
        graph, first = self.base.snapshot.graph, self.base.columns.first_symbol
        new, old = self._kept()
        kept = np.zeros(len(self.base.columns), bool)
        kept[[number for number in old.tolist() if self.base.columns.paths[number] not in again]] = True
        now = {path: number for number, path in enumerate(self.columns.paths)}
        files = np.array([now.get(path, -1) for path in self.base.columns.paths], np.int64).reshape(-1)
        files[files >= 0] += int(self.columns.first_symbol[-1])
        nodes = np.concatenate((self._symbols(), files))
        inside = np.concatenate((np.repeat(kept, np.diff(first)), kept))[graph.sources]
        rows = (nodes[graph.sources], nodes[graph.targets], graph.kinds, graph.confidences, graph.lines, graph.columns)
        found = np.stack([np.asarray(row, np.int64) for row in rows], axis=1)[inside]
        return None if (found[:, 1] < 0).any() else found

    def postings(self) -> Postings:
        new, old = self._kept()
        fresh = np.flatnonzero(self.origins[:, 0] == 1)
        first = self.columns.first_block
        blocks = _shifted(self.base.columns.first_block, first, old, new)
        own = gather(self.entries).first_block
        fresh_blocks = _shifted(own, first, self.origins[fresh, 1], fresh)
        return terms.splice(self.base.snapshot.terms.all(), blocks, self.fresh, fresh_blocks)

    def _kept(self) -> tuple[Numbers, Numbers]:
        """The unchanged files' numbers in the new tree and in the base."""
        new = np.flatnonzero(self.origins[:, 0] == 0)
        return new, self.origins[new, 1]

    def _symbols(self) -> Numbers:
        """New numbers of the base's symbols, -1 for those that are gone."""
        new, old = self._kept()
        found = _shifted(self.base.columns.first_symbol, self.columns.first_symbol, old, new)
        past = {unit.path: unit for unit in self.old_units}
        for unit in self.units:
            was = past.get(unit.path)
            if was is not None and self.origins[unit.number, 0] == 1:
                _match(found, was, unit)
        return found


def _shifted(old_first: NDArray[np.int32], new_first: NDArray[np.int32], old: Numbers, new: Numbers) -> Numbers:
    """New numbers of the rows of some files, -1 for all others. `old` and `new` are numbers of the same files."""
    found = np.full(int(old_first[-1]), -1, np.int64)
    sizes = np.diff(old_first)[old]
    at = np.repeat(old_first[old] - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    found[at] = at + np.repeat(new_first[new].astype(np.int64) - old_first[old], sizes)
    return found


def _match(found: Numbers, was: Unit, unit: Unit) -> None:
    """The definitions of a changed file that mean what they did."""
    before, after = meanings(was.facts), meanings(unit.facts)
    places: dict[bytes, list[int]] = {}
    for number, name in enumerate(unit.facts.definition_names):
        places.setdefault(name, []).append(unit.first + number)
    seen: dict[bytes, int] = {}
    for number, name in enumerate(was.facts.definition_names):
        at = seen[name] = seen.get(name, -1) + 1
        if before[name] == after.get(name):
            found[was.first + number] = places[name][at]
