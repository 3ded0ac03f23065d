"""All signals of a task over a snapshot, for the blocks and files that may be worth showing.

Each signal is one row of a matrix, 0 to 1, so that a ranking is two products with weights: the same features can be
ranked with other weights at next to no cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repos.engine.extraction.facts import BLOCK_MODULE, BLOCK_TEST
from repos.engine.paths import ROLES, TEST_ROLE
from repos.engine.snapshot.file import Snapshot

from . import signals, wording
from .search import Scores, exact, search
from .task import Task

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

BLOCK_SIGNALS = (
    "code",  # BM25 of stems, without comments
    "full",  # of stems, with comments
    "raw",  # of words as they stand
    "mention",  # the task names the definition
    "named",  # BM25 of the words that look like code
    "title",  # BM25 of the title
    "name",  # share of the name's words that the task has
    "compound",  # two words of the task side by side make an identifier of it
    "near",  # the better of the blocks before and after it
    "statements",  # ranks for the task's sentences one by one
)
FILE_SIGNALS = (
    "blocks",  # its five best blocks, with falling weight
    "best",  # its best block
    "stem",  # BM25 of the whole file, stems
    "raw",  # of the whole file, words as they stand
    "tests",  # called by matching tests
    "same_name",  # a matching test has its name
    "title",
    "mention",
    "name",
    "compound",  # those three: the most that one of its blocks has
    "file_name",  # the task gives its path or name
    "stem_name",  # share of the words of its name that the task has
    "path",  # the task's words in its path, by rarity
    "folder",  # the others in its folder
    "size",  # logarithm of the number of its blocks: long files match anything
)
CODE, FULL, RAW = 0.65, 0.35, 0.2  # of the sum that candidates are chosen by
ASIDE, PROSE = 0.5, 0.05  # what examples, and prose, count beside code
STEM_FILE = 0.25  # what whole-file scores count beside the blocks when the best files are looked for
TOP_BLOCKS, FALL = 5, 0.7
BLOCKS, FILES = 400, 100  # candidates
CANDIDATES = 3000  # blocks looked at for the file score
LARGE_FILE = 8.0  # log2 of the number of blocks at which `size` is 1


@dataclass(frozen=True, slots=True)
class Features:
    """`of_block` has a row for each of BLOCK_SIGNALS and a column for each of `blocks`; so have `of_file` and `files`.

    `factor` is what a block's sum is multiplied by for its role, `home` the place of its file in `files`, `module`
    whether it lies outside all definitions. `lexical` is the score of every block of the snapshot by words alone,
    `shown` whether it may be shown at all, and `matched` the share of the task's words that occur anywhere.
    """

    blocks: Numbers
    of_block: Floats
    factor: Floats
    module: NDArray[np.bool_]
    home: Numbers
    files: Numbers
    of_file: Floats
    lexical: Floats
    tested: Floats
    shown: NDArray[np.bool_]
    matched: float

    def of(self, signal: str) -> Floats:
        """One signal of the blocks."""
        found: Floats = self.of_block[BLOCK_SIGNALS.index(signal)]
        return found


def features(snapshot: Snapshot, task: Task, *, tests: bool, prefixes: tuple[str, ...] = ()) -> Features:
    found = search(snapshot, task.terms, {"title": task.title, "named": task.named})
    factor = _factor(snapshot, tests, prefixes)
    wide = _wording(snapshot, task, found, factor)
    lexical = (CODE * wide["code"] + FULL * wide["full"] + RAW * wide["raw"]) * factor
    wide |= _tests(snapshot, 0.5 * (wide["full"] + wide["raw"]), factor)
    worth = _worth(snapshot, factor, known=None if prefixes else tests)
    rows = _file_base(snapshot, found, wide, factor, worth)
    first = lexical + (0.3 * wide["mention"] + 0.15 * wide["named"]) * factor
    blocks = np.sort(best(first, BLOCKS))
    files = np.union1d(snapshot.blocks.files[blocks], best(rows["sum"], FILES)).astype(np.int64)
    near = {
        "name": wording.names(snapshot, found.matches, blocks),
        "near": _near(snapshot, lexical, blocks),
        "statements": unit(wording.statements(found.matches, task.statements, blocks, len(factor))),
    }
    home = np.searchsorted(files, snapshot.blocks.files[blocks])
    rows |= _file_parts(snapshot, wide, factor, lexical)
    rows |= _file_paths(snapshot, task, found, rows["sum"])
    of_file = {name: rows[name][files] for name in FILE_SIGNALS if name in rows}
    of_file["name"] = _peak(near["name"] * wide["code"][blocks] * factor[blocks], home, len(files))
    of_file["stem_name"] = wording.file_names(snapshot, found.matches, files)
    of_file["size"] = np.minimum(1.0, np.log2(1 + np.diff(snapshot.files.first_block)[files]) / LARGE_FILE)
    return Features(
        blocks=blocks,
        of_block=np.stack([near[name] if name in near else wide[name][blocks] for name in BLOCK_SIGNALS]),
        factor=factor[blocks],
        module=(snapshot.blocks.flags[blocks] & BLOCK_MODULE) > 0,
        home=home,
        files=files,
        of_file=np.stack([of_file[name] for name in FILE_SIGNALS]) * worth[files],
        lexical=lexical,
        tested=wide["tests"][blocks],
        shown=factor > 0,
        matched=found.matched,
    )


def _factor(snapshot: Snapshot, tests: bool, prefixes: tuple[str, ...]) -> Floats:
    """What a block's score is multiplied by for what it is. Tests rank nowhere unless they are asked for."""
    if prefixes:
        return _new_factor(snapshot, tests, prefixes)
    known: dict[bool, Floats] = snapshot.memo.setdefault("factor", {})
    if tests not in known:
        known[tests] = _new_factor(snapshot, tests, prefixes)
    return known[tests]


