"""The Makefile's own promises: what it lists, what a second call skips, what it says without a fitting Python."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import ROOT

MAKE = shutil.which("make") or "make"


def make(folder: Path, *arguments: str, path: str = os.defpath) -> tuple[int, str]:
    done = subprocess.run(
        [MAKE, "--no-print-directory", *arguments],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def only_python(folder: Path, says: str) -> str:
    """A PATH on which every Python is a program that does `says`."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("sh", "rm", "awk"):
        (programs / name).symlink_to(shutil.which(name) or name)
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (programs / name).write_text(f"#!/bin/sh\n{says}\n")
        (programs / name).chmod(0o755)
    return str(programs)


def test_help_lists_every_command(folder: Path) -> None:
    code, said = make(folder, "help")
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert code == 0 and phony is not None
    assert {line.split()[1] for line in said.splitlines()} == set(phony[1].split())


def test_an_old_python_gets_a_sentence(folder: Path) -> None:
    code, said = make(folder, "run", path=only_python(folder, "exit 1"))
    assert code == 2
    assert said.splitlines()[0].startswith("Pare needs Python 3.11, 3.12 or 3.13, and found none.")
    assert not (folder / ".venv").exists()


def test_a_python_without_venv_gets_a_sentence(folder: Path) -> None:
    code, said = make(folder, "run", path=only_python(folder, '[ "$1" = -c ] || exit 1'))
    assert code == 2
    assert "python3.13 cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" in said
    assert not (folder / ".venv").exists()


def test_a_second_run_installs_nothing(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").touch()
    assert "pip" in make(folder, "--dry-run", "run")[1]
    (folder / ".venv" / ".run").touch()
    assert make(folder, "--dry-run", "run", "PORT=8001") == (0, "exec .venv/bin/python manage.py up --port 8001\n")


def test_ci_calls_both_commands_and_requires_the_browser() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert script.index("PARE_REQUIRE_BROWSER=1") < script.index("\nmake check\n") < script.index("\nmake test\n")
