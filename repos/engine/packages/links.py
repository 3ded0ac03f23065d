"""Edges between files, added up once a snapshot, and added up again between the boxes of a level."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine.snapshot.file import Snapshot
from repos.engine.types import CONFIDENCES, EDGE_KINDS

from .level import Dependency

Ints = NDArray[np.int64]
LABELS = len(EDGE_KINDS) * len(CONFIDENCES)
GUESS = CONFIDENCES.index("guess")


@dataclass(frozen=True, slots=True)
class Links:
    """Edges from `sources` to `targets`: files, or nodes of the graph. A label is kind * 3 + confidence; equal edges
    may stand together with their number."""

    sources: Ints
    targets: Ints
    labels: Ints
    counts: Ints

    def without_guesses(self) -> Links:
        kept = self.labels % len(CONFIDENCES) != GUESS
        return Links(self.sources[kept], self.targets[kept], self.labels[kept], self.counts[kept])


def labels_of(snapshot: Snapshot, edges: slice | Ints) -> Ints:
    kinds = snapshot.graph.kinds[edges].astype(np.int64)
    found: Ints = kinds * len(CONFIDENCES) + snapshot.graph.confidences[edges]
    return found


def file_links(snapshot: Snapshot) -> Links:
    """Edges between files, those within one among them. Kept with the snapshot: the same for every level."""
    found = snapshot.memo.get("packages.links")
    if found is None:
        found = snapshot.memo["packages.links"] = _between_files(snapshot)
    assert isinstance(found, Links)
    return found


def _between_files(snapshot: Snapshot) -> Links:
    graph, files = snapshot.graph, len(snapshot.files.paths)
    file_of = np.concatenate((np.repeat(np.arange(files), np.diff(snapshot.files.first_symbol)), np.arange(files)))
    pairs = file_of[graph.sources] * max(files, 1) + file_of[graph.targets]
    keys, counts = np.unique(pairs * LABELS + labels_of(snapshot, slice(None)), return_counts=True)
    pairs = keys // LABELS
    return Links(pairs // max(files, 1), pairs % max(files, 1), keys % LABELS, counts)


def crossing(links: Links, inside: NDArray[np.bool_]) -> tuple[int, int]:
    """How many edges lead out of the nodes marked in `inside`, and how many into them."""
    source, target = inside[links.sources], inside[links.targets]
    return int(links.counts[source & ~target].sum()), int(links.counts[target & ~source].sum())


def dependencies(links: Links, box_of: Ints, boxes: int) -> tuple[Dependency, ...]:
    """Between boxes, the strongest first. `box_of` gives the box of each node, -1 for none."""
    source, target = box_of[links.sources], box_of[links.targets]
    kept = (source >= 0) & (target >= 0) & (source != target)
    keys, place = np.unique(((source * boxes + target) * LABELS + links.labels)[kept], return_inverse=True)
    sums = np.bincount(place, weights=links.counts[kept], minlength=len(keys)).astype(np.int64)
    kinds: dict[int, Counter[str]] = {}
    confidences: dict[int, Counter[str]] = {}
    for key, count in zip(keys.tolist(), sums.tolist(), strict=True):
        pair, label = divmod(key, LABELS)
        kinds.setdefault(pair, Counter())[EDGE_KINDS[label // len(CONFIDENCES)]] += count
        confidences.setdefault(pair, Counter())[CONFIDENCES[label % len(CONFIDENCES)]] += count
    found = [
        Dependency(*divmod(pair, boxes), kinds[pair].total(), dict(kinds[pair]), dict(confidences[pair]))
        for pair in kinds
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.source, one.target)))
