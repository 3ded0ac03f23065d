"""Bytes of one file -> facts. The same bytes, language and limits give the same facts, but for the order of
terms; no bytes may crash it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repos.engine.languages import BY_NAME
from repos.engine.languages.base import Language
from repos.engine.types import Limits

from . import postings
from .blocks import Cutter, Span, text_windows
from .definitions import Definition, find_definitions
from .facts import Facts, pack_rows
from .parse import Captures, Lines, TooSlow, capture
from .references import find_imports, find_references

LFS = b"version https://git-lfs.github.com/spec/"


def extract(source: bytes, language: str, limits: Limits) -> Facts:
    """Facts of a file. `language` empty: a file without symbols, cut into windows. `Facts.skipped` tells why there
    are none."""
    reason = unusable(source, limits)
    if reason:
        return Facts(skipped=reason)
    lines = Lines(source)
    if not language:
        return _text(source, lines)
    try:
        captures = capture(source, language, limits)
    except TooSlow:
        return Facts(skipped="too_slow")
    return _code(source, lines, BY_NAME[language], captures)


def unusable(source: bytes, limits: Limits) -> str:
    """A reason not to read on, or an empty string."""
    if len(source) > limits.file_bytes:
        return "too_large"
    if source.startswith(LFS):
        return "lfs_pointer"
    if b"\0" in source[:8192] or b"\0" in source:
        return "binary"
    longest = max(map(len, source.split(b"\n")), default=0)
    if longest > limits.line_bytes or len(source) > limits.mean_line_bytes * (source.count(b"\n") + 1):
        return "long_lines"
    return ""


def _text(source: bytes, lines: Lines) -> Facts:
    blocks = text_windows(lines.solid)
    kinds = np.zeros(len(lines.words), np.int64)
    return _with_postings(Facts(lines=len(lines.starts)), lines, blocks, kinds, [])


def _code(source: bytes, lines: Lines, language: Language, captures: Captures) -> Facts:
    classes = _byte_classes(len(source), captures)
    definitions = find_definitions(source, lines, language, captures)
    spans = [Span(d.start, d.end, d.container, d.test) for d in definitions]
    top: list[int] = []
    for number, definition in enumerate(definitions):
        if not definition.bare:
            (spans[definition.parent].children if definition.parent >= 0 else top).append(number)
    blocks = Cutter(spans, lines.solid).file(top)
    names, rows = find_references(source, lines, language, captures, definitions)
    facts = Facts(
        lines=len(lines.starts),
        definition_names=[d.name for d in definitions],
        definition_types=[d.type_name for d in definitions],
        definition_kinds=bytes(d.kind for d in definitions),
        definitions_i4=pack_rows(
            [d.start for d in definitions],
            [d.end for d in definitions],
            [d.name_line for d in definitions],
            [d.signature_end for d in definitions],
            [d.parent for d in definitions],
        ),
        names=names,
        references_i4=pack_rows(*rows),
        imports=find_imports(source, lines, language, captures),
    )
    return _with_postings(facts, lines, blocks, classes[lines.at].astype(np.int64), definitions)


def _byte_classes(size: int, captures: Captures) -> NDArray[np.uint8]:
    """For each byte: code, comment or string."""
    classes = np.zeros(size, np.uint8)
    for name, kind in (("string", postings.STRING), ("doc", postings.COMMENT), ("comment", postings.COMMENT)):
        for node in captures.get(name, ()):
            classes[node.start_byte : node.end_byte] = kind
    return classes


def _with_postings(
    facts: Facts,
    lines: Lines,
    blocks: list[tuple[int, int, int, int]],
    classes: NDArray[np.int64],
    definitions: Sequence[Definition],
) -> Facts:
    block_of_line = np.full(len(lines.starts), -1, np.int64)
    for number, (start, end, _, _) in enumerate(blocks):
        block_of_line[start : end + 1] = number
    found, at = list(lines.words), [block_of_line[lines.word_lines]]
    kinds = [classes]
    named = _names_of_blocks(blocks, definitions)
    found += [word for word, _ in named]
    at.append(np.array([block for _, block in named], np.int64))
    kinds.append(np.zeros(len(named), np.int64))
    terms, term, block, code, lengths = postings.count_terms(
        found, np.concatenate(at), np.concatenate(kinds), len(blocks)
    )
    facts.blocks_i4 = pack_rows(*(list(column) for column in zip(*blocks, strict=True)))
    facts.terms, facts.postings_i4, facts.lengths_i4 = terms, pack_rows(term, block, code), pack_rows(*lengths.T)
    return facts


def _names_of_blocks(
    blocks: list[tuple[int, int, int, int]], definitions: Sequence[Definition]
) -> list[tuple[bytes, int]]:
    """A block also counts its own name once more, and the names round it."""
    named = []
    for number, (_, _, owner, _) in enumerate(blocks):
        while owner >= 0:
            definition = definitions[owner]
            named.append((definition.name, number))
            if definition.type_name:
                named.append((definition.type_name, number))
            owner = definition.parent
    return named
