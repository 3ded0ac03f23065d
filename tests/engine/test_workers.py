"""Parsing in other processes gives what parsing here gives, and one that dies costs one file."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from repos.engine import build_snapshot
from repos.engine.errors import IndexCancelled
from repos.engine.extraction import workers
from repos.engine.extraction.facts import decode_facts, decode_record
from repos.engine.extraction.workers import Job, _Died, _Worker, parse_all
from repos.engine.types import Limits, Phase
from tests.engine.trees import MemoryTree

FUNCTION = "def step_{0}(a):\n    '''Number {0}.'''\n    return other_{0}(a)\n\n\n"
LARGE = {f"m{i}.py": "".join(FUNCTION.format(f"{i}_{j}") for j in range(40)) for i in range(60)}


@pytest.fixture(autouse=True)
def workers_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH_STARTING", 0)
    monkeypatch.setattr(workers, "BATCH_FILES", 8)


def test_processes_give_the_same_snapshot(tmp_path: Path) -> None:
    one = build_snapshot(MemoryTree(LARGE), path=tmp_path / "1", commit="c", processes=1)
    two = build_snapshot(MemoryTree(LARGE), path=tmp_path / "2", commit="c", processes=2)
    assert one.digest == two.digest
    assert one.symbols == 60 * 40


def test_a_worker_that_dies_costs_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    work = _Worker.work

    def dies_of_bad(self: _Worker, batch: list[Job]) -> list[tuple[str, str, bytes]]:
        if any(b"bad" in source for _, _, source in batch):
            self.end()
            raise _Died
        return work(self, batch)

    monkeypatch.setattr(_Worker, "work", dies_of_bad)
    jobs: list[Job] = [(f"{i}", "python", b"def bad(): pass\n" if i == 3 else b"def good(): pass\n") for i in range(6)]
    found = {oid: decode_facts(decode_record(data).facts) for oid, _, data in run(jobs)}
    assert found.pop("3").skipped == "parser_failed"
    assert [facts.definition_names for facts in found.values()] == [[b"good"]] * 5


def test_a_killed_worker_is_noticed() -> None:
    worker = _Worker(Limits())
    assert worker.work([("a", "python", b"x = 1\n")])[0][0] == "a"
    worker._process.kill()
    with pytest.raises(_Died):
        worker.work([("a", "python", b"x = 1\n")])
    worker.end()


def run(jobs: list[Job]) -> Iterator[tuple[str, str, bytes]]:
    return parse_all(iter(jobs), total_bytes=1 << 30, processes=2, limits=Limits())


def test_an_error_of_the_tree_reaches_the_caller() -> None:
    def failing() -> Iterator[Job]:
        yield "a", "python", b"x = 1\n"
        raise OSError("the mirror is gone")

    with pytest.raises(OSError, match="mirror is gone"):
        list(parse_all(failing(), total_bytes=1 << 30, processes=2, limits=Limits()))


def test_cancelling_ends_the_workers(tmp_path: Path) -> None:
    def stop(phase: Phase, done: int, total: int) -> None:
        if phase == "parse" and done:
            raise IndexCancelled("stop")

    before = threading.active_count()
    with pytest.raises(IndexCancelled):
        build_snapshot(MemoryTree(LARGE), path=tmp_path / "s", commit="c", processes=2, progress=stop)
    assert threading.active_count() == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("processes", [1, 2])
def test_cancelling_ends_the_reading(tmp_path: Path, processes: int) -> None:
    class Watched(MemoryTree):
        ended = False

        def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
            try:
                yield from super().read(oids)
            finally:
                self.ended = True

    def stop(phase: Phase, done: int, total: int) -> None:
        if phase == "parse" and done:
            raise IndexCancelled("stop")

    tree = Watched({f"m{i}.py": f"def f{i}(): pass\n" for i in range(3000)})
    with pytest.raises(IndexCancelled):
        build_snapshot(tree, path=tmp_path / "s", commit="c", processes=processes, progress=stop)
    assert tree.ended
    assert len(tree.reads) < 3000


def test_a_file_that_fills_the_memory_costs_itself_alone() -> None:
    """360 kB that take a grammar 9 GB: the process that parses it, and no other, is at its limit and ends."""
    bomb = b"a <\nb,\n" * 60_000
    jobs: list[Job] = [("good", "python", b"def good(): pass\n"), ("bomb", "typescript", bomb)]
    for total in (1, 1 << 30):  # also where one process is enough
        done = parse_all(iter(jobs), total_bytes=total, processes=2, limits=Limits())
        found = {oid: decode_facts(decode_record(data).facts) for oid, _, data in done}
        assert found["bomb"].skipped == "parser_failed"
        assert found["good"].definition_names == [b"good"]


def test_a_worker_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for parsers")
    worker = _Worker(Limits())
    try:
        environment = Path(f"/proc/{worker._process.pid}/environ")
        if not environment.exists():
            pytest.skip("this system does not show what a process knows")
        assert b"not for parsers" not in environment.read_bytes()
        assert worker.work([("1", "python", b"def a(): ...")])[0][0] == "1"
    finally:
        worker.end()
