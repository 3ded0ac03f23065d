"""Which past commits make fair tasks, and what their messages ask without naming the answer."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from repos.engine import paths, words
from repos.engine.git import LoggedCommit

from .messages import cleaned

MOST_FILES = 6  # changed source files of a commit; more is rarely one task
MOST_TOUCHED = 50  # files of any kind
FEWEST_TERMS = 3
LONGEST = 3000  # characters of a task
_BOT = re.compile(
    r"\[bot\]|\b(?:dependabot|renovate|greenkeeper|snyk|weblate|github-actions|semantic-release)\b|\bbot\b|-bot$", re.I
)
_MECHANICAL = re.compile(
    r"revert\b|re-?apply\b|merge\b|(?:bump|upgrade|update)\b.*\b(?:from|to) v?\d|v?\d+\.\d+|"
    r"(?:prepare |cut )?release\b|(?:fixup|squash|amend)!|wip\b|initial commit",
    re.I,
)
_PREFIX = re.compile(r"(?:\[[^\]\n]{1,40}\]|[^\s:]{1,60}:(?=\s))\s*")
_SOLUTION = re.compile(
    r"\W*(?:the |proposed )?(?:solution|fix|changes?|implementation|what (?:this|was) .{0,30}|how)\W*:?\W*", re.I
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit to replay: `task` is its message without what names the answer, `files` are the source files of its
    parent that it changed."""

    id: str
    parent: str
    at: int
    subject: str
    task: str
    files: tuple[str, ...]


def choose(log: Iterable[LoggedCommit], *, most: int) -> list[Candidate]:
    """The newest `most` suitable commits, newest first; a message that comes again counts once."""
    found: dict[str, Candidate] = {}
    for candidate in _candidates(log):
        if len(found) >= most:
            break
        found.setdefault(candidate.task, candidate)
    return list(found.values())


def _candidates(log: Iterable[LoggedCommit]) -> Iterator[Candidate]:
    for commit in log:
        if len(commit.parents) != 1 or not 0 < len(commit.changes) <= MOST_TOUCHED or _BOT.search(commit.author):
            continue
        message = cleaned(commit.message)
        subject = message.partition("\n")[0]
        files = tuple(change.path for change in commit.changes if change.kind == "M" and is_source(change.path))
        plain = _PREFIX.sub("", subject, count=1)
        if not 1 <= len(files) <= MOST_FILES or _MECHANICAL.match(subject) or _MECHANICAL.match(plain):
            continue
        task = task_of(message, files)
        if len(set(words.terms(task))) >= FEWEST_TERMS:
            yield Candidate(commit.id, commit.parents[0], commit.at, subject, task, files)


def is_source(path: str) -> bool:
    """Program text that people write: no tests, docs, examples, generated or vendored files."""
    return not paths.refused(path) and paths.role(path) == "code"


def task_of(message: str, files: Iterable[str]) -> str:
    """A cleaned message without its prefix, without lines that name a changed file, and without what follows a heading
    such as Solution."""
    names = {name for path in files for name in (path.lower(), path[path.rfind("/") + 1 :].lower())}
    lines = []
    for number, line in enumerate(message.split("\n")):
        if number and _SOLUTION.fullmatch(line):
            break
        text = line if number else _PREFIX.sub("", line, count=1)
        if not any(name in text.lower() for name in names):
            lines.append(text)
    return "\n".join(lines).strip()[:LONGEST]
