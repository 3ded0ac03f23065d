"""Where a reader is sent: the map in each package of the engine, and the modules that docs/engine.md names."""

import re
from pathlib import Path

import pytest

import repos.engine

ENGINE = Path(repos.engine.__file__).parent
MAPPED = ("build", "extraction", "graph", "packages", "replay", "slicing", "snapshot")


@pytest.mark.parametrize("package", MAPPED)
def test_the_map_of_a_package_names_modules_that_are_there(package: str) -> None:
    folder = ENGINE / package
    words = re.findall(r"`(\w+)`", (folder / "__init__.py").read_text(encoding="utf-8").split('"""')[1])
    assert words
    assert [word for word in words if not (folder / f"{word}.py").is_file()] == []


@pytest.mark.parametrize("page", ("engine", "graph", "languages"))
def test_the_modules_that_a_page_names_are_there(page: str) -> None:
    text = (ENGINE.parents[1] / "docs" / f"{page}.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+/\w+\.py)`", text)
    assert named
    assert [name for name in named if not (ENGINE / name).is_file()] == []
