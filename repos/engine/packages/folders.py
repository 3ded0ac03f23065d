"""The folders of a snapshot, and what is in each with all below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine.paths import TEST_ROLE
from repos.engine.snapshot.file import Snapshot

from .links import Ints, file_links


@dataclass(frozen=True, slots=True)
class Folders:
    """Folders by number, parents before their children; 0 is the root, whose path is "". Totals count live files only:
    those with symbols or edges. `silent` counts the others. `children` and `own` (files directly in it) are live."""

    numbers: dict[str, int]
    paths: list[str]
    parents: list[int]
    children: list[list[int]]
    own: list[list[int]]
    of_file: Ints
    files: list[int]
    lines: list[int]
    symbols: list[int]
    tests: list[int]  # symbols in files of tests
    silent: list[int]

    def deepest(self, folder: int) -> int:
        """Down to the first folder that has more in it than one other folder."""
        while not self.own[folder] and len(self.children[folder]) == 1:
            folder = self.children[folder][0]
        return folder

    def below(self, folder: int) -> NDArray[np.bool_]:
        """Marks the files in it and in all below it."""
        marks = np.zeros(len(self.parents), np.bool_)
        marks[folder] = True
        for other in range(folder + 1, len(self.parents)):
            marks[other] = marks[self.parents[other]]
        found: NDArray[np.bool_] = marks[self.of_file]
        return found


def folders_of(snapshot: Snapshot) -> Folders:
    """Kept with the snapshot: the same for every level."""
    found = snapshot.memo.get("packages.folders")
    if found is None:
        found = snapshot.memo["packages.folders"] = _read(snapshot)
    assert isinstance(found, Folders)
    return found


def _read(snapshot: Snapshot) -> Folders:
    files = snapshot.files
    numbers, parents, of_file = _place(files.paths)
    symbols = np.diff(files.first_symbol)
    live = symbols > 0
    links = file_links(snapshot)
    live[links.sources] = live[links.targets] = True

    def total(values: NDArray[np.generic]) -> list[int]:
        sums: list[int] = np.bincount(of_file, values, len(parents)).astype(np.int64).tolist()
        for folder in range(len(parents) - 1, 0, -1):
            sums[parents[folder]] += sums[folder]
        return sums

    counts = total(live)
    own: list[list[int]] = [[] for _ in parents]
    for file in np.flatnonzero(live).tolist():
        own[of_file[file]].append(file)
    children: list[list[int]] = [[] for _ in parents]
    for folder in range(1, len(parents)):
        if counts[folder]:
            children[parents[folder]].append(folder)
    return Folders(
        numbers, list(numbers), parents, children, own, of_file, counts, total(files.lines * live), total(symbols),
        total(symbols * (files.roles == TEST_ROLE)), total(~live),
    )  # fmt: skip


def _place(paths: list[str]) -> tuple[dict[str, int], list[int], Ints]:
    """Folder -> number, the parent of each folder (-1 of the root), and the folder of each file."""
    numbers, parents = {"": 0}, [-1]
    of_file = np.zeros(len(paths), np.int64)
    for file, path in enumerate(paths):
        folder = path.rpartition("/")[0]
        missing = []
        while folder not in numbers:
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for folder in reversed(missing):
            parents.append(numbers[folder.rpartition("/")[0]])
            numbers[folder] = len(numbers)
        of_file[file] = numbers[path.rpartition("/")[0]]
    return numbers, parents, of_file