def _new_factor(snapshot: Snapshot, tests: bool, prefixes: tuple[str, ...]) -> Floats:
    by_role = {"code": 1.0, "test": 1.0 if tests else 0.0, "aside": ASIDE, "prose": PROSE}
    of_file = np.array([by_role[role] for role in ROLES], np.float32)[snapshot.files.roles]
    if prefixes:
        of_file = of_file * np.array([path.startswith(prefixes) for path in snapshot.files.paths], np.float32)
    found: Floats = of_file[snapshot.blocks.files]
    if not tests:
        found[(snapshot.blocks.flags & BLOCK_TEST) > 0] = 0
    return found


def _worth(snapshot: Snapshot, factor: Floats, known: bool | None) -> Floats:
    """The greatest factor of each file's blocks. `known` says whose factor it is when it depends on nothing else."""
    if known is None:
        return _most(snapshot, factor)
    kept: dict[bool, Floats] = snapshot.memo.setdefault("worth", {})
    if known not in kept:
        kept[known] = _most(snapshot, factor)
    return kept[known]


def _wording(snapshot: Snapshot, task: Task, found: Scores, factor: Floats) -> dict[str, Floats]:
    """Signals of all blocks that come of the words."""
    none, product = np.zeros(len(factor), np.float32), factor >= 1
    parts = {name: _scaled(found.blocks.get(name, none), product) for name in ("code", "full", "raw", "named", "title")}
    parts["compound"] = _scaled(exact(snapshot, task.compounds - task.terms.keys()), product)
    parts["mention"] = signals.mentions(snapshot, task) * (factor > 0)
    return parts


def _tests(snapshot: Snapshot, mix: Floats, factor: Floats) -> dict[str, Floats]:
    """What matching tests call, by block, and are named after, by file. Tests count here though they are not ranked."""
    blocks = snapshot.blocks
    is_test: NDArray[np.bool_] | None = snapshot.memo.get("is_test")
    if is_test is None:
        is_test = ((blocks.flags & BLOCK_TEST) > 0) | (snapshot.files.roles[blocks.files] == TEST_ROLE)
        snapshot.memo["is_test"] = is_test
    tests = best(mix * is_test, signals.TEST_BLOCKS)
    return {
        "tests": unit(signals.spread(snapshot, tests, mix[tests]) * (factor > 0)),
        "same_name": unit(signals.same_named(snapshot, blocks.files[tests].tolist(), mix[tests])),
    }


