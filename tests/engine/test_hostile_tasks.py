"""Tasks and paths that somebody made to hurt: read to the end, and answered."""

from pathlib import Path

import msgspec
import pytest

from repos.engine import make_slice
from repos.engine.slicing.slice import LONGEST_TASK
from repos.engine.slicing.task import read_task
from tests.engine.trees import snapshot_of

PATTERNS = [
    "aB",
    "a",
    "1",
    "_a",
    "a.",
    "a-",
    "a->",
    "a::",
    "a(",
    "a/",
    "\\",
    "@a",
    "$",
    "`a",
    "+a",
    "add ",
    "中",
    "e\u0301",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_longest_task_is_read_whatever_it_repeats(pattern: str) -> None:
    # Patterns that may begin anywhere in a word took minutes for each of these.
    read = read_task((pattern * LONGEST_TASK)[:LONGEST_TASK])
    assert len(read.mentions) <= LONGEST_TASK


def test_names_and_paths_are_still_found_in_plain_text() -> None:
    read = read_task("`cart` fails: order.total() in shop/prices.py calls roundUp and tax_rate, see setup.cfg")
    assert {"cart", "order", "total", "roundUp", "tax_rate"} <= set(read.mentions)
    assert {"shop/prices.py", "setup.cfg"} <= set(read.paths)


NAMES = [b"\xff\xfe.py", b"a\nb.py", b"\xed\xa0\x80.py", b"\xe2\x80\xae.py", b"esc\x1b[31m.py"]


@pytest.mark.parametrize("task", ["evil1 evil2", "words that occur nowhere", ""])
@pytest.mark.parametrize("budget", [40, 400, 4000])
def test_names_that_are_no_text_can_be_sliced(tmp_path: Path, task: str, budget: int) -> None:
    files: dict[str, str | bytes] = {
        name.decode("utf-8", "surrogateescape"): f"def evil{n}():\n    return evil{(n + 1) % len(NAMES)}()\n"
        for n, name in enumerate(NAMES)
    }
    with snapshot_of(tmp_path, files) as snapshot:
        made = make_slice(snapshot, task, budget=budget)
    assert made.tokens <= budget
    # What is sent as text is text: encoding it refuses half characters.
    msgspec.json.encode([made.text, [item.reason for item in made.items]])
    assert "a\nb.py" not in made.text


def test_a_plain_path_is_shown_as_it_is(tmp_path: Path) -> None:
    with snapshot_of(tmp_path, {"söme folder/é.py": "def one():\n    pass\n"}) as snapshot:
        assert "söme folder/é.py" in make_slice(snapshot, "one", budget=300).text
