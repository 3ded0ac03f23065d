"""Imports and manifests whose reading once took the square of their length, or more memory than they are worth."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from repos.engine.languages import ALL, BY_NAME
from repos.engine.languages.base import Import
from repos.engine.languages.ecmascript_modules import _json
from tests.engine.trees import imports_of, snapshot_of

LONG = 200_000  # bytes; the square of it takes minutes and more
CPU = 8  # seconds, many times what is needed


@contextmanager
def little_cpu() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise AssertionError(f"It took more than {CPU} seconds of CPU.")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("piece", ['"\\', "/*", "//", ",   ", '"', "[1,", "{"])
@pytest.mark.parametrize("name", ["tsconfig.json", "package.json", "go.mod", "Cargo.toml", "composer.json"])
def test_a_manifest_of_one_piece(tmp_path: Path, name: str, piece: str) -> None:
    _index_beside(tmp_path, name, piece)


@pytest.mark.parametrize(
    ("name", "piece"), [("go.mod", "\n"), ("go.mod", " \n"), ("go.mod", "replace "), ("Cargo.toml", "a.")]
)
def test_a_manifest_of_nothing_but_joints(tmp_path: Path, name: str, piece: str) -> None:
    _index_beside(tmp_path, name, piece)


def _index_beside(folder: Path, name: str, piece: str) -> None:
    files = {
        name: piece * (LONG // len(piece)),
        "a.ts": "import b from 'c'\n",
        "a.go": 'package a\nimport "b"\n',
        "a.rs": "use b::c;\n",
        "a.php": "<?php\nuse A\\B;\n",
    }
    with little_cpu():
        assert snapshot_of(folder, files).coverage.parsed == 4


@pytest.mark.parametrize("piece", ["/* a", "{", "a.", "a, ", "(", "\n "])
@pytest.mark.parametrize("language", [language.name for language in ALL])
def test_an_import_of_one_piece(language: str, piece: str) -> None:
    """Ten of the longest that are read."""
    with little_cpu():
        for start in ("import ", "export * from '") * 5:
            BY_NAME[language].parse_import(start + piece * (20_000 // len(piece)), 1)


def test_a_namespace_in_ten_thousand_others_brings_a_few_of_them() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = BY_NAME["csharp"].parse_import(".".join(["a"] * 10_000), 1)
    assert len(found) == 21
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    assert BY_NAME["csharp"].parse_import("a.b.c", 1)[1:] == [
        Import("a.b", "*", "*", 1),
        Import("a", "*", "*", 1),
    ]


def test_what_stands_aside_in_a_config_is_left_out() -> None:
    text = '{"a": "//no /* comment", /* one "with" quotes */ "b\\"c": [1, 2,], // last\n}'
    assert _json(text) == {"a": "//no /* comment", 'b"c': [1, 2]}


def test_go_modules_are_found_on_any_line(tmp_path: Path) -> None:
    files = {
        "go.mod": "// first\n\n  module example.com/a\r\n\nreplace (\n\texample.com/b v1.2 => ./other // near\r\n)\n",
        "other/b.go": "package b\n\nfunc B() {}\n",
        "in/c.go": "package c\n\nfunc C() {}\n",
        "a.go": 'package a\n\nimport (\n\t"example.com/a/in"\n\t"example.com/b"\n)\n\nfunc A() { in.C(); b.B() }\n',
    }
    assert imports_of(snapshot_of(tmp_path, files), "a.go") == {"in/c.go", "other/b.go"}


def test_path_aliases_of_many_folders_cost_no_more_for_each_import(tmp_path: Path) -> None:
    """Only the folders round a file are asked: every alias of the tree was once held against every import."""
    files: dict[str, str | bytes] = {}
    for number in range(1500):
        files[f"d{number}/tsconfig.json"] = f'{{"compilerOptions": {{"paths": {{"@a{number}/*": ["./*"]}}}}}}'
        files[f"d{number}/x.ts"] = f"import a from '@a{number}/y'; import b from 'react'; import c from '@a0/y'\n"
        files[f"d{number}/y.ts"] = "export default 1\n"
    found = snapshot_of(tmp_path, files)
    assert imports_of(found, "d7/x.ts") == {"d7/y.ts"}
    assert imports_of(found, "d0/x.ts") == {"d0/y.ts"}
