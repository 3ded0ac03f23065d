"""Blocks and files in order of use for a task: a weighted sum of lexical scores and signals.

The weights are those of a recipe measured on other repositories than the ones a customer links (docs/engine.md has the
table and the command that makes it). Every score is divided by its greatest value before it is weighed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.facts import BLOCK_MODULE, BLOCK_TEST
from repos.engine.paths import ROLES, TEST_ROLE
from repos.engine.snapshot.file import Snapshot

from . import signals
from .search import Scores, search
from .task import Task

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    code: float = 0.65
    full: float = 0.35
    raw: float = 0.20
    block_mention: float = 0.30
    block_named: float = 0.15
    block_title: float = 0.10
    block_file: float = 0.10
    block_tests: float = 0.10
    block_callees: float = 0.05
    module: float = 0.65
    decay: float = 0.7
    file_stem: float = 0.25
    file_raw: float = 0.25
    file_raw_again: float = 0.15
    file_tests: float = 0.20
    file_same_name: float = 0.10
    file_title: float = 0.15
    file_mention: float = 0.10
    file_name: float = 0.10
    file_importers: float = 0.05
    file_named: float = 0.05
    aside: float = 0.5
    prose: float = 0.05


WEIGHTS = Weights()
TOP_BLOCKS = 5
POOL = 400  # blocks handed to packing
CANDIDATES = 3000  # blocks looked at for the file score


@dataclass(frozen=True, slots=True)
class Ranking:
    """Blocks and files, best first, with their scores. `reasons` gives the strongest signal of a block beside words."""

    blocks: NDArray[np.int64]
    block_scores: Floats
    files: NDArray[np.int64]
    file_scores: Floats
    lexical: Floats
    matched: float
    parts: dict[str, Floats] = field(default_factory=dict)


def rank(
    snapshot: Snapshot, task: Task, *, tests: bool, prefixes: tuple[str, ...] = (), weights: Weights = WEIGHTS
) -> Ranking:
    found = search(snapshot, task.terms, {"title": task.title, "named": task.named})
    eligible = _eligible(snapshot, tests, prefixes, weights)
    of_file = snapshot.blocks.files
    lexical = {name: _scaled(found.blocks[name], eligible) for name in ("full", "code", "raw")}
    mix = 0.5 * lexical["full"] + 0.5 * lexical["raw"]
    parts = {
        "mention": signals.mentions(snapshot, task) * (eligible > 0),
        "named": _scaled(found.blocks.get("named", np.zeros_like(mix)), eligible),
        "title": _scaled(found.blocks.get("title", np.zeros_like(mix)), eligible),
        **_graph(snapshot, mix, eligible),
    }
    file_score = _file_scores(snapshot, task, found, mix * eligible, eligible, parts, weights)
    parts["file"] = file_score[of_file]
    w = weights
    score = w.code * lexical["code"] + w.full * lexical["full"] + w.raw * lexical["raw"]
    for name, weight in (
        ("mention", w.block_mention),
        ("named", w.block_named),
        ("title", w.block_title),
        ("file", w.block_file),
        ("tests", w.block_tests),
        ("callees", w.block_callees),
    ):
        score += weight * parts[name]
    score *= eligible * np.where(snapshot.blocks.flags & BLOCK_MODULE, w.module, 1.0).astype(np.float32)
    blocks, files = _best(score, POOL), _best(file_score, len(file_score))
    return Ranking(blocks, score[blocks], files, file_score[files], mix, found.matched, parts)


def _eligible(snapshot: Snapshot, tests: bool, prefixes: tuple[str, ...], weights: Weights) -> Floats:
    """What a block's score is multiplied by for what it is. Tests rank nowhere unless they are asked for."""
    by_role = np.array(
        [
            {"code": 1.0, "test": 1.0 if tests else 0.0, "aside": weights.aside, "prose": weights.prose}[r]
            for r in ROLES
        ],
        np.float32,
    )
    of_file = by_role[snapshot.files.roles]
    if prefixes:
        of_file = of_file * np.array([path.startswith(prefixes) for path in snapshot.files.paths], np.float32)
    found: Floats = of_file[snapshot.blocks.files]
    if not tests:
        found[(snapshot.blocks.flags & BLOCK_TEST) > 0] = 0
    return found


