"""Fills the budget: whole blocks in order of score, leaving out those that do not fit; then signatures of their
neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from repos.engine.snapshot.file import Snapshot
from repos.engine.types import CONFIDENCES, EDGE_KINDS, Confidence, SliceItem

from . import signals
from .rank import Ranking
from .render import Piece, item_text, path_text, signature_text
from .tokens import count, count_up_to

SMALLEST = 16  # tokens below which nothing more is tried
MOST_MISSES = 60
MOST_LETTERS = 8  # a token of source has fewer on average
SIGNATURE_SHARE = 0.02  # of the budget, kept for signatures
MOST_SIGNATURE_TOKENS = 400
NEIGHBOURS_OF = 12  # best items whose neighbours are shown
MOST_NEIGHBOURS = 60


def pack(snapshot: Snapshot, ranking: Ranking, budget: int, *, neighbours: bool) -> list[Piece]:
    """Pieces in order of priority, whose token counts add up to at most `budget`."""
    kept = min(int(budget * SIGNATURE_SHARE), MOST_SIGNATURE_TOKENS) if neighbours else 0
    pieces, chosen = _full(snapshot, ranking, budget - kept)
    left = budget - sum(piece.tokens for piece in pieces)
    if not pieces:
        first = _head(snapshot, ranking, left)
        return [first] if first else []
    if neighbours:
        pieces += _signatures(snapshot, chosen, left)
    return pieces


def _full(snapshot: Snapshot, ranking: Ranking, budget: int) -> tuple[list[Piece], list[int]]:
    pieces: list[Piece] = []
    chosen: list[int] = []
    left, misses = budget, 0
    counted: dict[int, int] = snapshot.memo.setdefault("tokens", {})
    top = float(ranking.block_scores[0]) if len(ranking.blocks) else 1.0
    for block, score in zip(ranking.blocks.tolist(), ranking.block_scores.tolist(), strict=True):
        if left < SMALLEST or misses > MOST_MISSES:
            break
        start, end = int(snapshot.blocks.starts[block]), int(snapshot.blocks.ends[block])
        file = int(snapshot.blocks.files[block])
        # A line takes a token or more; blank ones may share one.
        if counted.get(block, (end - start + 1) // 2) > left:
            misses += 1
            continue
        inside, source = _show(snapshot, block, start, end)
        tokens = counted.get(block) or _count(item_text(snapshot.files.paths[file], start, end, inside, source), left)
        if tokens is None:
            misses += 1
            continue
        counted[block] = tokens
        left -= tokens
        chosen.append(block)
        pieces.append(Piece(_item(snapshot, ranking, block, score, top), inside, source, tokens, file))
    return pieces, chosen


def _count(text: str, left: int) -> int | None:
    """Tokens of a text, or None when there are more than `left`. What is plainly too long is not counted."""
    return None if len(text) > MOST_LETTERS * left else count_up_to(text, left)


def _show(snapshot: Snapshot, block: int, start: int, end: int) -> tuple[str, str]:
    """(what stands round the lines, the lines)"""
    file, symbol = int(snapshot.blocks.files[block]), int(snapshot.blocks.symbols[block])
    return _inside(snapshot, symbol, start, end), snapshot.lines(file, start, end)


def _inside(snapshot: Snapshot, symbol: int, start: int, end: int) -> str:
    """The qualified name of what stands round some lines: of the symbol itself when its name is not among them."""
    if symbol < 0:
        return ""
    name = snapshot.qualified(symbol)
    return name.rpartition(".")[0] if start <= int(snapshot.symbols.name_lines[symbol]) <= end else name


def _item(snapshot: Snapshot, ranking: Ranking, block: int, score: float, top: float) -> SliceItem:
    file, symbol = int(snapshot.blocks.files[block]), int(snapshot.blocks.symbols[block])
    reason, confidence = _why(ranking, block, score / top)
    return SliceItem(
        path=snapshot.files.paths[file],
        start=int(snapshot.blocks.starts[block]),
        end=int(snapshot.blocks.ends[block]),
        symbol=snapshot.qualified(symbol) if symbol >= 0 else "",
        kind=snapshot.kind(symbol) if symbol >= 0 else "file",
        score=round(score / top, 4),
        reason=reason,
        confidence=confidence,
        form="full",
    )


def _why(ranking: Ranking, block: int, share: float) -> tuple[str, Confidence]:
    """The signal that says most about a block, and how sure that makes it."""
    if ranking.parts["mention"][block] >= 0.5:
        return "named in the task", "certain"
    if ranking.parts["tests"][block] >= 0.5:
        return "called by matching tests", "likely"
    if ranking.lexical[block] < 0.2 and ranking.parts["callees"][block] >= 0.3:
        return "called by the best matches", "likely"
    return "matches the words of the task", "likely" if share >= 0.5 else "guess"


def _head(snapshot: Snapshot, ranking: Ranking, budget: int) -> Piece | None:
    """When not even the best block fits: as many of its first lines as do."""
    if not len(ranking.blocks):
        return None
    block = int(ranking.blocks[0])
    start, end = int(snapshot.blocks.starts[block]), int(snapshot.blocks.ends[block])
    symbol = int(snapshot.blocks.symbols[block])
    if symbol >= 0 and start < int(snapshot.symbols.name_lines[symbol]) <= end:
        start = int(snapshot.symbols.name_lines[symbol])
    path = snapshot.files.paths[int(snapshot.blocks.files[block])]
    low, high = start - 1, min(end, start + budget)
    while low < high:  # the most lines that fit
        middle = (low + high + 1) // 2
        if count_up_to(item_text(path, start, middle, *_show(snapshot, block, start, middle)), budget) is not None:
            low = middle
        else:
            high = middle - 1
    if low < start:
        return None
    inside, source = _show(snapshot, block, start, low)
    whole = _item(snapshot, ranking, block, float(ranking.block_scores[0]), float(ranking.block_scores[0]))
    item = SliceItem(whole.path, start, low, whole.symbol, whole.kind, 1.0, whole.reason, whole.confidence, "part")
    tokens = count(item_text(path, start, low, inside, source))
    return Piece(item, inside, source, tokens, int(snapshot.blocks.files[block]))


def _signatures(snapshot: Snapshot, chosen: Sequence[int], budget: int) -> list[Piece]:
    shown = set(chosen)
    pieces: list[Piece] = []
    for symbol, reason, confidence in _neighbours(snapshot, chosen, shown):
        if budget < SMALLEST:
            break
        piece = signature(snapshot, symbol, reason, confidence)
        if piece is not None and piece.tokens <= budget:
            pieces.append(piece)
            budget -= piece.tokens
    return pieces


def _neighbours(snapshot: Snapshot, chosen: Sequence[int], shown: set[int]) -> Iterator[tuple[int, str, Confidence]]:
    """What the best blocks call, then who calls them: surest and most particular first."""
    at, graph, degree = signals.block_of_symbol(snapshot), snapshot.graph, signals.in_degree(snapshot)
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
        yield symbol, found[symbol][1], found[symbol][2]


def signature(snapshot: Snapshot, symbol: int, reason: str, confidence: Confidence, score: float = 0.0) -> Piece | None:
    symbols = snapshot.symbols
    file = snapshot.file_of_symbol(symbol)
    start, end = int(symbols.name_lines[symbol]), int(symbols.signature_ends[symbol])
    source = " ".join(snapshot.lines(file, start, max(start, min(end, start + 12))).split())[:300]
    if not source:
        return None
    inside = _inside(snapshot, symbol, start, start)
    item = SliceItem(
        path=snapshot.files.paths[file],
        start=start,
        end=max(start, end),
        symbol=snapshot.qualified(symbol),
        kind=snapshot.kind(symbol),
        score=score,
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
    for symbol in np.argsort(-degree, kind="stable")[: 4 * MOST_NEIGHBOURS].tolist():
        inside = snapshot.files.paths[int(files[symbol])].startswith(prefixes) if prefixes else True
        if degree[symbol] < 0 or not inside or budget < SMALLEST:
            continue
        piece = signature(snapshot, symbol, f"used in {int(degree[symbol])} places", "guess")
        if piece is not None and piece.tokens <= budget:
            pieces.append(piece)
            budget -= piece.tokens
    return pieces
