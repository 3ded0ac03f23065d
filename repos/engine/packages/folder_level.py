"""The level of a folder. Where few boxes are there, the largest is opened; where too many, the small ones are one."""

from __future__ import annotations

import numpy as np

from repos.engine.paths import TEST_ROLE
from repos.engine.snapshot.file import Snapshot

from .folders import Folders, folders_of
from .level import FEW, MOST, Box, Level, cut, layered
from .links import Ints, crossing, dependencies, file_links
from .symbols import symbol_level


def package_level(snapshot: Snapshot, path: str = "", *, part: int = 1, guesses: bool = False) -> Level | None:
    """The level of a folder or file, "" for the whole tree; None when the snapshot has nothing at that path.

    `part` is cut to what there is. Edges of the confidence "guess" count only when asked for. Raises SnapshotCorrupt.
    """
    file = snapshot.numbers.get(path)
    if file is not None:
        return symbol_level(snapshot, file, part, guesses)
    folders = folders_of(snapshot)
    folder = folders.numbers.get(path)
    return None if folder is None else _folder_level(snapshot, folders, folder, part, guesses)


def _folder_level(snapshot: Snapshot, folders: Folders, folder: int, part: int, guesses: bool) -> Level:
    boxes, part, parts = cut(_boxes_in(snapshot, folders, folder), part)
    links = file_links(snapshot) if guesses else file_links(snapshot).without_guesses()
    found = dependencies(links, _box_of_files(snapshot, folders, folder, boxes), len(boxes))
    uses, used = crossing(links, folders.below(folder))
    path, silent = folders.paths[folder], folders.silent[folder]
    return layered(Level(path, False, tuple(boxes), found, (), part, parts, uses, used, silent))


def _boxes_in(snapshot: Snapshot, folders: Folders, folder: int) -> list[Box]:
    """The largest first. Tests are not opened: who looks at a repository looks for what it does."""
    level = folders.paths[folder]
    folder = folders.deepest(folder)
    opened = [folders.deepest(child) for child in folders.children[folder]]
    files, own = list(folders.own[folder]), list[int]()
    while (count := len(opened) + len(files) + len(own)) < FEW:
        able = [one for one in opened if _can_open(folders, one, count)]
        if not able:
            break
        largest = max(able, key=lambda one: (folders.symbols[one], folders.paths[one]))
        opened.remove(largest)
        opened += [folders.deepest(child) for child in folders.children[largest]]
        if not folders.children[largest]:
            files += folders.own[largest]
        elif folders.own[largest]:
            own.append(largest)
    boxes = [_package(folders, one, level) for one in opened]
    boxes += [_own(snapshot, folders.paths[one], folders.own[one], level) for one in own]
    boxes += [_file(snapshot, one, level) for one in files]
    return sorted(boxes, key=lambda box: (-box.symbols, -box.lines, box.path, box.kind))


def _can_open(folders: Folders, folder: int, count: int) -> bool:
    """Beside `count` boxes: subfolders as far as there is room, a folder with only files when it has few of them."""
    if 2 * folders.tests[folder] > folders.symbols[folder]:
        return False
    inside = len(folders.children[folder])
    return count + inside < MOST if inside else count + len(folders.own[folder]) <= 2 * FEW


def _package(folders: Folders, folder: int, level: str) -> Box:
    symbols = folders.symbols[folder]
    path, tests = folders.paths[folder], 2 * folders.tests[folder] > symbols
    return Box("package", path, _within(path, level), folders.files[folder], folders.lines[folder], symbols, tests)


def _own(snapshot: Snapshot, path: str, numbers: list[int], level: str) -> Box:
    files = [_file(snapshot, number, level) for number in numbers]
    lines, symbols = sum(file.lines for file in files), sum(file.symbols for file in files)
    return Box("own", path, _within(path, level), len(files), lines, symbols, all(file.tests for file in files))


def _file(snapshot: Snapshot, number: int, level: str) -> Box:
    files = snapshot.files
    path, symbols = files.paths[number], int(files.first_symbol[number + 1] - files.first_symbol[number])
    tests = bool(files.roles[number] == TEST_ROLE)
    return Box("file", path, _within(path, level), 1, int(files.lines[number]), symbols, tests)


def _within(path: str, level: str) -> str:
    return path[len(level) + 1 :] if level and path.startswith(f"{level}/") else path


def _box_of_files(snapshot: Snapshot, folders: Folders, folder: int, boxes: list[Box]) -> Ints:
    """The box of each file, -1 for none. Folders hand theirs down; `own` and single files then take theirs back."""
    packages = {box.path: at for at, box in enumerate(boxes) if box.kind == "package"}
    rest = next((at for at, box in enumerate(boxes) if box.kind == "rest"), -1)
    box_of = np.full(len(folders.parents), -1, np.int64)
    box_of[folder] = rest
    for other in range(folder + 1, len(box_of)):
        box_of[other] = packages.get(folders.paths[other], box_of[folders.parents[other]])
    found: Ints = box_of[folders.of_file]
    for at, box in enumerate(boxes):
        if box.kind == "own":
            found[folders.own[folders.numbers[box.path]]] = at
        elif box.kind == "file":
            found[snapshot.numbers[box.path]] = at
    return found
