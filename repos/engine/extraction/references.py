"""The names a file mentions, where, and what they are members of; and what it imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .facts import REFERENCE_KINDS

if TYPE_CHECKING:
    from repos.engine.languages.base import Import, Language

    from .definitions import Definition
    from .parse import Captures, Lines
    from .values import Values

LONGEST_IMPORT = 20_000


def find_references(
    source: bytes, lines: Lines, captures: Captures, values: Values, owner: NDArray[np.int32]
) -> list[NDArray[np.integer] | list[int]]:
    """-> the columns name, receiver, kind, line, owner, column (see facts.Facts)."""
    spots: dict[int, tuple[int, int]] = {}
    for kind in (2, 0, 1):  # a name that is inherited from, or called, is no plain reference
        for node in captures.get(REFERENCE_KINDS[kind], ()):
            start, end = node.byte_range
            spots.setdefault(start, (end, kind))
    starts = sorted(spots)
    at = np.array(starts, np.int64)
    known = values.names
    names = [known.setdefault(source[start : spots[start][0]], len(known)) for start in starts]
    receivers = values.receivers(at)
    kinds = [spots[start][1] for start in starts]
    rows = lines.of(at)
    return [names, receivers, kinds, rows, owner[at], at - lines.starts[rows]]


def owners(size: int, definitions: Sequence[Definition]) -> NDArray[np.int32]:
    """For each byte, and the end, the innermost definition round it, or -1."""
    owner = np.full(size + 1, -1, np.int32)
    for number, definition in enumerate(definitions):
        if not definition.bare:
            owner[definition.first_byte : definition.last_byte] = number
    return owner


def find_imports(
    source: bytes, language: Language, captures: Captures, owner: NDArray[np.int32]
) -> tuple[list[Import], list[int]]:
    """The imports, and for each the definition it stands in, or -1. `owner` is that of `owners`."""
    found: list[Import] = []
    inside: list[int] = []
    nodes = {(node.start_byte, node.end_byte): node for node in captures.get("import", ())}
    for _, node in sorted(nodes.items()):
        text = source[node.start_byte : node.end_byte][:LONGEST_IMPORT].decode("utf-8", "replace")
        found += language.parse_import(text, node.start_point[0] + 1)
        inside += [int(owner[node.start_byte])] * (len(found) - len(inside))
    return found, inside
