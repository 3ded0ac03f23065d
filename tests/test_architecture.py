"""The import rules of the house, the engine's purity, and the budget for the size of files and functions."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
PACKAGES = ("accounts", "billing", "config", "repos", "usage")
FILE_LINES, FUNCTION_LINES, FUNCTION_P90 = 300, 40, 25


def sources(*packages: str) -> list[Path]:
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    return [path for path in files if "migrations" not in path.parts]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-2000:]


def test_only_the_git_door_and_the_parsers_pool_start_processes() -> None:
    starters = {str(path.relative_to(ROOT)) for path in sources("repos") if "subprocess" in set(imported(path))}
    allowed = ("repos/engine/git", "repos/engine/extraction/workers")
    assert [file for file in starters if not file.startswith(allowed)] == []


def test_the_engine_runs_without_django() -> None:
    """Import every module of it in a process that cannot import Django."""
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sources("repos/engine")
        if path.name != "__main__.py"
    )
    code = (
        "import sys, importlib\n"
        "for name in ('django', 'rest_framework', 'celery', 'psycopg', 'redis'): sys.modules[name] = None\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr[-2000:]


def test_there_is_no_drawer_for_everything() -> None:
    unwanted = {"utils", "helpers", "common", "misc", "selectors"}
    assert [str(path) for path in sources(*PACKAGES) if path.stem in unwanted] == []


def test_no_signal_receivers() -> None:
    listeners = [path for path in sources(*PACKAGES) if "django.dispatch" in set(imported(path))]
    assert listeners == []


@pytest.mark.parametrize("package", PACKAGES)
def test_files_and_functions_stay_small(package: str) -> None:
    long_files, long_functions, lengths = [], [], []
    for path in sources(package):
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > FILE_LINES:
            long_files.append(str(path.relative_to(ROOT)))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                lengths.append(lines)
                if lines > FUNCTION_LINES:
                    long_functions.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {lines}")
    assert long_files == []
    assert long_functions == []
    assert sorted(lengths)[int(len(lengths) * 0.9)] <= FUNCTION_P90
