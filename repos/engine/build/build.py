"""A tree -> a snapshot file: list, read and parse what is not known yet, resolve, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from repos.engine.extraction.facts import EXTRACTOR
from repos.engine.extraction.heads import head
from repos.engine.graph.edges import link
from repos.engine.languages import parser_of
from repos.engine.snapshot import container
from repos.engine.snapshot.file import Meta
from repos.engine.types import Coverage, FactsCache, Limits, Progress, SkippedFile, SnapshotInfo, Tree

from . import assemble
from .columns import Columns, gather
from .incremental import Made, build_on, units_of
from .manifests import as_manifests, family_files
from .memory import give_back
from .past import open_base, pack_past, past_of
from .reading import Run, Wanted
from .spill import Spill


def build_snapshot(
    tree: Tree,
    *,
    path: Path,
    commit: str,
    committed_at: datetime | None = None,
    processes: int = 1,
    cache: FactsCache | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
    base: Path | None = None,
) -> SnapshotInfo:
    """Index a tree and write the snapshot to `path` in one step.

    `progress` is called with (phase, done, total); what it raises ends the run and leaves nothing behind. With `cache`,
    only blobs not seen before are read and parsed. `base` is a snapshot of an earlier commit: what has not changed
    since is taken over from it; one that is missing, damaged, of another engine or of another repository is not used.
    The bytes written are the same with and without either. Raises GrammarMissing, EngineError for a tree with too many
    files, or whatever the tree and the cache raise.
    """
    with Spill() as spill:
        run = Run(tree, limits or Limits(), processes, cache, progress, spill)
        wanted = run.choose()
        for language in {item.language for item in wanted if item.language}:
            parser_of(language)  # a grammar that is missing must end the run, not leave its files empty
        made = build_on(open_base(base), run, wanted) or _build(run, wanted)
        give_back()
        run.tell("write", 0, 1)
        return _write(run, made, wanted, path, commit, committed_at)


def _write(
    run: Run, made: Made, wanted: Sequence[Wanted], path: Path, commit: str, committed_at: datetime | None
) -> SnapshotInfo:
    languages = sorted(set(made.columns.labels))
    statistics = assemble.statistics(made.columns, made.edges)
    coverage = _coverage(run, made)
    meta = Meta(EXTRACTOR, commit, committed_at, languages, coverage, statistics)
    parts = assemble.sections(made.columns, made.postings, languages, made.edges)
    past = pack_past(past_of(wanted, made.columns, made.heads, made.unusable))
    checksum, size = container.write(path, meta, {**parts, "past": past})
    run.tell("write", 1, 1)
    return SnapshotInfo(path, commit, committed_at, checksum, size, statistics.symbols, coverage, statistics)


def _build(run: Run, wanted: Sequence[Wanted]) -> Made:
    """From nothing but the tree."""
    loaded = run.load(wanted)
    columns = gather(loaded.entries)
    units = units_of(columns, [e.language for e in loaded.entries], [e.facts for e in loaded.entries])
    manifests = as_manifests(family_files(units, columns))
    edges = link(units, manifests, assemble.places(columns), lambda done: run.tell("resolve", done, len(units)))
    heads = [head(entry.facts) for entry in loaded.entries]
    return Made(columns, loaded.postings, edges, heads, loaded.unusable)


def _coverage(run: Run, made: Made) -> Coverage:
    columns: Columns = made.columns
    skipped = run.refused + [SkippedFile(path, reason) for path, _, reason in made.unusable]
    parsed = int(columns.parsed.sum())
    reasons = Counter(item.reason for item in skipped)
    # What a person would miss comes first; of what was left out on purpose a few examples are enough.
    worst = sorted(skipped, key=lambda item: (item.reason in ("not_source", "vendored"), item.path))
    examples = tuple(SkippedFile(plain(item.path), item.reason) for item in worst[: Coverage.LISTED])
    return Coverage(run.seen, parsed, len(columns) - parsed, dict(sorted(reasons.items())), examples)


def plain(path: str) -> str:
    """A path that can be stored and shown: bytes of it that are no UTF-8 are written as `\\xe9`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