def _file_base(
    snapshot: Snapshot, found: Scores, wide: dict[str, Floats], factor: Floats, worth: Floats
) -> dict[str, Floats]:
    """The file signals by which files are chosen to be looked at, and their sum."""
    mix = 0.5 * (wide["full"] + wide["raw"]) * factor
    rows = {
        "blocks": unit(_top_blocks(snapshot, mix)),
        "stem": unit(found.files["full"] * worth),
        "raw": unit(found.files["raw"] * worth),
    }
    rows["sum"] = unit(rows["blocks"] + STEM_FILE * (rows["stem"] + rows["raw"]))
    return rows


def _file_parts(snapshot: Snapshot, wide: dict[str, Floats], factor: Floats, lexical: Floats) -> dict[str, Floats]:
    """The most that one block of a file has of a signal; and what matching tests call in it, added up."""
    rows = {name: _most(snapshot, wide[name] * factor) for name in ("mention", "title", "compound")}
    called = np.bincount(snapshot.blocks.files, wide["tests"] * factor, len(snapshot.files.paths))
    return rows | {
        "best": unit(_most(snapshot, lexical)),
        "tests": unit(called.astype(np.float32)),
        "same_name": wide["same_name"],
    }


def _file_paths(snapshot: Snapshot, task: Task, found: Scores, score: Floats) -> dict[str, Floats]:
    return {
        "file_name": signals.file_names(snapshot, task),
        "path": wording.paths(snapshot, found.matches),
        "folder": unit(wording.folders(snapshot, score)),
    }


def _near(snapshot: Snapshot, lexical: Floats, blocks: Numbers) -> Floats:
    """The better of the blocks before and after, in the same file."""
    if not len(blocks):
        return np.zeros(0, np.float32)
    files = snapshot.blocks.files
    before, after = np.maximum(blocks - 1, 0), np.minimum(blocks + 1, len(files) - 1)
    left = np.where((before < blocks) & (files[before] == files[blocks]), lexical[before], 0)
    right = np.where((after > blocks) & (files[after] == files[blocks]), lexical[after], 0)
    return unit(np.maximum(left, right).astype(np.float32))


def _scaled(scores: Floats, product: NDArray[np.bool_]) -> Floats:
    """Divided by the greatest value among product code, or among all when there is none."""
    top = float((scores * product).max()) if len(scores) else 0.0
    top = top or (float(scores.max()) if len(scores) else 0.0)
    return scores / top if top > 0 else scores


def unit(scores: Floats) -> Floats:
    """Divided by the greatest value."""
    top = float(scores.max()) if len(scores) else 0.0
    return scores / top if top > 0 else scores


def best(scores: Floats, most: int) -> Numbers:
    """Indices of the greatest positive scores, in order; equal scores by index."""
    found = np.flatnonzero(scores > 0)
    if len(found) > most:
        limit = np.partition(scores[found], len(found) - most)[len(found) - most]
        found = found[scores[found] >= limit]
    return found[np.argsort(-scores[found], kind="stable")][:most]


def _most(snapshot: Snapshot, scores: Floats) -> Floats:
    """The greatest score of a file's blocks; none is below 0."""
    first, some = snapshot.files.first_block, np.flatnonzero(scores)
    if len(some) < len(scores) // 16:
        return _peak(scores[some], snapshot.blocks.files[some], len(first) - 1)
    filled = np.flatnonzero(first[:-1] < first[1:])
    found = np.zeros(len(first) - 1, np.float32)
    if len(filled):
        found[filled] = np.maximum.reduceat(scores, first[filled])
    return found


def _peak(scores: Floats, group: NDArray[np.integer], count: int) -> Floats:
    found = np.zeros(count, np.float32)
    np.maximum.at(found, group, scores)
    return found


def _top_blocks(snapshot: Snapshot, scores: Floats) -> Floats:
    """Each file's best blocks, added up with a falling weight."""
    top = best(scores, CANDIDATES)
    place = places(snapshot.blocks.files[top])
    kept = place < TOP_BLOCKS
    files, worth = snapshot.blocks.files[top][kept], scores[top][kept] * FALL ** place[kept]
    return np.bincount(files, worth, len(snapshot.files.paths)).astype(np.float32)


def places(group: NDArray[np.integer]) -> Numbers:
    """For items in order, each in a group: how many of its group stand before it."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    first = np.flatnonzero(np.diff(sorted_group, prepend=-1))
    found = np.empty(len(group), np.int64)
    found[order] = np.arange(len(group)) - np.repeat(first, np.diff(np.append(first, len(group))))
    return found
