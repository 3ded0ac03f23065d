"""The names a file mentions, where, and what stands before them; and what it imports."""

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

NO_QUALIFIER, SOME_EXPRESSION = -1, -2
LONGEST_IMPORT = 20_000
CONNECTING = frozenset({b".", b"\\", b"::", b"?.", b"&.", b"!.", b"->", b"?->"})
DOT, COLON, DASH, GREATER, BACKSLASH = b".:->\\"
SELF = b"self"


def find_references(
    source: bytes, lines: Lines, language: Language, captures: Captures, definitions: Sequence[Definition]
) -> tuple[list[bytes], list[NDArray[np.integer] | list[int]]]:
    """-> names, and the columns name, qualifier, kind, line, owner, column (see facts.Facts). A qualifier that means
    the instance of the enclosing type is written `self`, whatever the language calls it."""
    spots: dict[int, tuple[int, int]] = {}
    for kind in (2, 0, 1):  # a name that is inherited from, or called, is no plain reference
        for node in captures.get(REFERENCE_KINDS[kind], ()):
            spots.setdefault(node.start_byte, (node.end_byte, kind))
    starts = sorted(spots)
    at = np.array(starts, np.int64)
    owners = _owners(len(source), definitions, at)
    table: dict[bytes, int] = {}
    names: list[int] = []
    qualifiers: list[int] = []
    for start, owner, before in zip(starts, owners.tolist(), _before(source, lines, at), strict=True):
        names.append(table.setdefault(source[start : spots[start][0]], len(table)))
        if before is None:
            qualifiers.append(NO_QUALIFIER)
        elif not before:
            qualifiers.append(SOME_EXPRESSION)
        else:
            if before in language.self_names or (owner >= 0 and before == definitions[owner].self_name):
                before = SELF
            qualifiers.append(table.setdefault(before, len(table)))
    kinds = [spots[start][1] for start in starts]
    rows = lines.of(at)
    return [*table], [names, qualifiers, kinds, rows, owners, at - lines.starts[rows]]


def _owners(size: int, definitions: Sequence[Definition], starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """The innermost definition round each offset, or -1."""
    owner = np.full(size + 1, -1, np.int32)
    for number, definition in enumerate(definitions):
        if not definition.bare:
            owner[definition.first_byte : definition.last_byte] = number
    return owner[starts]


def _before(source: bytes, lines: Lines, starts: NDArray[np.int64]) -> list[bytes | None]:
    """For each name the word that qualifies it: `a` in `a.b`, empty for some other expression, None for none."""
    data = np.frombuffer(source, np.uint8)
    last, second = data[np.maximum(starts - 1, 0)], data[np.maximum(starts - 2, 0)]
    pointed = (last == COLON) & (second == COLON) | (last == GREATER) & (second == DASH)
    qualified = ((last == DOT) | (last == BACKSLASH) | pointed) & (starts > 1)
    found: list[bytes | None] = [None] * len(starts)
    places = np.flatnonzero(qualified)
    words = np.searchsorted(lines.at, starts[places]) - 1
    gaps = starts[places] - lines.ends[np.maximum(words, 0)]
    for place, word, gap in zip(places.tolist(), words.tolist(), gaps.tolist(), strict=True):
        start = starts[place]
        near = word >= 0 and gap <= 3 and source[start - gap : start] in CONNECTING
        found[place] = lines.words[word] if near else b""
    return found


def find_imports(source: bytes, lines: Lines, language: Language, captures: Captures) -> list[Import]:
    found: list[Import] = []
    nodes = {(node.start_byte, node.end_byte): node for node in captures.get("import", ())}
    for _, node in sorted(nodes.items()):
        text = source[node.start_byte : node.end_byte][:LONGEST_IMPORT].decode("utf-8", "replace")
        found += language.parse_import(text, node.start_point[0] + 1)
    return found
