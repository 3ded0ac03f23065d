"""Tasks made of names that occur: two or three definitions each."""

from __future__ import annotations

import random

from repos.engine import Snapshot

BUDGET = 8000
FIRST = "where are files opened and closed, and how is a request for a session answered"


def tasks(snapshot: Snapshot, count: int) -> list[str]:
    chance = random.Random(7)
    symbols = snapshot.statistics.symbols
    picks = [chance.sample(range(symbols), min(symbols, chance.choice((2, 3)))) for _ in range(count)]
    return [" ".join(snapshot.qualified(number) for number in numbers) for numbers in picks]
