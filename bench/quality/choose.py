"""Chooses weights, and measures the choice on repositories that had no part in it.

One setting a weight and factor, all others as shipped: `FACTORS` times it, or nothing. A change is taken when it raises
the mean of all measures by `LEAST` points on the repositories it is chosen on, and lowers none of the means at 4k, 8k
and 16k. All changes that pass are taken together if that is better still, else the best one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from repos.engine.slicing.features import BLOCK_SIGNALS, FILE_SIGNALS
from repos.engine.slicing.rank import WEIGHTS, Weights

from .harness import Row
from .tables import SLICES, mean

FACTORS = (2.0,)
LEAST = 0.15
RANKS = ("recall@1", "recall@5", "all@10")
OWN = {"file": 0.0, "spread": 0.0, "fall": 1.0, "module": 1.0}  # weights of the sum itself, and what switches each off
HELD = "module"  # not chosen: the known answers have no constants and imports in them, people want them now and then

Measure = Callable[[Weights], list[Row]]


def value(rows: Sequence[Row]) -> float:
    """The mean of the slice's measures at 4k, 8k and 16k and of the file ranking's."""
    return 0.75 * sum(mean(rows, m) for m in SLICES) / len(SLICES) + 0.25 * sum(mean(rows, m) for m in RANKS) / 3


def at_budget(rows: Sequence[Row], budget: str) -> float:
    return sum(mean(rows, m) for m in SLICES if m.endswith(f" {budget}")) / 3


def without(weights: Weights) -> Iterator[tuple[str, Weights]]:
    """Each signal taken away."""
    for name in BLOCK_SIGNALS:
        if weights.blocks.get(name):
            yield f"blocks: {name}", changed(weights, "blocks", name, 0.0)
    for name in FILE_SIGNALS:
        if weights.files.get(name):
            yield f"files: {name}", changed(weights, "files", name, 0.0)
    for name, off in OWN.items():
        yield f"sum: {name}", changed(weights, "sum", name, off)


def changed(weights: Weights, group: str, name: str, to: float) -> Weights:
    if group == "blocks":
        return replace(weights, blocks={**weights.blocks, name: to})
    if group == "files":
        return replace(weights, files={**weights.files, name: to})
    own: dict[str, Any] = {name: to}
    return replace(weights, **own)


def settings(weights: Weights) -> dict[tuple[str, str, float], Weights]:
    """Each weight taken away, and doubled. The weight of `code` stays: it sets the scale."""
    groups: dict[str, Mapping[str, float]] = {"blocks": weights.blocks, "files": weights.files}
    found = {
        (group, name, own * factor): changed(weights, group, name, own * factor)
        for group, table in groups.items()
        for name, own in table.items()
        for factor in (0.0, *FACTORS)
        if (group, name) != ("blocks", "code")
    }
    for name, off in OWN.items():
        if name == HELD:
            continue
        own = getattr(weights, name)
        # How far `fall` is from doing nothing is what is doubled.
        for to in (off, *(off + (own - off) * factor for factor in FACTORS)):
            found["sum", name, max(0.0, to)] = changed(weights, "sum", name, max(0.0, to))
    return found


class Chooser:
    """Every setting measured once, on all tasks; choices are then means over some of them."""

    def __init__(self, measure: Measure, start: Weights = WEIGHTS) -> None:
        self.measure, self.start = measure, start
        self.settings = settings(start)
        self.base = measure(start)
        self.rows = {key: measure(weights) for key, weights in self.settings.items()}

    def choose(self, repositories: set[str]) -> tuple[Weights, list[tuple[str, str, float]]]:
        """The weights for some repositories, and what differs from the start."""
        base = [row for row in self.base if row["repo"] in repositories]
        gains: dict[tuple[str, str, float], float] = {}
        for key, rows in self.rows.items():
            own = [row for row in rows if row["repo"] in repositories]
            if all(at_budget(own, b) >= at_budget(base, b) - 1e-9 for b in ("4k", "8k", "16k")):
                gains[key] = value(own) - value(base)
        taken: dict[tuple[str, str], tuple[str, str, float]] = {}
        for key in sorted(gains, key=lambda key: -gains[key]):
            if gains[key] >= LEAST:
                taken.setdefault(key[:2], key)
        return self._together(list(taken.values()), gains, repositories)

    def _together(
        self, keys: list[tuple[str, str, float]], gains: Mapping[tuple[str, str, float], float], repositories: set[str]
    ) -> tuple[Weights, list[tuple[str, str, float]]]:
        if not keys:
            return self.start, []
        weights = self.start
        for key in keys:
            weights = changed(weights, *key)
        rows = [row for row in self.measure(weights) if row["repo"] in repositories]
        base = [row for row in self.base if row["repo"] in repositories]
        if value(rows) - value(base) >= gains[keys[0]]:
            return weights, keys
        return self.settings[keys[0]], keys[:1]
