"""A task and a budget -> a slice."""

from __future__ import annotations

from repos.engine.errors import BadTask
from repos.engine.snapshot.file import Snapshot
from repos.engine.types import RankedFile, Slice, SliceOptions, Trust

from . import render
from .outline import overview
from .pack import pack
from .rank import Ranking, rank
from .task import read_task
from .tokens import TOKENIZER, count

LONGEST_TASK = 100_000
MOST_TOKENS = 1_000_000
MOST_FILES = 200
DEFAULTS = SliceOptions()


def make_slice(snapshot: Snapshot, task: str, *, budget: int, options: SliceOptions = DEFAULTS) -> Slice:
    """The context for a task: `Slice.text` has at most `budget` tokens by `Slice.tokenizer`.

    The same snapshot, task, budget and options give the same slice. A task none of whose words occur gets the map of
    the repository. Raises BadTask for a budget outside 1 to 1,000,000 or a task over 100,000 characters.
    """
    if not 1 <= budget <= MOST_TOKENS:
        raise BadTask(f"The budget must be 1 to {MOST_TOKENS:,} tokens, not {budget:,}.")
    if len(task) > LONGEST_TASK:
        raise BadTask(f"The task has {len(task):,} characters; at most {LONGEST_TASK:,} are read.")
    read = read_task(task)
    ranking = rank(snapshot, read, tests=read.tests if options.tests is None else options.tests, prefixes=options.paths)
    return slice_of(snapshot, ranking, budget, options)


def slice_of(snapshot: Snapshot, ranking: Ranking, budget: int, options: SliceOptions = DEFAULTS) -> Slice:
    """The slice for a ranking that is already there."""
    trust, notes = _trust(ranking)
    header = render.choose_header(render.headers(snapshot, options, trust, notes), budget)
    room = budget - count(header)
    if len(ranking.blocks):
        pieces = pack(snapshot, ranking, room, neighbours=options.neighbours)
    else:
        pieces = overview(snapshot, room, options.paths)
    text, tokens, pieces = _fit(snapshot, header, pieces, budget)
    return Slice(
        files=_files(snapshot, ranking, pieces),
        items=tuple(piece.item for piece in pieces),
        text=text,
        tokens=tokens,
        budget=budget,
        tokenizer=TOKENIZER,
        commit=snapshot.commit,
        committed_at=snapshot.committed_at,
        coverage=snapshot.coverage,
        confidence=trust,
        notes=notes,
    )


def _fit(
    snapshot: Snapshot, header: str, pieces: list[render.Piece], budget: int
) -> tuple[str, int, list[render.Piece]]:
    """Join, and count the whole once more: pieces next to each other may in rare cases take more than each alone."""
    while True:
        text = header + render.arrange(snapshot, pieces)
        tokens = count(text)
        if tokens <= budget:
            return text, tokens, pieces
        if pieces:
            pieces = pieces[:-1]
        else:
            header = ""


def _trust(ranking: Ranking) -> tuple[Trust, tuple[str, ...]]:
    if not len(ranking.blocks):
        return "low", ("No word of the task occurs in the code: this is a map of the repository.",)
    found = ranking.features
    named = float(found.of("mention")[int(ranking.columns[0])]) >= 0.5
    if found.matched < 0.35:
        return "low", ("Most words of the task do not occur in the code.",)
    if named or (found.matched >= 0.6 and _ahead(ranking)):
        return "high", ()
    return "medium", ()


def _ahead(ranking: Ranking) -> bool:
    """Whether the best match stands clear of the tenth."""
    scores = ranking.block_scores
    return len(scores) < 10 or float(scores[9]) < 0.6 * float(scores[0])


def _files(snapshot: Snapshot, ranking: Ranking, pieces: list[render.Piece]) -> tuple[RankedFile, ...]:
    files, languages = snapshot.files, snapshot.languages
    best = ranking.files[:MOST_FILES]
    columns = best.tolist(), ranking.file_scores[:MOST_FILES].tolist(), files.languages[best].tolist()
    found = [
        RankedFile(files.paths[number], round(score, 4), languages[language])
        for number, score, language in zip(*columns, strict=True)
    ]
    if not found:
        numbers = dict.fromkeys(snapshot.numbers[piece.item.path] for piece in pieces)
        found = [RankedFile(files.paths[number], 0.0, languages[files.languages[number]]) for number in numbers]
    return tuple(found)
