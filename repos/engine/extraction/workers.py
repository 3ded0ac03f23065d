"""Parsing in other processes. The parser holds the interpreter's lock for a whole parse, so threads would gain
nothing; and a parser that crashes or hangs on one file takes a worker with it, not the index run.

Workers are started as programs of their own (see worker.py), because a task queue's own worker processes may not fork.
"""

from __future__ import annotations

import os
import queue
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from repos.engine.errors import EngineError
from repos.engine.types import Limits

from .extract import extract_all
from .facts import Facts, encode

Job = tuple[str, str, bytes]  # blob id, language, source
Done = tuple[str, str, bytes]  # blob id, language, record
BATCH_BYTES = 256 << 10
BATCH_FILES = 64
WORTH_STARTING = 1 << 20  # bytes to parse below which a second process costs more than it gains
GRACE_SECONDS = 30.0
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "LANG", "LC_ALL")
_size = struct.Struct("<I")
_encoder = msgspec.msgpack.Encoder()
_done = msgspec.msgpack.Decoder(list[Done])


def parse_all(jobs: Iterable[Job], *, total_bytes: int, processes: int, limits: Limits) -> Generator[Done, None, None]:
    """Records of all jobs, in no particular order. A file that breaks the parser has the skip reason
    `parser_failed`. With `processes` below 2 it would take the caller with it: a server always gives 2 or more."""
    if processes < 2 or not total_bytes:
        for batch in _batches(iter(jobs)):
            yield from records_of(batch, limits)
        return
    with closing(_Pool(jobs, processes if total_bytes >= WORTH_STARTING else 1, limits)) as pool:
        yield from pool.results()


def records_of(batch: Sequence[Job], limits: Limits) -> list[Done]:
    found = extract_all([(source, language) for _, language, source in batch], limits)
    return [
        (oid, language, encode(facts, b"" if facts.skipped else source))
        for (oid, language, source), facts in zip(batch, found, strict=True)
    ]


def _batches(jobs: Iterator[Job]) -> Iterator[list[Job]]:
    while batch := _next_batch(jobs):
        yield batch


def _next_batch(jobs: Iterator[Job]) -> list[Job]:
    """Empty when there are no more."""
    batch: list[Job] = []
    size = 0
    while size < BATCH_BYTES and len(batch) < BATCH_FILES and (job := next(jobs, None)):
        batch.append(job)
        size += len(job[2])
    return batch


class _Died(Exception):
    pass


class _Pool:
    """One thread a worker feeds it batches and collects what it answers."""

    def __init__(self, jobs: Iterable[Job], processes: int, limits: Limits) -> None:
        self._jobs = iter(jobs)
        self._limits = limits
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._out: queue.Queue[list[Done] | BaseException | None] = queue.Queue(maxsize=4 * processes)
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(processes)]

    def results(self) -> Iterator[Done]:
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            item = self._out.get()
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield from item

    def close(self) -> None:
        self._stop.set()
        while any(thread.is_alive() for thread in self._threads):
            try:
                self._out.get(timeout=0.05)
            except queue.Empty:
                continue

    def _serve(self) -> None:
        worker = None
        try:
            while not self._stop.is_set() and (batch := self._take()):
                worker = worker or _Worker(self._limits)
                worker = self._run(worker, batch)
            self._out.put(None)
        except BaseException as error:  # the caller's thread raises it
            self._out.put(error)
        finally:
            if worker:
                worker.end()

    def _take(self) -> list[Job]:
        with self._lock:
            return _next_batch(self._jobs)

    def _run(self, worker: _Worker, batch: list[Job]) -> _Worker | None:
        """Parse a batch; when the worker dies over it, one file at a time, to find the one that did it."""
        try:
            self._out.put(worker.work(batch))
            return worker
        except _Died:
            worker.end()
        alone: _Worker | None = None
        for job in batch:
            alone = alone or _Worker(self._limits)
            try:
                self._out.put(alone.work([job]))
            except _Died:
                alone.end()
                alone = None
                self._out.put([(job[0], job[1], encode(Facts(skipped="parser_failed"), b""))])
        return alone


class _Worker:
    def __init__(self, limits: Limits) -> None:
        root = Path(__file__).resolve().parents[3]
        env = {
            # Hostile files can crash this process; it has no business with the secrets of its parent.
            **{name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
        )
        self._limits = limits
        self._send(_encoder.encode(limits))

    def work(self, batch: list[Job]) -> list[Done]:
        try:
            self._send(_encoder.encode(batch))
            return _done.decode(self._receive(GRACE_SECONDS + self._limits.file_seconds * len(batch)))
        except (OSError, msgspec.DecodeError) as error:
            raise _Died from error

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # bytes that could not be flushed to a dead worker
                    pipe.close()

    def _send(self, data: bytes) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise EngineError("A parser process has no input.")
        pipe.write(_size.pack(len(data)))
        pipe.write(data)
        pipe.flush()

    def _receive(self, seconds: float) -> bytes:
        pipe = self._process.stdout
        if pipe is None or not select.select([pipe], [], [], seconds)[0]:
            raise _Died
        head = pipe.read(_size.size)
        if len(head) < _size.size:
            raise _Died
        data = pipe.read(_size.unpack(head)[0])
        if len(data) < _size.unpack(head)[0]:
            raise _Died
        return data
