"""Fills the budget: whole blocks in order of score, passing over those that do not fit; then signatures of their
neighbours; then the first lines of what did not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from repos.engine.snapshot.file import Snapshot
from repos.engine.types import Confidence, Form, SliceItem

from .outline import around, neighbours_of
from .rank import Ranking
from .render import NEAR, Piece, where
from .tokens import count, count_up_to

SMALLEST = 16  # tokens below which nothing more is tried
MOST_MISSES = 60
MOST_LETTERS = 8  # a token of source has fewer on average
SIGNATURE_SHARE = 0.02  # of the budget, kept for signatures
MOST_SIGNATURE_TOKENS = 400
WITH_COMMENTS = 3  # so many pieces keep a long comment above them; further ones are shown without
LONG_COMMENT = 4  # lines
JOINED = 2  # tokens of what stands between two pieces that follow each other
_COMMENT = re.compile(r"\s*(?://|/\*|\*|#(?![\[!\w])|$)")


@dataclass(slots=True)
class Room:
    """What is chosen so far. `lines` has the first and last line of each piece, by file."""

    snapshot: Snapshot
    left: int
    pieces: list[Piece] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    edges: dict[int, set[int]] = field(default_factory=dict)

    def add(self, piece: Piece, block: int) -> None:
        self.pieces.append(piece)
        self.blocks.append(block)
        self.left -= piece.tokens
        self.edges.setdefault(piece.file, set()).update((piece.item.start, piece.item.end))

    def head(self, file: int, start: int, end: int, inside: str) -> int:
        """Tokens of the line above a piece: the path only once a file, nothing between pieces that are joined."""
        known = self.edges.get(file)
        if known is None:
            return count(where(self.snapshot.files.paths[file], start, end, inside)) + JOINED
        if any(start - gap in known or end + gap in known for gap in range(1, NEAR)):
            return JOINED
        return count(where("", start, end, inside)) + JOINED


def pack(snapshot: Snapshot, ranking: Ranking, budget: int, *, neighbours: bool) -> list[Piece]:
    """Pieces in order of priority, whose token counts add up to at most `budget`."""
    kept = min(int(budget * SIGNATURE_SHARE), MOST_SIGNATURE_TOKENS) if neighbours else 0
    room = Room(snapshot, budget - kept)
    missed = _whole(room, ranking)
    signatures: list[Piece] = []
    room.left += kept
    if neighbours and room.pieces:
        for piece in neighbours_of(snapshot, room.blocks):
            if room.left < SMALLEST:
                break
            if piece.tokens <= room.left:
                signatures.append(piece)
                room.left -= piece.tokens
    if missed is not None and (room.left >= budget // 50 or not room.pieces):
        _part(room, ranking, missed)
    return room.pieces + signatures


def _order(snapshot: Snapshot, ranking: Ranking) -> Iterator[tuple[int, float]]:
    """Blocks and their scores: the ranked ones; then others that share words with the task; then what else is in the
    ranked files. The last two are reached by large budgets only."""
    yield from zip(ranking.blocks.tolist(), ranking.block_scores.tolist(), strict=True)
    lexical = ranking.features.lexical.copy()
    lexical[ranking.blocks] = 0
    rest = np.flatnonzero(lexical > 0)
    floor = float(ranking.block_scores[-1]) if len(ranking.blocks) else 1.0
    top = max(float(lexical.max()) if len(lexical) else 0.0, 1e-9)
    for block in rest[np.argsort(-lexical[rest], kind="stable")].tolist():
        yield block, floor * float(lexical[block]) / top
    seen = np.zeros(len(lexical), bool)
    seen[ranking.blocks], seen[rest] = True, True
    first = snapshot.files.first_block
    for file in ranking.files.tolist():
        for block in range(int(first[file]), int(first[file + 1])):
            if not seen[block] and ranking.features.shown[block]:
                yield block, 0.0


def _whole(room: Room, ranking: Ranking) -> int | None:
    """Adds whole blocks while there is room; returns the first that did not fit."""
    snapshot, misses, first = room.snapshot, 0, None
    counted: dict[tuple[int, bool], tuple[int, int]] = snapshot.memo.setdefault("tokens", {})
    for place, (block, score) in enumerate(_order(snapshot, ranking)):
        if room.left < SMALLEST or misses > MOST_MISSES:
            break
        short = len(room.pieces) >= WITH_COMMENTS
        start, end = int(snapshot.blocks.starts[block]), int(snapshot.blocks.ends[block])
        known = counted.get((block, short))
        # A line takes a token or more; blank ones may share one.
        fits = (known[1] if known else (end - start + 1) // 3) <= room.left
        piece = _piece(room, ranking, place, block, score, short, known) if fits else None
        if piece is None or piece.tokens > room.left:
            misses += 1
            first = block if first is None else first
            continue
        room.add(piece, block)
    return first


def _piece(
    room: Room, ranking: Ranking, place: int, block: int, score: float, short: bool, known: tuple[int, int] | None
) -> Piece | None:
    """A block as it would be shown, or None when its source alone has plainly more tokens than are left."""
    snapshot = room.snapshot
    file, symbol = int(snapshot.blocks.files[block]), int(snapshot.blocks.symbols[block])
    start, end = known[0] if known else _start(snapshot, block, short), int(snapshot.blocks.ends[block])
    source = snapshot.lines(file, start, end)
    if known is None:
        if len(source) > MOST_LETTERS * room.left:
            return None
        known = snapshot.memo["tokens"][block, short] = start, count(source)
    name = snapshot.qualified(symbol) if symbol >= 0 else ""
    inside = around(snapshot, symbol, name, start, end) if name else ""
    tokens = known[1] + room.head(file, start, end, inside)
    item = _item(snapshot, ranking, place, block, (start, end), name, score, "full")
    return Piece(item, inside, source, tokens, file)


def _start(snapshot: Snapshot, block: int, short: bool) -> int:
    """The first line to show of a block: without a long comment above the definition when `short`."""
    start, symbol = int(snapshot.blocks.starts[block]), int(snapshot.blocks.symbols[block])
    if not short or symbol < 0:
        return start
    name = int(snapshot.symbols.name_lines[symbol])
    if not start + LONG_COMMENT <= name <= int(snapshot.blocks.ends[block]):
        return start
    line = start
    for text in snapshot.lines(int(snapshot.blocks.files[block]), start, name - 1).split("\n"):
        if not _COMMENT.match(text):
            break
        line += 1
    return line if line - start >= LONG_COMMENT else start


def _item(
    snapshot: Snapshot,
    ranking: Ranking,
    place: int,
    block: int,
    lines: tuple[int, int],
    name: str,
    score: float,
    form: Form,
) -> SliceItem:
    file, symbol = int(snapshot.blocks.files[block]), int(snapshot.blocks.symbols[block])
    reason, confidence = _why(ranking, place, score)
    return SliceItem(
        path=snapshot.files.paths[file],
        start=lines[0],
        end=lines[1],
        symbol=name,
        kind=snapshot.kind(symbol) if symbol >= 0 else "file",
        score=round(score, 4),
        reason=reason,
        confidence=confidence,
        form=form,
    )


def _why(ranking: Ranking, place: int, score: float) -> tuple[str, Confidence]:
    """The signal that says most about a block, and how sure that makes it."""
    if place >= len(ranking.columns):
        return ("matches the words of the task" if score > 0 else "in a file of the best matches"), "guess"
    column, found = int(ranking.columns[place]), ranking.features
    if found.of("mention")[column] >= 0.5:
        return "named in the task", "certain"
    if found.tested[column] >= 0.5:
        return "called by matching tests", "likely"
    return "matches the words of the task", "likely" if score >= 0.5 else "guess"


def _part(room: Room, ranking: Ranking, block: int) -> None:
    """As many of the first lines of a block as fit."""
    snapshot = room.snapshot
    file, symbol = int(snapshot.blocks.files[block]), int(snapshot.blocks.symbols[block])
    start, last = int(snapshot.blocks.starts[block]), int(snapshot.blocks.ends[block])
    if symbol >= 0 and start < int(snapshot.symbols.name_lines[symbol]) <= last:
        start = int(snapshot.symbols.name_lines[symbol])
    name = snapshot.qualified(symbol) if symbol >= 0 else ""
    inside = around(snapshot, symbol, name, start, start) if name else ""
    limit = room.left - room.head(file, start, last, inside)
    low, high = start - 1, min(last, start + limit)
    while low < high:  # the most lines that fit
        middle = (low + high + 1) // 2
        if count_up_to(snapshot.lines(file, start, middle), limit) is not None:
            low = middle
        else:
            high = middle - 1
    if low < start:
        return
    source = snapshot.lines(file, start, low)
    place = int(np.flatnonzero(ranking.blocks == block)[0]) if block in ranking.blocks else len(ranking.blocks)
    score = float(ranking.block_scores[place]) if place < len(ranking.blocks) else 0.0
    item = _item(snapshot, ranking, place, block, (start, low), name, score, "part")
    room.add(Piece(item, inside, source, count(source) + room.head(file, start, low, inside), file), block)
