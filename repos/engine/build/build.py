"""A tree -> a snapshot file: list, read and parse what the cache lacks, resolve, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from repos.engine import paths
from repos.engine.errors import EngineError
from repos.engine.extraction.facts import EXTRACTOR, Record, cache_key, decode_facts, decode_record, digest
from repos.engine.extraction.workers import Job, parse_all
from repos.engine.graph.edges import Places, link
from repos.engine.graph.resolve import Unit
from repos.engine.languages import ALL, BY_NAME, language_of, parser_of
from repos.engine.languages.base import Manifests
from repos.engine.snapshot import container
from repos.engine.snapshot.file import Meta
from repos.engine.snapshot.tables import Graph
from repos.engine.types import (
    Coverage,
    FactsCache,
    Limits,
    Phase,
    Progress,
    SkippedFile,
    SnapshotInfo,
    SourceFile,
    Tree,
)

from . import assemble
from .columns import Columns, Entry, gather
from .manifests import FamilyFiles

STORE_EVERY = 200  # records handed to the cache at a time


@dataclass(slots=True)
class Wanted:
    """A file to read. `language` is empty for one without symbols."""

    file: SourceFile
    language: str
    key: str


@dataclass(slots=True)
class Run:
    """One build in progress."""

    limits: Limits
    progress: Progress | None
    seen: int = 0
    skipped: list[SkippedFile] = field(default_factory=list)

    def tell(self, phase: Phase, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(phase, done, total)

    def skip(self, path: str, reason: str) -> None:
        self.skipped.append(SkippedFile(path, reason))

    def coverage(self, columns: Columns) -> Coverage:
        parsed = int(columns.parsed.sum())
        reasons = Counter(item.reason for item in self.skipped)
        # What a person would miss comes first; of what was left out on purpose a few examples are enough.
        worst = sorted(self.skipped, key=lambda item: (item.reason in ("not_source", "vendored"), item.path))
        return Coverage(
            self.seen, parsed, len(columns) - parsed, dict(sorted(reasons.items())), tuple(worst[: Coverage.LISTED])
        )


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
) -> SnapshotInfo:
    """Index a tree and write the snapshot to `path` in one step.

    `progress` is called with (phase, done, total); what it raises ends the run and leaves nothing behind. With `cache`,
    only blobs not seen before are read and parsed. Raises GrammarMissing, EngineError for a tree with too many files,
    or whatever the tree and the cache raise.
    """
    run = Run(limits or Limits(), progress)
    wanted = _choose(run, tree)
    for language in {item.language for item in wanted if item.language}:
        parser_of(language)  # a grammar that is missing must end the run, not leave its files empty
    entries = _entries(run, wanted, _records(run, tree, wanted, processes, cache))
    columns, merged = gather(entries), assemble.merge(entries)
    edges = _link(run, entries, assemble.places(columns))
    run.tell("write", 0, 1)
    languages = sorted(set(columns.labels))
    coverage, statistics = run.coverage(columns), assemble.statistics(columns, edges)
    meta = Meta(EXTRACTOR, commit, committed_at, languages, coverage, statistics)
    checksum, size = container.write(path, meta, assemble.sections(columns, merged, languages, edges))
    run.tell("write", 1, 1)
    return SnapshotInfo(path, commit, committed_at, checksum, size, statistics.symbols, coverage, statistics)


def _choose(run: Run, tree: Tree) -> list[Wanted]:
    run.tell("list", 0, 0)
    files = sorted(tree.files(), key=lambda file: file.path)
    if len(files) > run.limits.files:
        raise EngineError(f"The repository has {len(files)} files; at most {run.limits.files} can be indexed.")
    run.seen = len(files)
    limits = digest(run.limits)
    wanted = []
    for file in files:
        language = language_of(file.path)
        reason = paths.refused(file.path)
        if not reason and file.size > (run.limits.file_bytes if language else run.limits.text_bytes):
            reason = "too_large"
        if reason:
            run.skip(file.path, reason)
        else:
            name = language.name if language else ""
            wanted.append(Wanted(file, name, cache_key(file.oid, name, limits)))
    run.tell("list", len(files), len(files))
    return wanted


def _records(run: Run, tree: Tree, wanted: list[Wanted], processes: int, cache: FactsCache | None) -> dict[str, bytes]:
    """Records by cache key: from the cache, or made now."""
    keys = list(dict.fromkeys(item.key for item in wanted))
    records = cache.get_many(keys) if cache is not None else {}
    missing = {item.key: item for item in wanted if item.key not in records}
    run.tell("read", len(records), len(keys))
    # Large files first, so that no worker is left alone with one at the end.
    order = sorted(missing.values(), key=lambda item: (-item.file.size, item.key))
    fresh: dict[str, bytes] = {}
    limits = digest(run.limits)
    total = sum(item.file.size for item in order)
    run.tell("parse", 0, len(order))
    # Closed at once when the run ends early, so that nothing goes on reading behind it.
    with (
        closing(_jobs(tree, order)) as jobs,
        closing(parse_all(jobs, total_bytes=total, processes=processes, limits=run.limits)) as parsed,
    ):
        for done in parsed:
            key = cache_key(done[0], done[1], limits)
            records[key] = fresh[key] = done[2]
            if len(fresh) >= STORE_EVERY:
                _store(cache, fresh)
            run.tell("parse", len(records) - len(keys) + len(order), len(order))
    _store(cache, fresh)
    return records


def _jobs(tree: Tree, order: list[Wanted]) -> Generator[Job, None, None]:
    languages: dict[str, list[str]] = {}
    for item in order:
        languages.setdefault(item.file.oid, []).append(item.language)
    for oid, content in tree.read(list(languages)):
        for language in languages[oid]:
            yield oid, language, content


def _store(cache: FactsCache | None, fresh: dict[str, bytes]) -> None:
    if cache is not None and fresh:
        cache.put_many(fresh)
    fresh.clear()


def _entries(run: Run, wanted: list[Wanted], records: dict[str, bytes]) -> list[Entry]:
    entries = []
    for item in wanted:
        data = records.get(item.key)
        if data is None:
            run.skip(item.file.path, "unreadable")
            continue
        record: Record = decode_record(data)
        facts = decode_facts(record.facts)
        if facts.skipped:
            run.skip(item.file.path, facts.skipped)
            continue
        path = item.file.path
        entries.append(Entry(item.file, item.language, paths.label(path), paths.role(path), facts, record.source))
    return entries


def _link(run: Run, entries: list[Entry], places: Places) -> Graph:
    first = places.first_symbol.tolist()
    units = [
        Unit(number, entry.file.path, entry.language, entry.role == "test", entry.facts, first[number])
        for number, entry in enumerate(entries)
        if entry.language
    ]
    manifests: dict[str, Manifests] = {}
    for family in {BY_NAME[unit.language].family for unit in units}:
        names = {name for language in ALL if language.family == family for name in language.manifests}
        manifests[family] = FamilyFiles(entries, family, names)

    def tick(done: int) -> None:
        run.tell("resolve", done, len(units))

    return link(units, manifests, places, tick)
