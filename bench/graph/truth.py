"""What a comparison finds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from .edges import Place

ORDER = ("certain", "likely", "guess", "none")


@dataclass(slots=True)
class Truth:
    """By confidence: how many edges are right, and which are wrong (place, what we say, what is so). Of the `calls`
    that the key knows, how many have a right edge, by its confidence; and some that have none."""

    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    wrong: dict[str, list[tuple[Place, str, str]]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0
    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: list[tuple[Place, str]] = field(default_factory=list)

    def precision(self, confidence: str) -> float:
        total = self.right[confidence] + len(self.wrong[confidence])
        return self.right[confidence] / total if total else float("nan")

    def recall(self, *confidences: str) -> float:
        return sum(self.found[c] for c in confidences) / self.calls if self.calls else float("nan")
