"""What is measured on, and the tools that are the key, brought into a scratch folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# Releases whose source archives hold their tests, or their TypeScript.
PYTHON = ("flask==3.1.3", "requests==2.34.2", "attrs==26.1.0")
TYPESCRIPT = ("rxjs@7.8.2", "@tanstack/query-core@5.108.0", "zod@4.6.7")
SCIP = "@sourcegraph/scip-typescript@0.4.0"
# What the sources import from elsewhere, without the sources themselves: jedi is to find those in their folder.
JEDI = ("jedi", "werkzeug", "jinja2", "itsdangerous", "blinker", "urllib3", "idna", "certifi", "charset_normalizer")
TESTS = ("pytest<9", "flask", "requests", "attrs", "hypothesis", "pytest-httpbin", "pytest-mock", "trustme", "asgiref",
         "python-dotenv", "cloudpickle")  # fmt: skip
BUILDING = ("flit_core", "setuptools", "wheel", "hatchling", "hatch-vcs", "hatch-fancy-pypi-readme")


def scratch() -> Path:
    folder = Path(os.environ.get("PARE_BENCH") or Path(tempfile.gettempdir()) / "pare-bench") / "graph"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def environment(folder: Path, name: str, packages: tuple[str, ...]) -> Path:
    """The Python of a virtual environment with these packages."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        _do(sys.executable, "-m", "venv", str(folder / name))
        _do(str(python), "-m", "pip", "install", "-q", *packages)
    return python


def from_pypi(folder: Path, release: str) -> Path:
    """The unpacked source archive of a release."""
    project = folder / "sources" / release.replace("==", "-")
    if not project.exists():
        python = environment(folder, "build", BUILDING)
        options = ("--no-binary", ":all:", "--no-deps", "--no-build-isolation", "-q", "-d", str(folder))
        _do(str(python), "-m", "pip", "download", *options, release)
        with tarfile.open(folder / f"{project.name}.tar.gz") as archive:
            archive.extractall(project.parent, filter="data")
    return project


def from_npm(folder: Path, release: str) -> Path:
    """The `src` folder of a package, with its package.json and nothing else."""
    name = release.lstrip("@").replace("/", "-").replace("@", "-")
    project = folder / "sources" / name
    if not project.exists():
        _do("npm", "pack", "--silent", release, "--pack-destination", str(folder))
        project.mkdir(parents=True)
        with tarfile.open(folder / f"{name}.tgz") as archive:
            for member in archive:
                member.name = member.name.removeprefix("package/")
                if member.name == "package.json" or member.name.startswith("src/"):
                    archive.extract(member, project, filter="data")
    return project


def scip(folder: Path) -> Path:
    program = folder / "npm" / "node_modules" / ".bin" / "scip-typescript"
    if not program.exists():
        _do("npm", "install", "--silent", "--prefix", str(folder / "npm"), SCIP)
    return program


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=1800)
