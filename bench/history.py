"""Does a repository's past help to choose files? Signals of it, each added to the ranking that knows none.

    python -m bench.history MIRRORS [--only NAME]

MIRRORS is a folder with one bare git directory of each development repository with its history, OWNER+NAME/repo. For
each task of $PARE_EVAL the past is cut at the task's base commit: only its ancestors are read. A signal is added to the
file scores with each of `WEIGHTS`; every repository is ranked with the weight that was best on all the others (all gold
files at 4k, 8k and 16k together), and what is printed is the paired difference to the ranking without it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from repos.engine import FolderFactsCache, Snapshot, build_snapshot, open_snapshot, words
from repos.engine.git import GitTree, LoggedCommit, read_log
from repos.engine.replay.messages import cleaned
from repos.engine.slicing.features import FILE_SIGNALS, Features, Floats, Numbers, features, unit
from repos.engine.slicing.rank import WEIGHTS as RANKING
from repos.engine.slicing.rank import order
from repos.engine.slicing.render import as_dict
from repos.engine.slicing.slice import slice_of
from repos.engine.slicing.task import Task, read_task

BUDGETS = (4000, 8000, 16000)
WEIGHTS = (0.1, 0.3)
COMMITS = 2000
MOST_FILES = 50  # a commit that touches more says nothing of any two of them
HALF_LIFE = 500  # commits after which one counts half
K1, B = 1.2, 0.5
MATCHED = 30  # commits whose messages fit best
BEST_FILES = 5
CARRIER = "blocks"  # the row of the file signals that takes a signal along: the ranking is linear in it
MEASURES = (
    "r@5",
    "all@10",
    *(f"{name} {budget // 1000}k" for name in ("all_files", "sym", "edit") for budget in BUDGETS),
)
Scores = dict[str, float | None]


class Past:
    """What the commits before a task's base touched, and in which words: files by their number in the snapshot."""

    def __init__(self, log: Iterable[LoggedCommit], snapshot: Snapshot) -> None:
        self.size = len(snapshot.files.paths)
        self.touched: list[Numbers] = []
        self.authors: list[str] = []
        self.by_term: defaultdict[bytes, list[int]] = defaultdict(list)
        lengths: list[int] = []
        now: dict[str, str] = {}  # an older name -> the newest one
        for commit in log:
            now.update({c.before: now.get(c.path, c.path) for c in commit.changes if c.before})
            names = {now.get(change.path, change.path) for change in commit.changes}
            files = sorted(snapshot.numbers[name] for name in names if name in snapshot.numbers)
            if files and len(commit.changes) <= MOST_FILES:
                terms = {words.stem(term) for term in words.terms(cleaned(commit.message))}
                for term in terms:
                    self.by_term[term].append(len(self.touched))
                self.touched.append(np.array(files))
                self.authors.append(commit.author)
                lengths.append(len(terms))
        self.age = 0.5 ** (np.arange(len(self.touched)) / HALF_LIFE)
        self.norm = 1 - B + B * np.array(lengths, float) / max(1.0, float(np.mean(lengths or [1])))

    def said(self, task: Task, best: Features) -> Floats:
        """Files that commits touched whose messages speak of the same: BM25 over messages, falling with age."""
        score, count = np.zeros(len(self.touched)), len(self.touched)
        for term, times in Counter({words.stem(term): n for term, n in task.terms.items()}).items():
            if found := self.by_term.get(term):
                idf = np.log1p((count - len(found) + 0.5) / (len(found) + 0.5))
                score[found] += min(times, 3) ** 0.5 * idf * (K1 + 1) / (1 + K1 * self.norm[found])
        score *= self.age
        files = np.zeros(self.size, np.float32)
        for commit in np.argsort(-score, kind="stable")[:MATCHED]:
            files[self.touched[commit]] += score[commit] ** 2 / len(self.touched[commit]) ** 0.5
        return files

    def together(self, task: Task, best: Features) -> Floats:
        """Files that changed in the same commits as the best ones."""
        ranking = order(best)
        weight = np.zeros(self.size)
        weight[ranking.files[:BEST_FILES]] = ranking.file_scores[:BEST_FILES]
        files, often = np.zeros(self.size), np.zeros(self.size)
        for touched, age in zip(self.touched, self.age, strict=True):
            often[touched] += age
            if len(touched) > 1:
                files[touched] += age * (weight[touched].sum() - weight[touched]) / (len(touched) - 1)
        return (files / np.sqrt(1 + often)).astype(np.float32)

    def recent(self, task: Task, best: Features) -> Floats:
        """Files that changed often and lately."""
        files = np.zeros(self.size)
        for touched, age in zip(self.touched, self.age, strict=True):
            files[touched] += age**5
        return np.log1p(files).astype(np.float32)

    def owned(self, task: Task, best: Features) -> Floats:
        """Files last changed by who changed the best ones last."""
        last: dict[int, str] = {}
        for touched, author in zip(self.touched, self.authors, strict=True):
            for file in touched.tolist():
                last.setdefault(file, author)
        owners = {last.get(file, "") for file in order(best).files[:BEST_FILES].tolist()} - {""}
        return np.array([last.get(file) in owners for file in range(self.size)], np.float32)


SIGNALS = {"said": Past.said, "together": Past.together, "recent": Past.recent, "owned": Past.owned}
SETTINGS: list[tuple[str, float]] = [("none", 0.0), *((name, weight) for name in SIGNALS for weight in WEIGHTS)]