def _scaled(scores: Floats, eligible: Floats) -> Floats:
    top = float((scores * (eligible >= 1)).max()) if len(scores) else 0.0
    top = top or (float(scores.max()) if len(scores) else 0.0)
    return scores / top if top > 0 else scores


def _unit(scores: Floats) -> Floats:
    top = float(scores.max()) if len(scores) else 0.0
    return scores / top if top > 0 else scores


def _best(scores: Floats, most: int) -> NDArray[np.int64]:
    """Indices of the greatest positive scores, in order; equal scores by index."""
    found = np.flatnonzero(scores > 0)
    if len(found) > most:
        limit = np.partition(scores[found], len(found) - most)[len(found) - most]
        found = found[scores[found] >= limit]
    return found[np.argsort(-scores[found], kind="stable")][:most]


def _graph(snapshot: Snapshot, mix: Floats, eligible: Floats) -> dict[str, Floats]:
    """What the best matching tests call, and what the best blocks call."""
    is_test = (snapshot.files.roles == TEST_ROLE)[snapshot.blocks.files] | (
        (snapshot.blocks.flags & BLOCK_TEST) > 0
    )
    tests = _best(np.where(is_test, mix, 0), signals.TEST_BLOCKS)
    seeds = _best(mix * eligible, signals.SEEDS)
    called = signals.spread(snapshot, tests, mix[tests]) * (eligible > 0)
    callees = signals.spread(snapshot, seeds, mix[seeds]) * (eligible > 0)
    files = snapshot.blocks.files
    named = signals.same_named(snapshot, files[tests].tolist(), mix[tests])
    return {"tests": _unit(called), "callees": _unit(callees), "same_name": _unit(named)[files]}


def _file_scores(
    snapshot: Snapshot, task: Task, found: Scores, mix: Floats, eligible: Floats, parts: dict[str, Floats], w: Weights
) -> Floats:
    count = len(snapshot.files.paths)
    of_file = snapshot.blocks.files
    worth = np.zeros(count, np.float32)
    np.maximum.at(worth, of_file, eligible)
    stem, raw = _unit(found.files["full"] * worth), _unit(found.files["raw"] * worth)
    score = _unit(_unit(_top_blocks(mix, of_file, count, w.decay)) + w.file_stem * stem + w.file_raw * raw)
    best = _best(score, 10)
    per_file = {
        name: _most(parts[name] * eligible, of_file, count) for name in ("mention", "title", "named", "same_name")
    }
    called = np.bincount(of_file, parts["tests"], count).astype(np.float32)
    score = (
        score
        + w.file_raw_again * raw
        + w.file_tests * _unit(called)
        + w.file_same_name * per_file["same_name"]
        + w.file_title * per_file["title"]
        + w.file_mention * per_file["mention"]
        + w.file_name * signals.file_names(snapshot, task) * worth
        + w.file_importers * _unit(signals.importers(snapshot, best.tolist(), score[best])) * worth
        + w.file_named * per_file["named"]
    )
    kept: Floats = (score * (worth > 0)).astype(np.float32)
    return kept


def _most(scores: Floats, of_file: NDArray[np.int32], count: int) -> Floats:
    found = np.zeros(count, np.float32)
    np.maximum.at(found, of_file, scores)
    return found


def _top_blocks(mix: Floats, of_file: NDArray[np.int32], count: int, decay: float) -> Floats:
    """Each file's best blocks, added up with a falling weight."""
    best = _best(mix, CANDIDATES)
    order = best[np.argsort(of_file[best], kind="stable")]  # by file, and within it still best first
    files = of_file[order]
    first = np.flatnonzero(np.diff(files, prepend=-1))
    place = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    kept = place < TOP_BLOCKS
    return np.bincount(files[kept], mix[order][kept] * decay ** place[kept], count).astype(np.float32)
