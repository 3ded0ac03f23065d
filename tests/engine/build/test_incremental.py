"""A build on the snapshot before writes, byte for byte, what a build from nothing writes."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine import FolderFactsCache, blob_id, build_snapshot
from repos.engine.build import affected, incremental, past
from repos.engine.types import Limits
from tests.engine.build.corpus import FILES, Files, edited
from tests.engine.trees import PATIENT, MemoryTree


@pytest.fixture(autouse=True)
def any_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take over whatever can be, in these small trees, too."""
    monkeypatch.setattr(incremental, "LEAST_KEPT", 0.0)
    monkeypatch.setattr(affected, "MOST_AGAIN", 1.0)


def cold(folder: Path, files: Files, limits: Limits | None = None) -> bytes:
    build_snapshot(MemoryTree(files), path=folder / "cold", commit="c", limits=limits)
    return (folder / "cold").read_bytes()


def on(folder: Path, base: str, name: str, files: Files, limits: Limits | None = None) -> bytes:
    path = folder / name
    build_snapshot(MemoryTree(files), path=path, commit="c", base=folder / base, limits=limits)
    return path.read_bytes()


@settings(PATIENT, max_examples=40)
@given(st.integers(0, 1 << 40))
def test_any_edits_in_a_row(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder, chance = tmp_path_factory.mktemp("row"), random.Random(seed)
    files: Files = dict(FILES)
    build_snapshot(MemoryTree(files), path=folder / "0", commit="c")
    for step in range(3):
        files = edited(files, chance)
        assert on(folder, str(step), str(step + 1), files) == cold(folder, files), f"seed {seed}, step {step}"


def test_only_what_changed_is_read(tmp_path: Path) -> None:
    build_snapshot(MemoryTree(FILES), path=tmp_path / "0", commit="c")
    changed: Files = {**FILES, "docs/notes.md": "# Other notes\n", "pkg/base.py": str(FILES["pkg/base.py"]) + "\n\n"}
    tree = MemoryTree(changed)
    build_snapshot(tree, path=tmp_path / "1", commit="c", base=tmp_path / "0")
    assert sorted(tree.reads) == sorted(
        blob_id(str(changed[path]).encode()) for path in ("docs/notes.md", "pkg/base.py")
    )
    assert (tmp_path / "1").read_bytes() == cold(tmp_path, changed)


@pytest.mark.parametrize(
    ("path", "old", "new", "also"),
    [
        ("pkg/base.py", "def step", "def other", "pkg/sub/leaf.py"),  # a member of a base type
        ("pkg/base.py", "item = Root()", "item = Leaf()", "pkg/more.py"),  # what a result is made of
        ("pkg/__init__.py", "Root as Top", "make as Top", "pkg/sub/leaf.py"),  # a name passed on
        ("web/tsconfig.json", "src/*", "elsewhere/*", "web/src/util.ts"),  # where imports lead
    ],
)
def test_files_that_a_change_reaches_are_linked_again(tmp_path: Path, path: str, old: str, new: str, also: str) -> None:
    """They are read again for it, and are as they would be in a build from nothing."""
    build_snapshot(MemoryTree(FILES), path=tmp_path / "0", commit="c")
    changed: Files = {**FILES, path: str(FILES[path]).replace(old, new)}
    tree = MemoryTree(changed)
    build_snapshot(tree, path=tmp_path / "1", commit="c", base=tmp_path / "0")
    assert blob_id(str(FILES[also]).encode()) in tree.reads
    assert (tmp_path / "1").read_bytes() == cold(tmp_path, changed)


def test_one_after_the_other_with_a_cache_and_two_processes(tmp_path: Path) -> None:
    chance, files, cache = random.Random(5), dict(FILES), FolderFactsCache(tmp_path / "facts")
    build_snapshot(MemoryTree(files), path=tmp_path / "0", commit="c", cache=cache)
    for step in range(4):
        files = edited(files, chance)
        build_snapshot(
            MemoryTree(files),
            path=tmp_path / f"{step + 1}",
            commit="c",
            base=tmp_path / f"{step}",
            cache=cache,
            processes=2,
        )
    assert (tmp_path / "4").read_bytes() == cold(tmp_path, files)


@pytest.mark.parametrize("content", [None, b"", b"no snapshot at all, but some bytes of it are there"])
def test_a_base_that_is_no_snapshot(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "base").write_bytes(content)
    assert on(tmp_path, "base", "1", FILES) == cold(tmp_path, FILES)


def test_a_base_of_another_repository_or_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others: Files = {f"other/{path}.py": f"def other{number}(): pass\n" for number, path in enumerate("abcdefgh")}
    build_snapshot(MemoryTree(others), path=tmp_path / "base", commit="d")
    assert on(tmp_path, "base", "1", FILES) == cold(tmp_path, FILES)
    with monkeypatch.context() as changed:
        changed.setattr(past, "fingerprint", lambda: "of yesterday")
        build_snapshot(MemoryTree(FILES), path=tmp_path / "old", commit="c")
    assert past.open_base(tmp_path / "old") is None
    assert past.open_base(tmp_path / "1") is not None


@settings(PATIENT, max_examples=25)
@given(st.data())
def test_a_damaged_base_is_not_used(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever byte is altered, wherever it is cut: the bytes are those of a build from nothing."""
    folder = tmp_path_factory.mktemp("damaged")
    few = {path: FILES[path] for path in sorted(FILES) if path.startswith(("pkg/", "web/"))}
    build_snapshot(MemoryTree(few), path=folder / "good", commit="c")
    good = bytearray((folder / "good").read_bytes())
    at = data.draw(st.integers(0, len(good) - 1))
    if data.draw(st.booleans()):
        good[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del good[at:]
    (folder / "bad").write_bytes(good)
    changed: Files = {**few, "pkg/base.py": str(few["pkg/base.py"]) + "\n\ndef more(): return make()\n"}
    assert on(folder, "bad", "1", changed) == cold(folder, changed)


@pytest.mark.parametrize(
    ("files", "path", "old", "new"),
    [
        (  # what was a namespace is read as a function now: its class is no longer one to be seen from elsewhere
            {
                "m/o.hpp": "class B { C *w; };\nnamespace o { class C { int run(); }; int make(int); }",
                "n/o.hpp": "int A::go() { C v; v.run(); return step(); }",
            },
            "m/o.hpp",
            "namespace o",
            "naBespace o",
        ),
        (  # the first of two namespaces goes: two openings of a type become one type
            {
                "m/lib.cs": (
                    "namespace p;\nnamespace o { class E : B { void run() { p.go(); } } }\n"
                    "class A : C, B { D w; public A step() { var x = new E(); x.step(); return w.step(); }"
                    " static int run(this B x) { return o.D.step(); } }"
                ),
                "src/index.cs": (
                    "namespace o;\nnamespace n { class A : B { void go() { v.run().run(); } } }\n"
                    "struct E : A, C { B w; E W { get; set; } public E make() { x.go(); base.run(); return w.run(); } }"
                ),
            },
            "m/lib.cs",
            "namespace p;\n",
            "",
        ),
    ],
)
def test_what_stands_round_a_definition_changes(tmp_path: Path, files: Files, path: str, old: str, new: str) -> None:
    build_snapshot(MemoryTree(files), path=tmp_path / "0", commit="c")
    changed: Files = {**files, path: str(files[path]).replace(old, new)}
    assert on(tmp_path, "0", "1", changed) == cold(tmp_path, changed)
