"""Preprocessor branches, for grammars that know them between whole statements only: code often has them inside
expressions, lists and heads of functions, and the parser then loses the rest of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DIRECTIVE = re.compile(
    rb"\n[ \t]*#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b(?:[^\n]*\\\r?\n)*[^\n]*"
)
NEVER = re.compile(rb"#[ \t]*if[ \t]+(?:0|false)\b")
ENDS = (b";", b"}", b"*/", b"{", b":", b",")
FARTHEST = 2000  # bytes looked back at for the end of what stands before
_BLANK = bytes(byte if byte in b"\r\n" else 32 for byte in range(256))


@dataclass(slots=True)
class Group:
    """An `#if` with its branches so far. `first` is where its line began, `start` where the present branch did."""

    first: int
    start: int
    never: bool
    branches: list[tuple[int, int]] = field(default_factory=list)


def without_conditionals(source: bytes) -> bytes:
    """The source with its `#if`, `#else` and `#endif` lines blank, at equal length. Branches that are whole statements
    all stay, one after the other, so that all their definitions are found; of others the first stays alone."""
    if b"#" not in source:
        return source
    data, groups = bytearray(source), list[Group]()
    # Every line is found by the line end before it, the first one too.
    for match in DIRECTIVE.finditer(b"\n" + source):
        start, end = match.start(), match.end() - 1
        data[start:end] = data[start:end].translate(_BLANK)
        word = match[1]
        if word.startswith(b"if"):
            groups.append(Group(start, end, NEVER.search(match[0]) is not None))
        elif groups:
            group = groups[-1]
            group.branches.append((group.start, start))
            group.start = end
            if word == b"endif":
                _choose(data, groups.pop())
    return bytes(data)


def _choose(data: bytearray, group: Group) -> None:
    branches = group.branches
    if group.never:
        _drop(data, branches[:1])
        branches = branches[1:]
    if len(branches) > 1:
        apart = _ends(bytes(data[max(0, group.first - FARTHEST) : group.first]))
        if not apart or not all(_whole(bytes(data[start:end])) for start, end in branches):
            _drop(data, branches[1:])


def _drop(data: bytearray, branches: list[tuple[int, int]]) -> None:
    for start, end in branches:
        data[start:end] = data[start:end].translate(_BLANK)


def _whole(text: bytes) -> bool:
    return _ends(text) and all(text.count(one) == text.count(other) for one, other in ((b"{", b"}"), (b"(", b")")))


def _ends(text: bytes) -> bool:
    """Whether nothing is left open that the next line may go on with."""
    text = text.rstrip()
    last = text[text.rfind(b"\n") + 1 :].lstrip()
    return not text or text.endswith(ENDS) or last.startswith((b"#", b"[")) or b"//" in last
