"""The tables inside a snapshot: what its sections are called, and how they look when open."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .container import Container, Part

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]


def strings(name: str, values: Iterable[bytes]) -> dict[str, Part]:
    """A table of byte strings as two sections."""
    items = list(values)
    ends = np.cumsum([0, *map(len, items)]).astype(np.uint32)
    return {name: b"".join(items), f"{name}.at": ends}


class Strings:
    """A table of byte strings, read in place."""

    def __init__(self, container: Container, name: str) -> None:
        self._bytes = container.array(name).tobytes()
        self._at = container.array(f"{name}.at").data  # single items come out of it quicker than of the array

    def __len__(self) -> int:
        return len(self._at) - 1

    def __getitem__(self, index: int) -> bytes:
        return self._bytes[self._at[index] : self._at[index + 1]]

    def whole(self) -> tuple[bytes, NDArray[np.uint32]]:
        """All values end to end, and where each begins and the last one ends."""
        return self._bytes, np.asarray(self._at)

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
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self[middle] < value:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self[low] == value else -1


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
    names: Strings
    type_names: Strings
    kinds: Bytes
    parents: Ints
    starts: Ints
    ends: Ints
    name_lines: Ints
    signature_ends: Ints
    by_name: Ints  # symbol numbers in order of their lower-case name
    lower_names: Strings  # the lower-case names in that order


@dataclass(frozen=True)
class Blocks:
    starts: Ints
    ends: Ints
    symbols: Ints
    flags: Bytes
    files: Ints
    lengths: NDArray[np.float32]  # shape (3, blocks): terms of code, comments, strings


@dataclass(frozen=True)
class Terms:
    words: Strings
    starts: NDArray[np.uint32]
    blocks: NDArray[np.uint16] | NDArray[np.uint32]
    codes: Bytes
    stems: Strings  # only those that several terms share, or that differ from their term
    stem_starts: Ints
    stem_terms: Ints


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
