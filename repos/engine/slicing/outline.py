"""Signatures: of what the pieces of a slice call, and of a whole repository as a map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from repos.engine.snapshot.file import Snapshot
from repos.engine.types import CONFIDENCES, EDGE_KINDS, Confidence, SliceItem

from . import signals
from .render import Piece, path_text, signature_text
from .tokens import count

SMALLEST = 12  # tokens below which nothing more is tried
NEIGHBOURS_OF = 12  # best pieces whose neighbours are shown
MOST_NEIGHBOURS = 60
WIDEST = 300  # letters of a signature
TALLEST = 12  # lines of one


def inside_of(snapshot: Snapshot, symbol: int, start: int, end: int) -> str:
    """The qualified name of what stands round some lines: of the symbol itself when its name is not among them."""
    return around(snapshot, symbol, snapshot.qualified(symbol), start, end) if symbol >= 0 else ""


def around(snapshot: Snapshot, symbol: int, name: str, start: int, end: int) -> str:
    """The same for a symbol whose qualified name is known."""
    return name.rpartition(".")[0] if start <= int(snapshot.symbols.name_lines[symbol]) <= end else name


def neighbours_of(snapshot: Snapshot, chosen: Sequence[int]) -> Iterator[Piece]:
    """Signatures of what the best blocks call or use and do not show: surest and most particular first."""
    at, graph, degree, shown = (
        signals.block_of_symbol(snapshot),
        snapshot.graph,
        signals.in_degree(snapshot),
        set(chosen),
    )
    found: dict[int, tuple[float, str, Confidence]] = {}
    for place, block in enumerate(chosen[:NEIGHBOURS_OF]):
        for edge in signals.edges_of_block(snapshot, block):
            target = int(graph.targets[edge])
            if target >= len(at) or int(at[target]) in shown or graph.confidences[edge] > 1:
                continue
            worth = float(signals.CONFIDENCE_WEIGHT[graph.confidences[edge]] / degree[target]) / (1 + place)
            kind = EDGE_KINDS[graph.kinds[edge]]
            file = path_text(snapshot.files.paths[int(snapshot.blocks.files[block])])
            reason = f"{'called' if kind in ('calls', 'tests') else 'used'} at {file}:{int(graph.lines[edge])}"
            if worth > found.get(target, (0.0,))[0]:
                found[target] = worth, reason, CONFIDENCES[graph.confidences[edge]]
    for symbol in sorted(found, key=lambda s: (-found[s][0], s))[:MOST_NEIGHBOURS]:
        piece = signature(snapshot, symbol, found[symbol][1], found[symbol][2])
        if piece is not None:
            yield piece


def signature(snapshot: Snapshot, symbol: int, reason: str, confidence: Confidence) -> Piece | None:
    symbols = snapshot.symbols
    file = snapshot.file_of_symbol(symbol)
    start, end = int(symbols.name_lines[symbol]), int(symbols.signature_ends[symbol])
    source = " ".join(snapshot.lines(file, start, max(start, min(end, start + TALLEST))).split())[:WIDEST]
    if not source:
        return None
    inside = inside_of(snapshot, symbol, start, start)
    item = SliceItem(
        path=snapshot.files.paths[file],
        start=start,
        end=max(start, end),
        symbol=snapshot.qualified(symbol),
        kind=snapshot.kind(symbol),
        score=0.0,
        reason=reason,
        confidence=confidence,
        form="signature",
    )
    return Piece(item, inside, source, count(signature_text(item.path, start, inside, source)), file)


def overview(snapshot: Snapshot, budget: int, prefixes: tuple[str, ...] = ()) -> list[Piece]:
    """The map of a repository: signatures of what the rest of it uses most. For a task that matches nothing."""
    at = signals.block_of_symbol(snapshot)
    degree = np.diff(snapshot.graph.incoming_starts)[: len(at)].astype(np.float64)
    files = snapshot.blocks.files[at] if len(at) else np.zeros(0, np.int32)
    degree[snapshot.files.roles[files] != 0] = -1
    pieces: list[Piece] = []
    for symbol in np.argsort(-degree, kind="stable").tolist():
        inside = snapshot.files.paths[int(files[symbol])].startswith(prefixes) if prefixes else True
        if degree[symbol] < 0 or budget < SMALLEST:
            break
        if not inside:
            continue
        piece = signature(snapshot, symbol, f"used in {int(degree[symbol])} places", "guess")
        if piece is not None and piece.tokens <= budget:
            pieces.append(piece)
            budget -= piece.tokens
    return pieces
