"""The tables inside a snapshot: what its sections are called, and how they look when open."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .container import Container, Packed, Part

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]


def strings(name: str, values: Iterable[bytes]) -> dict[str, Part]:
    """A table of byte strings as two sections."""
    items = list(values)
    ends = np.cumsum([0, *map(len, items)]).astype(np.int64)
    return {name: Packed(b"".join(items)), f"{name}.at": Packed(ends, running=True)}


class Strings:
    """A table of byte strings."""

    def __init__(self, container: Container, name: str) -> None:
        self._bytes = container.array(name).tobytes()
        self._at = container.array(f"{name}.at").data  # single items come out of it quicker than of the array

    def __len__(self) -> int:
        return len(self._at) - 1

    def __getitem__(self, index: int) -> bytes:
        return self._bytes[self._at[index] : self._at[index + 1]]

    def whole(self) -> tuple[bytes, NDArray[np.int64]]:
        """All values end to end, and where each begins and the last one ends."""
        return self._bytes, np.asarray(self._at)

    def lower(self) -> Strings:
        found = copy(self)
        found._bytes = self._bytes.lower()
        return found

    def holding(self, part: bytes, most: int) -> list[int]:
        """Indices of values that hold `part`, at most `most`."""
        found: list[int] = []
        at = self._bytes.find(part)
        while at >= 0 and len(found) < most:
            index = bisect_right(self._at, at) - 1
            if at + len(part) <= self._at[index + 1]:
                found.append(index)
                at = self._bytes.find(part, self._at[index + 1])
            else:
                at = self._bytes.find(part, at + 1)
        return found

    def find(self, value: bytes) -> int:
        """The index of a value in a sorted table, or -1."""
        low = bisect_left(self, value)
        return low if low < len(self) and self[low] == value else -1


def names(values: Sequence[bytes]) -> dict[str, Part]:
    """The names of symbols: each once, in order of its lower-case form; which one a symbol has; and the symbols in
    order of their names."""
    distinct = sorted(set(values), key=lambda name: (name.lower(), name))
    place = {name: number for number, name in enumerate(distinct)}
    own = np.fromiter(map(place.__getitem__, values), np.int32, len(values))
    return {
        **strings("symbols.names", distinct),
        "symbols.name": Packed(own),
        "symbols.by_name": Packed(np.argsort(own, kind="stable").astype(np.int32)),
    }


class Names:
    """The name of each symbol."""

    def __init__(self, distinct: Strings, own: Ints) -> None:
        self._distinct, self._own = distinct, own.data

    def __len__(self) -> int:
        return len(self._own)

    def __getitem__(self, symbol: int) -> bytes:
        return self._distinct[self._own[symbol]]

    def whole(self) -> tuple[bytes, NDArray[np.int64]]:
        """All names end to end, and where each begins and the last one ends."""
        distinct = [self._distinct[number] for number in range(len(self._distinct))]
        found = [distinct[number] for number in self._own.tolist()]
        return b"".join(found), np.cumsum([0, *map(len, found)], dtype=np.int64)


class LowerNames:
    """The lower-case names of symbols in their order; a place is one in `Symbols.by_name`."""

    def __init__(self, distinct: Strings, own: Ints) -> None:
        self._distinct, self._own = distinct, np.sort(own).data

    def __len__(self) -> int:
        return len(self._own)

    def __getitem__(self, place: int) -> bytes:
        return self._distinct[self._own[place]].lower()

    def holding(self, part: bytes, most: int) -> list[int]:
        """Places of names that hold `part` (in lower case), at most `most`."""
        found: list[int] = []
        for number in self._distinct.lower().holding(part, most):
            found += range(bisect_left(self._own, number), bisect_right(self._own, number))
        return found[:most]


@dataclass(frozen=True)
class Files:
    paths: list[str]
    languages: Bytes
    roles: Bytes
    lines: Ints
    first_block: Ints  # one more entry than files; so has first_symbol
    first_symbol: Ints


@dataclass(frozen=True)
class Symbols:
    names: Names
    type_names: Strings
    kinds: Bytes
    parents: Ints
    starts: Ints
    ends: Ints
    name_lines: Ints
    signature_ends: Ints
    by_name: Ints  # symbol numbers in order of their lower-case name
    lower_names: LowerNames  # the lower-case names in that order


@dataclass(frozen=True)
class Blocks:
    starts: Ints
    ends: Ints
    symbols: Ints
    flags: Bytes
    files: Ints
    lengths: NDArray[np.float32]  # shape (3, blocks): terms of code, comments, strings


@dataclass(frozen=True)
class Graph:
    """Edges in order of the block they start in: those of block b are `block_starts[b]` to `block_starts[b + 1]`.
    Nodes are symbols, then files. `incoming` lists edge numbers by target node."""

    block_starts: Ints
    sources: Ints
    targets: Ints
    kinds: Bytes
    confidences: Bytes
    lines: Ints
    columns: NDArray[np.uint16]  # of the name, in bytes; 65,535 for any further to the right
    incoming_starts: Ints
    incoming: Ints


GRAPH_SECTIONS = tuple(Graph.__dataclass_fields__)
_RUNNING = ("block_starts", "incoming_starts")


def graph_sections(graph: Graph) -> dict[str, Part]:
    return {f"graph.{name}": Packed(getattr(graph, name), name in _RUNNING) for name in GRAPH_SECTIONS}


class StoredGraph(Graph):
    """Reads a column when it is first asked for: a slice needs half of them."""

    def __init__(self, container: Container) -> None:
        object.__setattr__(self, "_container", container)

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name not in GRAPH_SECTIONS:
            raise AttributeError(name)
        box: Container = self.__dict__["_container"]
        found = box.array(f"graph.{name}")
        object.__setattr__(self, name, found)
        return found
