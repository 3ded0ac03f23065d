"""Bytes of files -> facts. The same bytes, language and limits give the same facts, but for the order of terms; no
bytes may crash it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repos.engine import words
from repos.engine.languages import BY_NAME
from repos.engine.types import Limits

from . import postings
from .bindings import find_bindings
from .blocks import Cutter, Span, text_windows
from .counting import Page, count
from .definitions import Definition, find_definitions
from .facts import Facts, encode_counts, pack_rows
from .parse import Captures, Lines, TooSlow, capture
from .references import find_imports, find_references, owners
from .values import Values, own_names

LFS = b"version https://git-lfs.github.com/spec/"


def extract(source: bytes, language: str, limits: Limits) -> Facts:
    """Facts of a file. `language` empty: a file without symbols, cut into windows. `Facts.skipped` tells why there
    are none."""
    return extract_all([(source, language)], limits)[0]


def extract_all(files: Sequence[tuple[bytes, str]], limits: Limits) -> list[Facts]:
    """Facts of files, in their order: what `extract` gives for each, at less cost."""
    found = [Facts(skipped=unusable(source, limits)) for source, _ in files]
    usable = [number for number, facts in enumerate(found) if not facts.skipped]
    pages: dict[int, Page] = {}
    for number, lines in zip(usable, Lines.of_all([files[number][0] for number in usable]), strict=True):
        source, language = files[number]
        try:
            found[number], pages[number] = _code(source, lines, language, limits) if language else _text(lines)
        except TooSlow:
            found[number] = Facts(skipped="too_slow")
    for number, (counts, lengths) in zip(pages, count(list(pages.values())), strict=True):
        found[number].lengths_i4 = pack_rows(*lengths)
        found[number].counts = encode_counts(counts)
    return found


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


def _text(lines: Lines) -> tuple[Facts, Page]:
    blocks = text_windows(lines.solid)
    facts = Facts(lines=len(lines.starts), blocks_i4=_block_rows(blocks))
    return facts, Page(lines, blocks, np.zeros(len(lines.at), np.uint8))


def _block_rows(blocks: list[tuple[int, int, int, int]]) -> bytes:
    return pack_rows(*(list(column) for column in zip(*blocks, strict=True)))


def _code(source: bytes, lines: Lines, name: str, limits: Limits) -> tuple[Facts, Page]:
    """Raises TooSlow."""
    language, captures = BY_NAME[name], capture(source, name, limits)
    classes = _byte_classes(len(source), captures)
    definitions = find_definitions(source, lines, language, captures)
    spans = [Span(d.start, d.end, d.container, d.test) for d in definitions]
    top: list[int] = []
    for number, definition in enumerate(definitions):
        if not definition.bare:
            (spans[definition.parent].children if definition.parent >= 0 else top).append(number)
    blocks = Cutter(spans, lines.solid).file(top)
    owner = owners(len(source), definitions)
    values = Values(source, lines, language, classes == postings.CODE, own_names(definitions))
    references = find_references(source, lines, captures, values, owner)
    bindings = find_bindings(source, captures, values)
    imports, import_owners = find_imports(source, language, captures, owner)
    facts = Facts(
        lines=len(lines.starts),
        blocks_i4=_block_rows(blocks),
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
        name_columns_i4=pack_rows([d.name_column for d in definitions]),
        names=list(values.names),
        references_i4=pack_rows(*references),
        values_i4=_columns(values.rows(), 3),
        bindings_i4=_columns([(int(owner[at]), *row) for at, *row in bindings], 5),
        imports=imports,
        import_owners=import_owners,
    )
    return facts, Page(lines, blocks, classes[lines.at], _names_of_blocks(blocks, definitions))


def _columns(rows: Sequence[Sequence[int]], width: int) -> bytes:
    return pack_rows(*np.array(rows, np.int64).reshape(-1, width).T)


def _byte_classes(size: int, captures: Captures) -> NDArray[np.uint8]:
    """For each byte: code, comment or string."""
    classes = np.zeros(size, np.uint8)
    for name, kind in (("string", postings.STRING), ("doc", postings.COMMENT), ("comment", postings.COMMENT)):
        for node in captures.get(name, ()):
            start, end = node.byte_range
            classes[start:end] = kind
    return classes


def _names_of_blocks(
    blocks: list[tuple[int, int, int, int]], definitions: Sequence[Definition]
) -> list[tuple[bytes, int]]:
    """A block also counts its own name once more, and the names round it."""
    # A name need not be one word: Ruby's `empty?` and `==`, Kotlin's names between backticks.
    spoken = [words.words_of(d.name + b" " + d.type_name) for d in definitions]
    named = []
    for number, (_, _, owner, _) in enumerate(blocks):
        while owner >= 0:
            named += [(word, number) for word in spoken[owner]]
            owner = definitions[owner].parent
    return named
