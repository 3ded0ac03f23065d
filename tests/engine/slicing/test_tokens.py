"""Counts of lines add up to the count of the text."""

from __future__ import annotations

import random

from repos.engine.slicing import tokens

PIECES = [
    "\n",
    "\n",
    "\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\u00a0",
    "\u2028",
    "\x0b",
    "\x1c",
    "\x85",
    "/",
    "//",
    "}",
    "*",
    "(",
    ").",
]
PIECES += ["a", "B'", "foo", "1", "123", "'s", "é", "中", "\u200b", "\ufeff", "#", "_", "\U0001f600", "\u0301", "\x00"]


def test_a_text_is_counted_by_its_lines_as_it_is_counted_whole() -> None:
    chance = random.Random(3)
    for _ in range(5_000):
        text = "".join(chance.choices(PIECES, k=chance.randrange(14)))
        assert tokens.count(text) == tokens._count(text), repr(text)


def test_a_text_with_a_very_long_line_is_counted_whole() -> None:
    text = "x = 1\n" + "y + " * 1_000 + "\nz"
    tokens._count_line.cache_clear()
    assert tokens.count(text) == tokens._count(text)
    assert tokens._count_line.cache_info().currsize == 0
