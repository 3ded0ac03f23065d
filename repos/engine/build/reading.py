"""Choosing the files of a tree, and the facts of those wanted: from the cache, or read and parsed now."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from repos.engine import paths, words
from repos.engine.errors import EngineError
from repos.engine.extraction.facts import (
    cache_key,
    decode_counts,
    decode_facts,
    decode_record,
    digest,
    pack_record,
    unpack_record,
)
from repos.engine.extraction.postings import Collector, Postings
from repos.engine.extraction.workers import Job, parse_all
from repos.engine.languages import language_of
from repos.engine.types import FactsCache, Limits, Phase, Progress, SkippedFile, SourceFile, Tree

from .columns import Entry
from .memory import give_back
from .spill import Spill, Spilled

STORE_EVERY = 200  # records handed to the cache at a time


@dataclass(slots=True)
class Wanted:
    """A file to read. `language` is empty for one without symbols; `key` changes with all that its facts depend on."""

    file: SourceFile
    language: str
    key: str


@dataclass(slots=True)
class Loaded:
    """Files with their facts, and (path, key, reason) of those that turned out unusable; an empty key: try again."""

    postings: Postings
    entries: list[Entry] = field(default_factory=list)
    unusable: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One build in progress."""

    tree: Tree
    limits: Limits
    processes: int
    cache: FactsCache | None
    progress: Progress | None
    spill: Spill
    seen: int = 0
    refused: list[SkippedFile] = field(default_factory=list)

    def tell(self, phase: Phase, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(phase, done, total)

    def choose(self) -> list[Wanted]:
        """The files to read, in order of their paths. Raises EngineError when the tree has too many."""
        self.tell("list", 0, 0)
        files = sorted(self.tree.files(), key=lambda file: file.path)
        if len(files) > self.limits.files:
            raise EngineError(f"The repository has {len(files)} files; at most {self.limits.files} can be indexed.")
        self.seen = len(files)
        limits = digest(self.limits)
        wanted = []
        for file in files:
            language = language_of(file.path)
            reason = paths.refused(file.path)
            if not reason and file.size > (self.limits.file_bytes if language else self.limits.text_bytes):
                reason = "too_large"
            if reason:
                self.refused.append(SkippedFile(file.path, reason))
            else:
                name = language.name if language else ""
                wanted.append(Wanted(file, name, cache_key(file.oid, name, limits)))
        self.tell("list", len(files), len(files))
        return wanted

    def load(self, wanted: Sequence[Wanted]) -> Loaded:
        """`postings` are those of the entries; blocks count from the first one."""
        records, collector = self._records(wanted), Collector()
        shared: dict[bytes, bytes] = {}  # files mention the same names
        entries: list[Entry] = []
        unusable: list[tuple[str, str, str]] = []
        for item in wanted:
            place, path = records.get(item.key), item.file.path
            if place is None:
                unusable.append((path, "", "unreadable"))
                continue
            record = decode_record(place.read())
            facts = decode_facts(record.facts)
            if facts.skipped:
                unusable.append((path, item.key, facts.skipped))
                continue
            collector.add(decode_counts(facts), facts.blocks().shape[1], words.terms(path))
            facts.names = [shared.setdefault(name, name) for name in facts.names]
            facts.counts = b""  # the largest part of the facts, and not needed any more
            source = place.tail(len(record.source))
            entries.append(Entry(item.file, item.language, paths.label(path), paths.role(path), facts, source))
        found = Loaded(collector.result(), entries, unusable)
        give_back()
        return found

    def _records(self, wanted: Sequence[Wanted]) -> dict[str, Spilled]:
        """Records by cache key: from the cache, or made now."""
        keys = list(dict.fromkeys(item.key for item in wanted))
        records = self._cached(keys)
        missing = {item.key: item for item in wanted if item.key not in records}
        self.tell("read", len(records), len(keys))
        # Large files first, so that no worker is left alone with one at the end.
        order = sorted(missing.values(), key=lambda item: (-item.file.size, item.key))
        fresh: dict[str, bytes] = {}
        limits = digest(self.limits)
        total = sum(item.file.size for item in order)
        self.tell("parse", 0, len(order))
        # Closed at once when the run ends early, so that nothing goes on reading behind it.
        with (
            closing(self._jobs(order)) as jobs,
            closing(parse_all(jobs, total_bytes=total, processes=self.processes, limits=self.limits)) as parsed,
        ):
            for done in parsed:
                key = cache_key(done[0], done[1], limits)
                records[key] = self.spill.add(done[2])
                if self.cache is not None:
                    fresh[key] = pack_record(done[2])
                if len(fresh) >= STORE_EVERY:
                    self._store(fresh)
                self.tell("parse", len(records) - len(keys) + len(order), len(order))
        self._store(fresh)
        return records

    def _cached(self, keys: Sequence[str]) -> dict[str, Spilled]:
        records: dict[str, Spilled] = {}
        for start in range(0, len(keys) if self.cache is not None else 0, STORE_EVERY):
            found = self.cache.get_many(keys[start : start + STORE_EVERY]) if self.cache is not None else {}
            records |= {key: self.spill.add(unpack_record(data)) for key, data in found.items()}
        return records

    def _jobs(self, order: Sequence[Wanted]) -> Generator[Job, None, None]:
        languages: dict[str, list[str]] = {}
        for item in order:
            languages.setdefault(item.file.oid, []).append(item.language)
        for oid, content in self.tree.read(list(languages)):
            for language in languages.pop(oid, ()):  # a tree may give what nobody asked for
                yield oid, language, content

    def _store(self, fresh: dict[str, bytes]) -> None:
        if self.cache is not None and fresh:
            self.cache.put_many(fresh)
        fresh.clear()
