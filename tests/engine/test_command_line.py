"""The command line, as the measuring harness calls it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.languages.test_python import TREE as PYTHON

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in PYTHON.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "root"


def engine(*arguments: str, cache: Path, task: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PARE_ENGINE_CACHE": str(cache), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "repos.engine", *arguments]
    return subprocess.run(command, input=task, text=True, capture_output=True, env=env, cwd=cache.parent)


def test_index_and_query(root: Path, tmp_path: Path) -> None:
    before = sorted(root.rglob("*"))
    made = engine("index", str(root), cache=tmp_path / "cache")
    assert (made.returncode, made.stderr) == (0, "")
    answer = engine("query", str(root), "--budget", "500", cache=tmp_path / "cache", task="the cart pays its total")
    found = json.loads(answer.stdout)
    assert found["files"][0] == "src/shop/cart.py"
    assert set(found["slice"][0]) == {"path", "start", "end"}
    assert sorted(root.rglob("*")) == before  # the index is kept elsewhere


def test_the_text_an_agent_would_get(root: Path, tmp_path: Path) -> None:
    engine("index", str(root), cache=tmp_path / "cache")
    answer = engine("query", str(root), "--text", cache=tmp_path / "cache", task="the cart pays its total")
    assert "def pay(self):" in answer.stdout


def test_asking_before_indexing(root: Path, tmp_path: Path) -> None:
    answer = engine("query", str(root), cache=tmp_path / "cache", task="anything")
    assert answer.returncode == 1
    assert "run `index` on it first" in answer.stderr


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    answer = engine("index", str(tmp_path / "nowhere"), cache=tmp_path / "cache")
    assert answer.returncode == 1
    assert "There is no folder" in answer.stderr
