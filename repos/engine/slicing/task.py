"""What a task text says: its terms, its title, the names and paths it speaks of, and whether it is about tests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from repos.engine import words

TITLE_WORDS = 30
BACKTICKS = re.compile(r"`{1,3}([^`\n]{1,200})`{1,3}")
# Each of these begins where a word does: begun anywhere, one word of 100,000 letters would cost minutes.
CODE_LIKE = re.compile(
    r"(?<![\w$])[A-Za-z_$][\w$]*(?:(?:\.|::|#|->)[A-Za-z_$][\w$]*)+"  # dotted
    r"|(?<![\w$])[A-Za-z_$][\w$]*(?=\()"  # called
    r"|\b[a-z][a-z0-9]*[A-Z]\w*|\b[A-Z][a-z0-9]+[A-Z]\w*|\b[A-Z]{2,}[a-z]\w*"  # camel case
    r"|\b\w*[A-Za-z0-9]_\w+\b|\b_\w+|\B@\w+"  # underscores
)
NAME = re.compile(r"[A-Za-z_$][\w$]*")
PATH = re.compile(r"(?<![\w.@+-])[\w.@+-]+(?:[/\\][\w.@+-]+)+|(?<![\w-])[\w-]+\.[A-Za-z]{1,5}\b")
ABOUT_TESTS = re.compile(
    r"\b(?:add|write|fix|update|improve|extend|cover|missing|flaky|failing|broken)\b[^.\n]{0,40}"
    r"\b(?:unit[- ]|integration[- ]|regression[- ])?tests?\b"
    r"|\btest (?:coverage|suite)s?\b|\bflaky\b",
    re.I,
)

PLAIN = re.compile(r"[A-Za-z0-9]+")
BREAK = re.compile(r"\n\s*\n|\n(?=\s*[-*#>]|\s*\d+\.)")
SENTENCE = re.compile(r"(?<=[.!?;:])\s+(?=[A-Z`\"'(])")
MOST_PAIRS = 40
MOST_STATEMENTS = 16

MENTION_TICKED, MENTION_CODE, MENTION_PART, MENTION_PLAIN = 1.0, 2 / 3, 1 / 2, 1 / 3


@dataclass(frozen=True, slots=True)
class Task:
    """`terms` with how often each occurs; `title` and `named` are subsets of them. `mentions` gives names a weight.

    `compounds` are identifiers that two words beside each other would make (`word regexp` -> word_regexp, wordregexp);
    `statements` the terms of each sentence or item of the text.
    """

    terms: Counter[bytes]
    title: frozenset[bytes]
    named: frozenset[bytes]
    mentions: dict[str, float]
    paths: tuple[str, ...]
    tests: bool
    compounds: frozenset[bytes]
    statements: tuple[frozenset[bytes], ...]


def read_task(text: str) -> Task:
    text = text.replace("\r\n", "\n")
    lines = [line for line in text.split("\n") if line.strip(" #=-*")]
    title = " ".join(lines[0].split()[:TITLE_WORDS]) if lines else ""
    ticked: list[str] = BACKTICKS.findall(text)
    like_code = [match[0] for match in CODE_LIKE.finditer(text)]
    named = frozenset(words.terms(" ".join([*ticked, *like_code])))
    return Task(
        terms=Counter(words.terms(text)),
        title=frozenset(words.terms(title)),
        named=named,
        mentions=_mentions(text, ticked, like_code),
        paths=tuple(dict.fromkeys(path.replace("\\", "/").strip("./") for path in PATH.findall(text))),
        tests=bool(ABOUT_TESTS.search(title)),
        compounds=frozenset(_compounds(text)),
        statements=tuple(frozenset(words.terms(part)) for part in _statements(text)),
    )


def _compounds(text: str) -> Iterator[bytes]:
    pairs = list(dict.fromkeys(pairwise(word.lower() for word in PLAIN.findall(text))))
    for first, second in pairs[:MOST_PAIRS]:
        if first not in words.STOP and second not in words.STOP:
            yield f"{first}{second}".encode()
            yield f"{first}_{second}".encode()


def _statements(text: str) -> Iterator[str]:
    """Sentences, items of lists and paragraphs of three words or more, the first ones."""
    parts = (part for line in BREAK.split(text) for part in SENTENCE.split(line))
    return islice((part for part in parts if len(part.split()) >= 3), MOST_STATEMENTS)


def _mentions(text: str, ticked: list[str], like_code: list[str]) -> dict[str, float]:
    """Names that may be definitions, with how clearly the text speaks of them as such."""
    found: dict[str, float] = {}

    def add(name: str, weight: float) -> None:
        if len(name) > 1:
            found[name] = max(weight, found.get(name, 0.0))

    for run in NAME.findall(text):
        if len(run) > 3 and run.lower() not in words.STOP:
            add(run, MENTION_PLAIN)
    for run in like_code:
        pieces = NAME.findall(run)
        for piece in pieces:
            add(piece, MENTION_CODE if piece == pieces[-1] else MENTION_PART)
    for run in ticked:
        pieces = NAME.findall(run)
        for piece in pieces:
            add(piece, MENTION_TICKED if len(pieces) <= 3 and piece == pieces[-1] else MENTION_CODE)
    return found
