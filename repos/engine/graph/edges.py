"""Runs the linker over every reference and packs the edges into flat arrays, both directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.facts import BLOCK_TEST, REFERENCE_KINDS
from repos.engine.languages.base import CONTAINERS, Manifests
from repos.engine.snapshot.tables import Graph

from .implements import structural
from .meaning import Reader
from .needed import needed, reached
from .overrides import overrides
from .resolve import MODULE, OUTER, SYMBOL, Linker, Meaning
from .rows import CALLS, COLUMNS, IMPORTS, INHERITS, OVERRIDES, REFERENCES, TESTS, Row
from .scope import CERTAIN, GUESS, Unit

BASE = REFERENCE_KINDS.index("base")
CALL = REFERENCE_KINDS.index("call")

FARTHEST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Places:
    """Where nodes and blocks are. `first_symbol` has one entry a file and one more; `block_keys` are file << 32 |
    first line."""

    first_symbol: NDArray[np.int32]
    block_keys: NDArray[np.int64]

    @property
    def symbols(self) -> int:
        return int(self.first_symbol[-1])

    @property
    def nodes(self) -> int:
        return self.symbols + len(self.first_symbol) - 1

    def block_of(self, source: NDArray[np.int32], line: NDArray[np.int32]) -> NDArray[np.int64]:
        file = np.searchsorted(self.first_symbol, source, side="right") - 1
        file = np.where(source >= self.symbols, source - self.symbols, file)
        found: NDArray[np.int64] = np.searchsorted(self.block_keys, (file << 32) | line, side="right") - 1
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """What need not be resolved again: the edges that start in units not in `fresh`, as columns of a Row (shape
    (edges, 6)). The facts of those units need only hold what other files ask of them (see extraction/heads.py).
    For files that resolving the fresh ones has to read, INHERITS and OVERRIDES are found anew in any case."""

    fresh: Set[int]
    rows: NDArray[np.int64]


def link(
    units: Sequence[Unit],
    manifests: dict[str, Manifests],
    places: Places,
    tick: Callable[[int], None],
    known: Known | None = None,
) -> Graph:
    """`tick` is called now and then with the number of files done."""
    linker = Linker(units, manifests)
    read = units
    if known is None:
        rows = _inherited(linker, units)
    else:
        read, rows = _needed(linker, units, known)
    rows += overrides(linker, read)
    rows += structural(linker, read)
    tables: list[NDArray[np.int32]] = []
    for number, unit in enumerate(units):
        if known is not None and unit.number not in known.fresh:
            continue
        _refer(linker, unit, rows, places.symbols)
        _import(linker, unit, rows, places.symbols)
        linker.readers[unit.number].forget()
        if number % 256 == 0:
            tables.append(_taken(rows))
            tick(number)
    tables.append(_taken(rows))
    if known is not None:
        tables.insert(0, _still(linker, read, known).astype(np.int32))
    vars(linker).clear()  # it and its readers hold each other, and would stay until the collector of cycles comes by
    return pack(np.concatenate(tables), places)


def _taken(rows: list[Row]) -> NDArray[np.int32]:
    """As an array, which takes a tenth of the memory; the list is emptied."""
    table = np.array(rows, np.int32).reshape(-1, COLUMNS)
    rows.clear()
    return table


def _needed(linker: Linker, units: Sequence[Unit], known: Known) -> tuple[list[Unit], list[Row]]:
    """The units that resolving the fresh ones has to read, and the edges to base types from these."""
    numbers = needed(linker, units, known.fresh)
    while True:
        read = [unit for unit in units if unit.number in numbers]
        rows = _inherited(linker, read)
        more = {linker.file_of[row[1]] for row in rows} - numbers  # base types that are only guessed
        if not more:
            break
        numbers = reached(linker, numbers, more)
        linker.fields.clear()
        linker.results.clear()
        linker.loose.clear()
        linker.bases.clear()
    # What types of files not read override; structural ones count for nothing there, but these are all read.
    above = _still(linker, read, known)
    linker.overridden.update(above[above[:, 2] == OVERRIDES, 1].tolist())
    return read, rows


def _still(linker: Linker, read: Sequence[Unit], known: Known) -> NDArray[np.int64]:
    """The known edges that were not found anew."""
    again = np.zeros(max(linker.units, default=0) + 1, bool)
    again[[unit.number for unit in read]] = True
    typed = np.flatnonzero(np.isin(known.rows[:, 2], (INHERITS, OVERRIDES)))
    files = np.array(linker.file_of, np.int64)[known.rows[typed, 0]]
    return np.delete(known.rows, typed[again[files]], axis=0)


def _inherited(linker: Linker, units: Sequence[Unit]) -> list[Row]:
    """Base types first: members are looked up through them. While they are found none is known yet, so that the order
    of files does not matter."""
    linker.readers = {unit.number: Reader(linker, unit) for unit in units}
    for unit in units:
        linker.readers[unit.number].collect(_enclosing_types(linker, unit))
    linker.forget()
    rows: list[Row] = []
    bases: dict[int, list[int]] = {}
    for unit in units:
        _inherit(linker, unit, rows, bases)
    linker.bases = bases
    linker.forget()
    return rows


def _inherit(linker: Linker, unit: Unit, rows: list[Row], bases: dict[int, list[int]]) -> None:
    table = unit.facts.references()
    reader = linker.readers[unit.number]
    for name, receiver, _, line, owner, column in table[:, table[2] == BASE].T.tolist():
        source = reader.types[owner] if owner >= 0 else -1  # an impl block stands for its type
        if source < 0:
            continue
        found = reader.mentioned(_outer(linker, unit, owner), name, receiver)
        targets, confidence = _symbols(found)
        targets = [t for t in targets if t != source and linker.kinds[t] in CONTAINERS]
        bases.setdefault(source, []).extend(targets or [OUTER])
        if targets and confidence > CERTAIN:
            linker.loose.add(source)
        rows += [(source, target, INHERITS, confidence, line + 1, column) for target in targets]


def _outer(linker: Linker, unit: Unit, owner: int) -> int:
    """A type's bases are named where it stands, not inside it."""
    parent = linker.parents[unit.first + owner]
    return parent - unit.first if parent >= 0 else -1