def with_signal(found: Features, signal: Floats, weight: float) -> Features:
    """The features with `weight` times a signal of all files in the files' scores."""
    of_file = found.of_file.copy()
    # What ranks nowhere (tests, when the task is not about them) has no score to be raised.
    mine = unit(signal[found.files]) * (of_file.max(axis=0) > 0)
    of_file[FILE_SIGNALS.index(CARRIER)] += weight / RANKING.files[CARRIER] * mine
    return replace(found, of_file=of_file)


class Bench:
    """The tasks, their snapshots and their pasts."""

    def __init__(self, evaluation: Path, mirrors: Path) -> None:
        sys.path.insert(0, str(evaluation))
        work = Path(os.environ.setdefault("EVAL_WORK", str(Path(tempfile.gettempdir()) / "pare-eval")))
        from evallib import metrics, repo  # type: ignore[import-not-found]

        self.metrics, self.repo, self.mirrors = metrics, repo, mirrors
        self.folder = work / "history"
        with (evaluation / "data" / "dev.jsonl").open() as file:
            self.tasks = sorted(map(json.loads, file), key=lambda task: (task["repo"], task["base_commit"], task["id"]))

    def measure(self, row: dict[str, Any]) -> dict[tuple[str, float], Scores]:
        mirror = self.mirrors / row["repo"].replace("/", "+") / "repo"
        path = self.folder / "task.snapshot"
        cache = FolderFactsCache(self.folder / "facts")
        build_snapshot(GitTree(mirror, row["base_commit"]), path=path, commit=row["base_commit"], cache=cache)
        with open_snapshot(path) as snapshot:
            past = Past(read_log(mirror, row["base_commit"], most=COMMITS), snapshot)
            task = read_task(row["query"])
            found = features(snapshot, task, tests=task.tests)
            raw = {name: signal(past, task, found) for name, signal in SIGNALS.items()}
            known: dict[tuple[int, str], Any] = {}
            return {
                (name, weight): self.score(
                    row, snapshot, with_signal(found, raw[name], weight) if weight else found, known
                )
                for name, weight in SETTINGS
            }

    def score(
        self, row: dict[str, Any], snapshot: Snapshot, found: Features, known: dict[tuple[int, str], Any]
    ) -> Scores:
        ranking, root, scores = order(found), self.repo.checkout(row["repo"], row["base_commit"]), {}
        for budget in BUDGETS:
            made = slice_of(snapshot, ranking, budget)
            if budget == BUDGETS[0]:
                scores.update(self.metrics.rank_metrics([file.path for file in made.files], row["gold_files"]))
            if (told := known.get((budget, made.text))) is None:  # most signals change few slices
                told = self.metrics.slice_metrics(root, row, as_dict(made)["slice"], budget, {}, 0)
                known[budget, made.text] = told
            scores |= {f"{name} {budget // 1000}k": told[name] for name in ("all_files", "sym", "edit")}
        return scores


def chosen(rows: Sequence[dict[str, Any]], name: str) -> dict[str, float]:
    """For each repository the weight (0 too) with the best sum over the others; of equals the smallest."""
    found = {}
    for repository in sorted({row["repo"] for row in rows}):
        others = [row["scores"] for row in rows if row["repo"] != repository]

        def worth(setting: tuple[str, float], others: list[Any] = others) -> float:
            return sum(
                float(scores[setting][f"all_files {budget // 1000}k"]) for scores in others for budget in BUDGETS
            )

        settings = [("none", 0.0), *((name, weight) for weight in WEIGHTS)]
        found[repository] = max(settings, key=lambda setting: (worth(setting), -setting[1]))[1]
    return found


def difference(rows: Sequence[dict[str, Any]], settings: Sequence[tuple[str, float]], measure: str) -> str:
    """Mean paired difference in points with its 95 % bootstrap interval."""
    pairs = [
        (row["scores"][setting][measure], row["scores"]["none", 0.0][measure])
        for row, setting in zip(rows, settings, strict=True)
    ]
    gains = np.array([100 * (a - b) for a, b in pairs if a is not None and b is not None])
    draw = random.Random(7)
    means = sorted(float(np.mean(draw.choices(gains.tolist(), k=len(gains)))) for _ in range(2000))
    return f"{gains.mean():+.1f} [{means[50]:+.1f}, {means[1949]:+.1f}]"


def report(rows: Sequence[dict[str, Any]]) -> None:
    base = [row["scores"]["none", 0.0] for row in rows]
    means = {name: [100 * scores[name] for scores in base if scores[name] is not None] for name in MEASURES}
    print(f"{len(rows)} tasks without a past:", ", ".join(f"{name} {np.mean(means[name]):.1f}" for name in MEASURES))
    print("\n| signal | weights |", " | ".join(MEASURES), "|\n|---|---|" + "---|" * len(MEASURES))
    for name in SIGNALS:
        weights = chosen(rows, name)
        fitted = [(name, weights[row["repo"]]) if weights[row["repo"]] else ("none", 0.0) for row in rows]
        shown = "/".join(f"{weight:g}" for weight in sorted(set(weights.values())))
        lines = [(f"{name}, left out", shown, fitted)]
        lines += [(f"{name}, all", f"{weight:g}", [(name, weight)] * len(rows)) for weight in WEIGHTS]
        for label, weight, settings in lines:
            print(f"| {label} | {weight} |", " | ".join(difference(rows, settings, m) for m in MEASURES), "|")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("--only", default="", help="repositories whose name holds this")
    options = parser.parse_args()
    bench, rows = Bench(Path(os.environ["PARE_EVAL"]), options.mirrors), []
    for number, row in enumerate(task for task in bench.tasks if options.only in task["repo"]):
        rows.append({"repo": row["repo"], "scores": bench.measure(row)})
        print(f"\r{number + 1} of {len(bench.tasks)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    report(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
