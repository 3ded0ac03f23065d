"""Blocks and files in order of use for a task: weighted sums of signals.

How the weights were chosen, what each is worth, and the commands that show it: docs/engine.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from repos.engine.snapshot.file import Snapshot

from .features import BLOCK_SIGNALS, FILE_SIGNALS, Features, Floats, Numbers, features, places, unit
from .task import Task


@dataclass(frozen=True, slots=True)
class Weights:
    """`blocks` and `files` by signal; one that is left out weighs nothing.

    `file` is what the file's score adds to each of its blocks. `spread` adds it once more to the best block of a file,
    `fall` times that to the next, and so on: the files the task is likely about each come in with their best blocks
    before one of them fills the slice. `module` multiplies what lies outside definitions.
    """

    blocks: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                "code": 0.65,
                "full": 0.1,
                "raw": 0.05,
                "mention": 0.12,
                "named": 0.15,
                "title": 0.1,
                "name": 0.1,
                "compound": 0.15,
                "near": 0.1,
                "statements": 0.15,
            }
        )
    )
    files: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                "blocks": 0.4,
                "best": 0.3,
                "stem": 0.1,
                "raw": 0.2,
                "tests": 0.06,
                "same_name": 0.06,
                "title": 0.1,
                "mention": 0.17,
                "name": 0.05,
                "compound": 0.1,
                "file_name": 0.1,
                "stem_name": 0.08,
                "path": 0.7,
                "folder": 0.1,
                "size": -0.25,
            }
        )
    )
    file: float = 0.2
    spread: float = 0.4
    fall: float = 0.75
    module: float = 0.6


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Blocks and files, best first, with their scores, 1 for the best. `columns` are the blocks' places in the
    features."""

    blocks: Numbers
    block_scores: Floats
    files: Numbers
    file_scores: Floats
    columns: Numbers
    features: Features


def rank(
    snapshot: Snapshot, task: Task, *, tests: bool, prefixes: tuple[str, ...] = (), weights: Weights = WEIGHTS
) -> Ranking:
    return order(features(snapshot, task, tests=tests, prefixes=prefixes), weights)


def order(found: Features, weights: Weights = WEIGHTS) -> Ranking:
    """The features, weighed."""
    file_scores = unit(np.maximum(_vector(weights.files, FILE_SIGNALS) @ found.of_file, 0))
    home = file_scores[found.home]
    sums = _vector(weights.blocks, BLOCK_SIGNALS) @ found.of_block + weights.file * home
    sums = sums * found.factor * np.where(found.module, weights.module, 1).astype(np.float32)
    # Of equal blocks the one that comes first in the repository stands first.
    by_sum = np.argsort(-sums, kind="stable")
    place = np.empty(len(sums), np.int64)
    place[by_sum] = places(found.home[by_sum])
    scores = unit(np.where(sums > 0, sums + weights.spread * home * weights.fall**place * found.factor, 0))
    columns, files = _positive(scores), _positive(file_scores)
    return Ranking(found.blocks[columns], scores[columns], found.files[files], file_scores[files], columns, found)


def _vector(weights: Mapping[str, float], names: tuple[str, ...]) -> Floats:
    return np.array([weights.get(name, 0.0) for name in names], np.float32)


def _positive(scores: NDArray[np.floating]) -> Numbers:
    """Indices of the scores above zero, greatest first; equal ones by index."""
    found = np.flatnonzero(scores > 0)
    return found[np.argsort(-scores[found], kind="stable")]
