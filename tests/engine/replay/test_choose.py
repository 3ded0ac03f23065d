"""Which past commits become tasks, and what is left of their messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repos.engine.git import Change, LoggedCommit
from repos.engine.replay import choose
from repos.engine.replay.choose import LONGEST, task_of
from repos.engine.replay.messages import cleaned


def commit(message: str, *paths: str, author: str = "Olga", parents: int = 1, kind: str = "M") -> LoggedCommit:
    changes = tuple(Change(kind, path) for path in paths or ("src/cart.py",))
    return LoggedCommit("a" * 40, ("b" * 40,) * parents, 1_700_000_000, author, message, changes)


def tasks(*commits: LoggedCommit) -> list[str]:
    return [candidate.task for candidate in choose(commits, most=100)]


def test_it_takes_the_message_as_the_task() -> None:
    [found] = choose(
        [commit("fix(cart): round the total once (#12)\n\nEvery line was rounded.", "src/cart.py")], most=9
    )
    assert found.task == "round the total once\n\nEvery line was rounded."
    assert found.subject == "fix(cart): round the total once"
    assert found.files == ("src/cart.py",) and found.parent == "b" * 40


@pytest.mark.parametrize(
    "message",
    [
        'Revert "Round the total once more"',
        "revert: round the total once more",
        "Merge branch 'main' into rounding of totals",
        "Bump the parser library from 1.2.0 to 1.3.0",
        "build(deps): bump the parser library from 1.2 to 1.3",
        "v2.1.0 with all of the new things",
        "Release 2.1.0 with all of the new things",
        "fixup! Round the total once more",
        "wip",
        "",
        "fix it",
        "#12",
    ],
)
def test_messages_that_ask_for_nothing_are_left_out(message: str) -> None:
    assert tasks(commit(message)) == []


def test_commits_that_are_no_task_are_left_out() -> None:
    asked = "Round the total of the cart once"
    assert tasks(commit(asked)) == [asked]
    assert tasks(commit(asked, parents=0), commit(asked, parents=2)) == []
    assert tasks(commit(asked, author="dependabot[bot]"), commit(asked, author="renovate-bot")) == []
    assert tasks(commit(asked, "tests/test_cart.py"), commit(asked, "README.md"), commit(asked, "dist/a.js")) == []
    assert tasks(commit(asked, kind="A"), commit(asked, kind="D")) == []
    assert tasks(commit(asked, *(f"src/f{number}.py" for number in range(7)))) == []
    assert tasks(commit(asked, "src/cart.py", *(f"docs/{number}.md" for number in range(60)))) == []
    assert tasks(commit(asked, *(f"src/f{number}.py" for number in range(6)), "tests/test_a.py")) == [asked]


def test_a_message_that_comes_again_counts_once_and_the_newest_come_first() -> None:
    first, again = commit("Round the total of the cart"), commit("Round the total of the cart")
    others = [commit(f"Count the items of cart {number}") for number in range(20)]
    assert tasks(first, *others, again)[0] == "Round the total of the cart"
    assert len(choose([first, *others, again], most=5)) == 5


def test_what_names_the_answer_is_taken_out() -> None:
    message = (
        "cart: round the total once\n\nsrc/cart.py rounds each line\nThe helper in Cart.py too\nTotals were wrong\n\n"
        "Solution:\nKeep the fraction until the end"
    )
    assert task_of(message, ["src/cart.py"]) == "round the total once\n\nTotals were wrong"
    assert tasks(commit("net/cart: round the total of each line", "net/cart/sum.go")) == [
        "round the total of each line"
    ]


def test_trailers_links_and_squashed_noise_are_taken_out() -> None:
    message = (
        "Round the total once (#77)\r\n\r\nSee https://tracker.example/77 for more, fixes #12.\n* wip\n* fix tests\n"
        "* keep the fraction\n\nSigned-off-by: Olga <o@a>\nCo-authored-by: Wei <w@a>\nChange-Id: I12\nFixes: #12\n"
        "(cherry picked from commit abc)\n---------\nCo-authored-by: bot"
    )
    assert cleaned(message) == "Round the total once\n\nSee  for more, .\n* keep the fraction"


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=30), max_size=4))
def test_any_message_gives_a_bounded_task(message: str, paths: list[str]) -> None:
    assert len(task_of(cleaned(message), paths)) <= LONGEST
    for candidate in choose([commit(message, *paths)], most=3):
        assert candidate.task.strip() == candidate.task != ""
