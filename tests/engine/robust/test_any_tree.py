"""Whatever bytes stand under whatever paths: a snapshot, the same one each time, and a report of what was left out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine import build_snapshot, make_slice, open_snapshot
from repos.engine.languages import ALL
from repos.engine.types import Limits
from tests.engine.languages import trees
from tests.engine.trees import PATIENT, MemoryTree

EXTENSIONS = [*sorted({extension for language in ALL for extension in language.extensions}), ".md", ".json", ".bin", ""]
NAMES = st.one_of(
    st.sampled_from(
        ["a", "A", "b", "index", "__init__", "mod", "lib", "main", "package.json", "go.mod", "tsconfig.json"]
    ),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=6),
    # Bytes that are no UTF-8 come as lone surrogates.
    st.binary(min_size=1, max_size=4).map(
        lambda b: b.replace(b"/", b"-").replace(b"\0", b"-").decode("utf-8", "surrogateescape")
    ),
)
PATHS = st.tuples(st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(EXTENSIONS)).map(
    lambda parts: "/".join(parts[0]) + parts[1]
)
SOURCES = sorted(trees().values())


def _spoilt(text: str, how: str) -> bytes:
    data = text.encode()
    return {
        "plain": data,
        "crlf": data.replace(b"\n", b"\r\n"),
        "cr": data.replace(b"\n", b"\r"),
        "bom": b"\xef\xbb\xbf" + data,
        "utf16": text.encode("utf-16"),
        "latin": data.replace(b"a", b"\xe9"),
        "nul": data[: len(data) // 2] + b"\0" + data[len(data) // 2 :],
        "cut": data[: len(data) * 2 // 3],
        "twice": data + data,
        "no end": data.rstrip(b"\n"),
        "lfs": b"version https://git-lfs.github.com/spec/v1\n" + data,
    }[how]


WAYS = ["plain", "crlf", "cr", "bom", "utf16", "latin", "nul", "cut", "twice", "no end", "lfs"]
CONTENTS = st.one_of(st.builds(_spoilt, st.sampled_from(SOURCES), st.sampled_from(WAYS)), st.binary(max_size=300))
FILES = st.dictionaries(PATHS, CONTENTS, max_size=8)


@settings(PATIENT, max_examples=20)
@given(FILES, FILES)
def test_any_tree(tmp_path_factory: object, files: dict[str, bytes], later: dict[str, bytes]) -> None:
    folder: Path = tmp_path_factory.mktemp("any")  # type: ignore[attr-defined]
    one = build_snapshot(MemoryTree(files), path=folder / "1", commit="c")
    build_snapshot(MemoryTree(dict(reversed(files.items()))), path=folder / "2", commit="c")
    assert (folder / "1").read_bytes() == (folder / "2").read_bytes()
    coverage = one.coverage
    assert coverage.seen == len(files) == coverage.parsed + coverage.text + sum(coverage.skipped.values())
    assert len(coverage.examples) == sum(coverage.skipped.values())
    with open_snapshot(folder / "1") as snapshot:
        snapshot.verify()
        for budget in (1, 300, 1_000_000):
            assert make_slice(snapshot, "how the cart is paid", budget=budget).tokens <= budget
    # And from there to any other tree, on the snapshot before or from nothing.
    build_snapshot(MemoryTree(files | later), path=folder / "3", commit="c", base=folder / "1")
    build_snapshot(MemoryTree(files | later), path=folder / "4", commit="c")
    assert (folder / "3").read_bytes() == (folder / "4").read_bytes()


class VanishingTree(MemoryTree):
    """Some contents cannot be read any more, others come cut short, one is of nobody."""

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for number, (oid, content) in enumerate(super().read(oids)):
            if number % 3 == 0:
                continue
            yield oid, content[: len(content) // 2] if number % 3 == 1 else content
        yield "f" * 40, b"nobody asked"


def test_contents_that_vanish_between_listing_and_reading(tmp_path: Path) -> None:
    tree = VanishingTree(trees())
    info = build_snapshot(tree, path=tmp_path / "s", commit="c")
    assert info.coverage.skipped["unreadable"] >= len(trees()) // 3
    assert info.coverage.seen == len(trees())
    # What could not be read is tried again, also on that snapshot.
    build_snapshot(MemoryTree(trees()), path=tmp_path / "on", commit="c", base=tmp_path / "s")
    again = open_snapshot(tmp_path / "on").coverage
    assert "unreadable" not in again.skipped


def test_equal_files_under_many_names(tmp_path: Path) -> None:
    """One blob in many places and languages is read once for all of them, and each place is told apart."""
    text = "def one():\n    return 1\n"
    tree = MemoryTree(
        {f"d{number}/same{extension}": text for number in range(20) for extension in (".py", ".js", ".md")}
    )
    info = build_snapshot(tree, path=tmp_path / "s", commit="c")
    assert len(tree.reads) == 1
    assert info.coverage.parsed + info.coverage.text == 60 and info.symbols >= 20


def test_an_empty_tree_and_one_that_loses_all(tmp_path: Path) -> None:
    build_snapshot(MemoryTree(trees()), path=tmp_path / "full", commit="c")
    build_snapshot(MemoryTree({}), path=tmp_path / "empty", commit="c")
    build_snapshot(MemoryTree({}), path=tmp_path / "on", commit="c", base=tmp_path / "full")
    build_snapshot(MemoryTree(trees()), path=tmp_path / "back", commit="c", base=tmp_path / "empty")
    assert (tmp_path / "on").read_bytes() == (tmp_path / "empty").read_bytes()
    assert (tmp_path / "back").read_bytes() == (tmp_path / "full").read_bytes()


def test_limits_are_part_of_what_is_taken_over(tmp_path: Path) -> None:
    """A file left out under other limits is looked at again."""
    files = {**trees(), "long.py": "x = '" + "y" * 3000 + "'\n"}
    build_snapshot(MemoryTree(files), path=tmp_path / "s", commit="c", limits=Limits(line_bytes=1000))
    build_snapshot(MemoryTree(files), path=tmp_path / "on", commit="c", base=tmp_path / "s")
    build_snapshot(MemoryTree(files), path=tmp_path / "new", commit="c")
    assert (tmp_path / "on").read_bytes() == (tmp_path / "new").read_bytes()
