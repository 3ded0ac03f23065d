"""Every variable the code reads is in .env.example and docs/operations.md, and nothing else is."""

import ast
import re
from pathlib import Path

import pytest

from tests.live import ROOT

READERS = {"env", "env_bool", "env_int", "env_list"}
DOCKER_ONLY = {"POSTGRES_PASSWORD"}


def variables_read(root: Path = ROOT) -> set[str]:
    """The first argument of each call of an env helper, in every module of ours."""
    found: set[str] = set()
    for app in ("accounts", "billing", "config", "repos", "usage"):
        for file in (root / app).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in READERS:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found.add(first.value)
    return found


def test_some_are_found() -> None:
    assert {"DATABASE_URL", "PARE_DATA", "PARE_WEB_WORKERS"} <= variables_read()


def test_the_example_lists_them_all() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    assert listed == variables_read() | DOCKER_ONLY


def test_the_operators_page_lists_them_all() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.split("\n## Settings\n")[1].split("\n## ")[0]
    names = {name for row in section.splitlines() if row.startswith("|") for name in names_of(row)}
    assert names == variables_read() | DOCKER_ONLY


def names_of(row: str) -> list[str]:
    return re.findall(r"`([A-Z][A-Z0-9_]+)`", row.split("|")[1])


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD", "EMAIL_HOST_PASSWORD"])
def test_the_example_holds_no_secret(name: str) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.search(rf"^#?{name}=$", text, re.MULTILINE)
