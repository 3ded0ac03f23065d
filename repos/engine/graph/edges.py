"""Runs the linker over every reference and packs the edges into flat arrays, both directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.facts import REFERENCE_KINDS
from repos.engine.extraction.references import NO_QUALIFIER, SELF, SOME_EXPRESSION
from repos.engine.languages.base import CONTAINERS, Manifests
from repos.engine.snapshot.tables import Graph
from repos.engine.types import EDGE_KINDS

from .resolve import CERTAIN, Found, Linker, Unit

BASE = REFERENCE_KINDS.index("base")
CALL = REFERENCE_KINDS.index("call")
IMPORTS, CALLS, REFERENCES, INHERITS, OVERRIDES, TESTS = range(len(EDGE_KINDS))


FARTHEST = 0xFFFF
Row = tuple[int, int, int, int, int, int]  # source, target, kind, confidence, line, column
COLUMNS = 6


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

    def block_of(self, source: NDArray[np.int64], line: NDArray[np.int64]) -> NDArray[np.int64]:
        file = np.searchsorted(self.first_symbol, source, side="right") - 1
        file = np.where(source >= self.symbols, source - self.symbols, file)
        found: NDArray[np.int64] = np.searchsorted(self.block_keys, (file << 32) | line, side="right") - 1
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """What need not be resolved again: the edges that start in units not in `fresh`, as columns of a Row (shape
    (edges, 6)). The facts of those units need only hold what other files ask of them (see extraction/heads.py)."""

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
    symbols = places.symbols
    linker = Linker(units, manifests)
    rows: list[Row] = []
    for unit in units:
        inherited: list[Row] = []
        _inherit(linker, unit, inherited)
        if known is None or unit.number in known.fresh:
            rows += inherited
    for number, unit in enumerate(units):
        if known is not None and unit.number not in known.fresh:
            continue
        _refer(linker, unit, rows, symbols)
        rows += [
            (symbols + unit.number, symbols + file, IMPORTS, CERTAIN, line, 0)
            for file, line in linker.scopes[unit.number].imported
        ]
        if number % 256 == 0:
            tick(number)
    table = np.array(rows, np.int64).reshape(-1, COLUMNS)
    return pack(table if known is None else np.concatenate([known.rows, table]), places)


def _inherit(linker: Linker, unit: Unit, rows: list[Row]) -> None:
    """Base types first: members are looked up through them."""
    names, (name, qualifier, kind, line, owner, column) = unit.facts.names, unit.facts.references()
    types = _enclosing_types(linker, unit) if (kind == BASE).any() else []
    for row in np.flatnonzero(kind == BASE).tolist():
        if owner[row] < 0:
            continue
        source = types[int(owner[row])]  # an impl block stands for its type
        if source < 0:
            continue
        found, confidence = linker.find(unit.number, names[name[row]], _word(names, int(qualifier[row])), -1)
        for target in found:
            if target != source and linker.kinds[target] in CONTAINERS:
                linker.bases.setdefault(source, []).append(target)
                rows.append((source, target, INHERITS, confidence, int(line[row]) + 1, int(column[row])))


def _word(names: list[bytes], index: int) -> bytes | None:
    return None if index == NO_QUALIFIER else b"" if index == SOME_EXPRESSION else names[index]


def _refer(linker: Linker, unit: Unit, rows: list[Row], symbols: int) -> None:
    names, (name, qualifier, kind, line, owner, column) = unit.facts.names, unit.facts.references().tolist()
    memo: dict[tuple[int, int, int], Found] = {}
    types = _enclosing_types(linker, unit)
    self_ = names.index(SELF) if SELF in names else -9
    at_file = symbols + unit.number
    for n, q, k, at, own, col in zip(name, qualifier, kind, line, owner, column, strict=True):
        if k == BASE:
            continue
        type_ = types[own] if own >= 0 and (q in (self_, NO_QUALIFIER)) else -1
        key = (n, q, type_)
        found = memo.get(key)
        if found is None:
            found = memo[key] = linker.find(unit.number, names[n], _word(names, q), type_)
        if not found[0]:
            continue
        source = unit.first + own if own >= 0 else at_file
        label = CALLS if k == CALL else REFERENCES
        for target in found[0]:
            if target != source:
                test = k == CALL and unit.test and not linker.units[linker.file_of[target]].test
                rows.append((source, target, TESTS if test else label, found[1], at + 1, col))


def _enclosing_types(linker: Linker, unit: Unit) -> list[int]:
    """For each definition of a file the type it belongs to, or -1; impl blocks and receivers count as their type."""
    types: list[int] = []
    for local in range(len(unit.facts.definition_names)):
        number = unit.first + local
        if unit.facts.definition_types[local]:
            types.append(_type_named(linker, unit, unit.facts.definition_types[local]))
        elif linker.kinds[number] == "impl":
            types.append(_type_named(linker, unit, linker.names[number]))
        elif linker.kinds[number] in CONTAINERS:
            types.append(number)
        else:
            parent = linker.parents[number]
            types.append(types[parent - unit.first] if parent >= 0 else -1)
    return types


def _type_named(linker: Linker, unit: Unit, name: bytes) -> int:
    found, _ = linker.find(unit.number, name, None, -1)
    return next((n for n in found if linker.kinds[n] in CONTAINERS), -1)


def pack(table: NDArray[np.int64], places: Places) -> Graph:
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
