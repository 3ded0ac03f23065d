"""What holds for every language: found by extension, its grammar loads, and its folder can be deleted."""

import ast
import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from repos import engine
from repos.engine import check_grammars
from repos.engine.errors import GrammarMissing
from repos.engine.languages import BY_NAME, language_of, parser_of
from repos.engine.languages.base import Language
from tests.engine.languages import trees
from tests.engine.trees import snapshot_of

ENGINE = Path(engine.__file__).parent
FOLDERS = sorted(path.parent.name for path in ENGINE.glob("languages/*/__init__.py"))
OPENINGS = {"go": "package a\nfunc f() {\n", "php": "<?php\n", "rust": "fn f() {\n"}
INDEX_AND_ASK = """
import json, sys
from pathlib import Path
from repos.engine import FolderTree, build_snapshot, make_slice, open_snapshot

info = build_snapshot(FolderTree(Path("tree")), path=Path("tree.snapshot"), commit="c")
answer = make_slice(open_snapshot(Path("tree.snapshot")), sys.argv[1], budget=2000)
print(json.dumps([info.coverage.parsed, info.coverage.text, info.coverage.skipped, [f.path for f in answer.files]]))
"""


def test_languages_are_told_by_extension() -> None:
    names = {
        path: getattr(language_of(path), "name", None) for path in ("a.py", "b.TSX", "c.go", "d.txt", "py", "x.py/y")
    }
    assert names == {"a.py": "python", "b.TSX": "tsx", "c.go": "go", "d.txt": None, "py": None, "x.py/y": None}


def test_every_grammar_loads() -> None:
    check_grammars()


def test_a_grammar_that_does_not_load_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    broken = dataclasses.replace(BY_NAME["go"], grammar=("tree_sitter_nothing", "language"))
    monkeypatch.setitem(BY_NAME, "go", broken)
    parser_of.cache_clear()
    try:
        with pytest.raises(GrammarMissing, match="grammar for go"):
            snapshot_of(tmp_path, trees("go"))
        assert snapshot_of(tmp_path, trees("python")).statistics.symbols  # the other languages go on
    finally:
        parser_of.cache_clear()


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_can_be_deleted(tmp_path: Path, name: str) -> None:
    """Without its folder a language is gone, its files are text that can be searched, and the others go on."""
    shutil.copytree(ENGINE, tmp_path / "repos/engine")  # with what is compiled, so that it starts fast
    shutil.rmtree(tmp_path / "repos/engine/languages" / name)
    for path, text in trees().items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(text)
    own = [path for path in trees() if (found := language_of(path)) and found in languages_in(name)]
    others = [path for path in trees() if (found := language_of(path)) and found not in languages_in(name)]
    path = max(own, key=lambda path: len(trees()[path]))
    command = [sys.executable, "-c", INDEX_AND_ASK, " ".join(trees()[path].split())]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    parsed, text, skipped, files = json.loads(done.stdout)
    assert (parsed, text, skipped) == (len(others), len(trees()) - len(others), {})
    assert path in files


def languages_in(folder: str) -> tuple[Language, ...]:
    return import_module(f"repos.engine.languages.{folder}").LANGUAGES  # type: ignore[no-any-return]


def test_nothing_else_names_a_language() -> None:
    """No string of the engine outside `languages/` is the name of a language: a rule for one stands in its folder."""
    named = []
    for path in ENGINE.rglob("*.py"):
        if "languages" not in path.relative_to(ENGINE).parts:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and node.value in BY_NAME:
                    named.append(f"{path.relative_to(ENGINE)}:{node.lineno} {node.value}")
    assert named == []


@pytest.mark.parametrize("language", [*BY_NAME])
@pytest.mark.parametrize(
    "pieces", [("f(", "a, ", "b);"), ("", "a, ", "b := c, d\n"), ("[", "a, ", "b]\n"), ("", "x = y\n", "")]
)
def test_long_lists_cost_what_they_are_long(language: str, pieces: tuple[str, str, str]) -> None:
    """Captures grow with the length of a list: a pattern over two of its members would grow with its square."""
    head, item, tail = pieces

    def captured(length: int) -> int:
        parser, cursor = parser_of(language)
        tree = parser.parse((OPENINGS.get(language, "") + head + item * length + tail).encode())
        return sum(len(nodes) for nodes in cursor.captures(tree.root_node).values())

    assert captured(1200) <= 3 * captured(400) + 100
