"""No bytes in any file crash an index run, and what is left out has a reason."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine import FolderTree, build_snapshot, make_slice
from repos.engine.extraction.extract import extract
from repos.engine.extraction.facts import decode_facts, decode_record, encode
from repos.engine.languages import ALL, DEEPEST
from repos.engine.types import Limits
from tests.engine.languages import trees
from tests.engine.trees import PATIENT, snapshot_of

LANGUAGES = ["", *(language.name for language in ALL)]
SOURCES = [text.encode() for text in trees().values()]


@settings(PATIENT, max_examples=150)
@given(st.binary(max_size=400), st.sampled_from(LANGUAGES))
def test_random_bytes(source: bytes, language: str) -> None:
    facts = extract(source, language, Limits())
    assert decode_facts(decode_record(encode(facts, source)).facts) == facts


@settings(PATIENT, max_examples=200)
@given(st.sampled_from(SOURCES), st.sampled_from(LANGUAGES), st.data())
def test_damaged_programs(source: bytes, language: str, data: st.DataObject) -> None:
    """Real programs with a piece cut out and bytes put in, read in any language."""
    at = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(at, len(source)))
    damaged = source[:at] + data.draw(st.binary(max_size=20)) + source[end:]
    facts = extract(damaged, language, Limits())
    definitions, blocks = facts.definitions(), facts.blocks()
    assert ((definitions[0] <= definitions[2]) & (definitions[2] <= definitions[1])).all()
    assert (blocks[0] <= blocks[1]).all()
    assert (blocks[1] < max(facts.lines, 1)).all()


@settings(PATIENT, max_examples=12)
@given(
    st.dictionaries(
        st.from_regex(r"[a-zé]{1,4}(/[a-z]{1,4})?\.(py|go|ts|md|java|rs|js|bin)", fullmatch=True),
        st.binary(max_size=200),
        max_size=6,
    )
)
def test_any_tree_can_be_indexed_and_asked(tmp_path: Path, files: dict[str, bytes]) -> None:
    with snapshot_of(tmp_path, dict(files)) as snapshot:
        coverage = snapshot.coverage
        assert coverage.seen == len(files) == coverage.parsed + coverage.text + sum(coverage.skipped.values())
        answer = make_slice(snapshot, "a task about anything", budget=300)
        assert answer.tokens <= 300


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"a = 1\n" * 400_000, "too_large"),
        (b"a = '\0'\n", "binary"),
        (b"a = '" + b"x" * 30_000 + b"'\n", "long_lines"),
        (b"\n".join([b"x" * 900] * 20), "long_lines"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "lfs_pointer"),
    ],
)
def test_what_is_left_out_has_a_reason(tmp_path: Path, source: bytes, reason: str) -> None:
    snapshot = snapshot_of(tmp_path, {"a.py": source, "b.py": "def kept():\n    pass\n"})
    assert snapshot.coverage.skipped == {reason: 1}
    assert [(item.path, item.reason) for item in snapshot.coverage.examples] == [("a.py", reason)]
    assert snapshot.statistics.symbols == 1


def test_files_left_out_for_their_path(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "node_modules/a/b.js": "x",
        "app.min.js": "x",
        "logo.png": b"\x89PNG",
        "poetry.lock": "x",
        "a.py": "x = 1",
    }
    assert snapshot_of(tmp_path, files).coverage.skipped == {"generated": 2, "not_source": 1, "vendored": 1}


def test_a_blob_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def a(): pass\n")
    (tmp_path / "b.py").write_text("def b(): pass\n")
    tree = FolderTree(tmp_path)
    tree.files()
    listed = tree.files()
    (tmp_path / "b.py").unlink()
    tree.files = lambda: listed  # type: ignore[method-assign]
    info = build_snapshot(tree, path=tmp_path / "s.snapshot", commit="c")
    assert dict(info.coverage.skipped) == {"unreadable": 1}
    assert info.symbols == 1


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_deep_nesting(language: str) -> None:
    facts = extract(b"(\n" * 10_000 + b"[\n" * 10_000, language, Limits())
    assert facts.skipped in ("", "too_slow")
    nested = b"".join(b" " * depth + b"def f():\n" for depth in range(300)) + b" " * 300 + b"pass\n"
    assert extract(nested, language, Limits()).skipped == ""


@pytest.mark.parametrize(
    ("language", "opening"), [("rust", b"fn f() {\nlet x = "), ("ruby", b"x = "), ("javascript", b"x = ")]
)
def test_what_is_nested_too_deep_is_left_out(language: str, opening: bytes) -> None:
    """Captures in a tree that is one long branch take the square of its depth."""
    facts = extract(opening + b"f(\n" * 10_000 + b")\n" * 10_000, language, Limits())
    assert facts.references().shape[1] <= DEEPEST


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("ruby", b"class A\n  def ==(o) = 1\n  def [](k) = 2\n  def empty? = 3\nend\n"),
        ("javascript", b"function $() {}\nconst _ = () => 1\n"),
        ("python", "def größe():\n    return 1\n".encode()),
    ],
)
def test_names_that_are_no_single_word(language: str, source: bytes) -> None:
    facts = extract(source, language, Limits())
    assert len(facts.definition_names) > 0
    assert decode_facts(decode_record(encode(facts, source)).facts) == facts


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("ruby", "class Größe\n  def länge = <<~A + <<~B\n    def no\n  A\n    end\n  B\nend\n", ["Größe", "länge"]),
        ("ruby", "def a\n  x = (1 +\nend\n\ndef b; end\n", ["b"]),
        (
            "php",
            "<?php\nclass Größe { function länge() { return <<<A\n  function no() {}\n  A; } }\n",
            ["Größe", "länge"],
        ),
        ("php", "<?php function a( { } ?><p>function no() {}</p><?php\nfunction b() {}\n", ["b"]),
        ("go", "package a\n\nfunc größe() {}\n\nfunc (x *Y) b( {\n}\n\nfunc c() {}\n", ["größe", "c"]),
        ("rust", "fn größe() {}\nfn b( {}\nmacro_rules! m { ($($t:tt)*) => { fn no }; }\nfn c() {}\n", ["größe", "c"]),
    ],
)
def test_broken_code_and_odd_strings_keep_what_can_be_read(language: str, source: str, names: list[str]) -> None:
    found = extract(source.encode(), language, Limits()).definition_names
    assert {name.encode() for name in names} <= set(found)
    assert b"no" not in found


def test_a_slow_file_is_given_up() -> None:
    facts = extract(b"def f(x):\n    return [1, 2, (3, 4)]\n" * 20_000, "python", Limits(file_seconds=0.0))
    assert facts.skipped == "too_slow"
    assert extract(b"def f(): pass\n", "python", Limits()).skipped == ""  # the parser is not spoilt


@pytest.mark.parametrize(
    "source", [b"", b"\n", b"\xef\xbb\xbfdef f():\r\n    pass\r\n", b"def \xff\xfe(): pass\n", b"\r\r\r"]
)
def test_odd_beginnings_and_line_ends(source: bytes) -> None:
    assert extract(source, "python", Limits()).skipped == ""


def test_a_folder_does_not_follow_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("def secret(): pass\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").write_text("def a(): pass\n")
    os.symlink(outside / "secret.py", root / "link.py")
    os.symlink(outside, root / "linked")
    assert [file.path for file in FolderTree(root).files()] == ["a.py"]


def test_paths_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / name).write_text("def a(): pass\n")
    info = build_snapshot(FolderTree(tmp_path / "root"), path=tmp_path / "s.snapshot", commit="c")
    assert info.symbols == 1


def test_an_empty_tree(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, {})
    answer = make_slice(snapshot, "fix the upload", budget=500)
    assert (answer.items, answer.confidence) == ((), "low")
    assert answer.tokens <= 500
