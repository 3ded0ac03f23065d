"""Files made to cost too much: each costs its own entry in the coverage report and nothing else."""

import itertools
from pathlib import Path

import pytest

from repos.engine.languages import ALL
from tests.engine.robust.bounded import index

MEMORY, CPU = 1500, 60  # MB of address space, seconds: many times what an honest tree of this size takes
DEEP = 10_000
OPENING = {"round": (b"(", b")"), "square": (b"[", b"]"), "curly": (b"{", b"}"), "angle": (b"<", b">")}


def test_a_hundred_megabytes_of_one_line(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with (root / "huge.py").open("wb") as file:
        for _ in range(100):
            file.write(b"x" * (1 << 20))
    (root / "kept.py").write_text("def kept():\n    return 1\n")
    (root / "long.md").write_bytes(b"word " * 40_000)
    found = index(root, megabytes=MEMORY, cpu_seconds=CPU)
    assert found["coverage"]["skipped"] == {"long_lines": 1, "too_large": 1}
    assert sorted(found["coverage"]["examples"]) == [["huge.py", "too_large"], ["long.md", "long_lines"]]
    assert found["symbols"] == 1


def test_ten_thousand_nested_brackets_in_every_language(tmp_path: Path) -> None:
    """Every kind of bracket, on one line and on many, closed and left open, in every extension that is parsed."""
    root = tmp_path / "root"
    root.mkdir()
    extensions = sorted({extension for language in ALL for extension in language.extensions})
    shapes = list(itertools.product(OPENING, (b"", b"\n"), (True, False)))
    # Each extension gets one shape, so that all shapes and all extensions come up.
    for (kind, between, closed), extension in zip(itertools.cycle(shapes), extensions, strict=False):
        opening, closing = OPENING[kind]
        text = (opening + between) * DEEP + ((closing + between) * DEEP if closed else b"")
        (root / f"{kind}{len(between)}{closed}{extension}").write_bytes(text)
    (root / "kept.py").write_text("def kept():\n    return 1\n")
    found = index(root, megabytes=4 * MEMORY, cpu_seconds=3 * CPU, processes=2)
    assert set(found["coverage"]["skipped"]) <= {"long_lines", "too_slow", "parser_failed", "not_source"}
    assert found["symbols"] >= 1


@pytest.mark.parametrize("language", [language.name for language in ALL])
def test_nested_brackets_alone(language: str, tmp_path: Path) -> None:
    """Lines short enough to be parsed; twice the same bytes."""
    root = tmp_path / "root"
    root.mkdir()
    extension = next(one.extensions[0] for one in ALL if one.name == language)
    for number, (opening, closing) in enumerate(OPENING.values()):
        (root / f"a{number}{extension}").write_bytes((opening * 50 + b"\n") * (DEEP // 50) + closing * 50)
    (root / "kept.py").write_text("def kept():\n    return 1\n")
    found = index(root, megabytes=4 * MEMORY, cpu_seconds=CPU, processes=2)
    assert set(found["coverage"]["skipped"]) <= {"too_slow", "parser_failed"}
    assert found["symbols"] >= 1


def test_five_thousand_small_files(tmp_path: Path) -> None:
    """200,000 of them: `python -m bench.index.growth files`."""
    root = tmp_path / "root"
    for folder in range(50):
        (root / f"p{folder}").mkdir(parents=True)
        for number in range(100):
            text = f"from p{(folder + 1) % 50}.m{number} import f{number}\n\n\ndef f{number}():\n    return f{number}\n"
            (root / f"p{folder}" / f"m{number}.py").write_text(text)
    found = index(root, megabytes=MEMORY, cpu_seconds=CPU)
    assert (found["coverage"]["parsed"], found["symbols"]) == (5000, 5000)
    assert found["megabytes"] < 300