def _symbols(found: Meaning | None) -> tuple[list[int], int]:
    if found is None:
        return [], GUESS
    return [thing >> 3 for thing in found[0] if thing & 7 == SYMBOL], found[1]


class _Tests:
    """What is a test: all of a test file, and what is marked as one in another (Rust's `mod tests`)."""

    def __init__(self, linker: Linker, unit: Unit) -> None:
        self.linker, self.unit = linker, unit
        self.marked: NDArray[np.bool_] | None = None
        starts, ends, _, flags = unit.facts.blocks()
        if not unit.test and (flags & BLOCK_TEST).any():
            self.marked = np.zeros(unit.facts.lines + 1, bool)
            for start, end in zip(starts[flags & BLOCK_TEST > 0], ends[flags & BLOCK_TEST > 0], strict=True):
                self.marked[start : end + 1] = True
            self.names = unit.facts.definitions()[2]

    def line(self, line: int) -> bool:
        return self.unit.test or self.marked is not None and bool(self.marked[line])

    def symbol(self, number: int) -> bool:
        file = self.linker.file_of[number]
        if file == self.unit.number and self.marked is not None:
            return bool(self.marked[self.names[number - self.unit.first]])
        return self.linker.units[file].test


def _refer(linker: Linker, unit: Unit, rows: list[Row], symbols: int) -> None:
    reader, memo = linker.readers[unit.number], dict[tuple[int, int, int, bool], tuple[list[int], int]]()
    at_file, tests = symbols + unit.number, _Tests(linker, unit)
    for name, receiver, kind, line, owner, column in zip(*unit.facts.references().tolist(), strict=True):
        if kind == BASE:
            continue
        key = name, receiver, owner, kind == CALL
        found = memo.get(key)
        if found is None:
            meaning = reader.mentioned(owner, name, receiver)
            found = memo[key] = _symbols(reader.run(meaning) if kind == CALL else meaning)
        if not found[0]:
            continue
        source = unit.first + owner if owner >= 0 else at_file
        label = CALLS if kind == CALL else REFERENCES
        for target in found[0]:
            if target != source:
                test = kind == CALL and tests.line(line) and not tests.symbol(target)
                rows.append((source, target, TESTS if test else label, found[1], line + 1, column))


def _import(linker: Linker, unit: Unit, rows: list[Row], symbols: int) -> None:
    """Where imports lead: a member to the file that it is imported from, a module to its own."""
    scope, source = linker.scopes[unit.number], symbols + unit.number
    tables = (scope.imports, scope.local_imports)
    bindings = [binding for table in tables for found in table.values() for binding in found]
    found = {*scope.stars, *linker.readers[unit.number].opened}
    for binding in [*bindings, *scope.dotted.values(), *scope.others]:
        meaning = linker.imported(unit.number, binding)
        modules = [thing >> 3 for thing in meaning[0] if thing & 7 == MODULE] if meaning else []
        found.update((file, binding.line) for file in modules or binding.files[:1])
    rows += [(source, symbols + file, IMPORTS, CERTAIN, line, 0) for file, line in sorted(found) if file != unit.number]


def _enclosing_types(linker: Linker, unit: Unit) -> list[int]:
    """For each definition of a file the type it belongs to, or -1; impl blocks and receivers count as their type."""
    types: list[int] = []
    for local in range(len(unit.facts.definition_names)):
        number = unit.first + local
        if unit.facts.definition_types[local] and number not in linker.open.first:
            types.append(_type_named(linker, unit, unit.facts.definition_types[local]))
        elif linker.kinds[number] == "impl":
            types.append(_type_named(linker, unit, linker.names[number]))
        elif linker.kinds[number] in CONTAINERS:
            types.append(linker.open.first.get(number, number))
        else:
            parent = linker.parents[number]
            types.append(types[parent - unit.first] if parent >= 0 else -1)
    return types


def _type_named(linker: Linker, unit: Unit, name: bytes) -> int:
    found, _ = _symbols(linker.readers[unit.number].plain(name))
    return next((n for n in found if linker.kinds[n] in CONTAINERS), -1)


def pack(table: NDArray[np.int32], places: Places) -> Graph:
    """One edge for each (block, source, target, kind): the first line of the best confidence."""
    source, target, kind, confidence, line, column = table.T
    block = places.block_of(source, line)
    order = np.lexsort((column, line, confidence, kind, target, source, block))
    table, block = table[order], block[order]
    if len(table):
        same = np.all(table[1:, :3] == table[:-1, :3], axis=1) & (block[1:] == block[:-1])
        kept = np.concatenate(([True], ~same))
        table, block = table[kept], block[kept]
    source, target, kind, confidence, line, column = table.T
    back = np.argsort(target, kind="stable")
    return Graph(
        block_starts=np.searchsorted(block, np.arange(len(places.block_keys) + 1)).astype(np.int32),
        sources=source.astype(np.int32),
        targets=target.astype(np.int32),
        kinds=kind.astype(np.uint8),
        confidences=confidence.astype(np.uint8),
        lines=line.astype(np.int32),
        columns=np.minimum(column, FARTHEST).astype(np.uint16),
        incoming_starts=np.searchsorted(target[back], np.arange(places.nodes + 1)).astype(np.int32),
        incoming=back.astype(np.int32),
    )
