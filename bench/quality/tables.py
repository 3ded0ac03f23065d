"""Means of measures over tasks, as Markdown tables."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

FILES = ("recall@1", "recall@5", "recall@10", "all@10")
SLICES = tuple(f"{what} {k}k" for what in ("all files", "symbols", "edit lines") for k in (4, 8, 16))
SHOWN = (*FILES, *SLICES[:3], "all files 32k", *SLICES[3:])
SAMPLES = 2000


def values(rows: Sequence[Row], measure: str) -> list[float]:
    """In percent. Tasks for which a measure does not exist do not count."""
    return [100 * row[measure] for row in rows if row[measure] is not None]


def mean(rows: Sequence[Row], measure: str) -> float:
    found = values(rows, measure)
    return sum(found) / len(found) if found else 0.0


def interval(rows: Sequence[Row], measure: str) -> float:
    """Half of the 95 % bootstrap interval of the mean."""
    found, draw = values(rows, measure), random.Random(1)
    if len(found) < 2:
        return 0.0
    means = sorted(sum(draw.choices(found, k=len(found))) / len(found) for _ in range(SAMPLES))
    return (means[int(0.975 * SAMPLES)] - means[int(0.025 * SAMPLES)]) / 2


def table(title: str, groups: Mapping[str, Sequence[Row]], measures: Sequence[str] = SHOWN) -> None:
    """One line a group; the first has the interval of each mean."""
    print(f"\n| {title} | n | {' | '.join(measures)} |")
    print("|---" * (len(measures) + 2) + "|")
    for place, (name, rows) in enumerate(groups.items()):
        cells = [f"{mean(rows, m):.1f}" + (f" ±{interval(rows, m):.1f}" if place == 0 else "") for m in measures]
        print(f"| {name} | {len(rows)} | {' | '.join(cells)} |", flush=True)


def grouped(rows: Sequence[Row], golds: Mapping[str, int]) -> dict[str, list[Row]]:
    """All tasks, those that are hard for a reason, and each language."""
    tests: dict[str, Callable[[Row], bool]] = {
        "all": lambda row: True,
        "names no gold symbol": lambda row: not row["leaks_symbol"],
        "names a gold symbol": lambda row: bool(row["leaks_symbol"]),
        "several gold files": lambda row: golds[row["id"]] > 1,
        "one gold file": lambda row: golds[row["id"]] == 1,
    }
    found = {name: [row for row in rows if test(row)] for name, test in tests.items()}
    for language in sorted({row["language"] for row in rows}):
        found[language] = [row for row in rows if row["language"] == language]
    return {name: members for name, members in found.items() if members}
