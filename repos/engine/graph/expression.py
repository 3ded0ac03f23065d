"""What stands at an edge, as written: read from the source when it is asked for, so that nothing of it is stored."""

from __future__ import annotations

import re

LONGEST = 200  # characters
REACH = 4_000  # bytes looked at to either side
OPEN, CLOSE = b"([{", b")]}"
PAIR = dict(zip(CLOSE, OPEN, strict=True))
_WORD = rb"[\w$@\x80-\xff]"
_NAME = re.compile(_WORD + rb"+")
_LAST_WORD = re.compile(_WORD + rb"+$")
_CONNECTED = re.compile(rb"(?:\.|\?\.|!\.|::|->|\?->|&\.)\s*$")
_TYPE_ARGUMENTS = re.compile(rb"(?:::)?<[\w$\s,.<>:&'?\[\]|\x80-\xff]{0,200}>(?=\s*\()")
_ENDING_TYPES = re.compile(rb"(?:::)?<[\w$\s,.:&'?\[\]|\x80-\xff]*>$")
_BEFORE_CALL = re.compile(rb"[!?]?[ \t]*(?=\()")


def expression(text: bytes, at: int) -> str:
    """The mention whose name stands at byte `at` of `text`: from the start of what qualifies the name to the bracket
    that closes its call. Whitespace is folded; at most 200 characters. Any bytes will do."""
    name = _NAME.match(text, at)
    if name is None:
        return ""
    start, end = _start(text, at), _end(text, name.end())
    return " ".join(text[start:end].decode("utf-8", "replace").split())[:LONGEST]


def _start(text: bytes, at: int) -> int:
    """Where the chain of names and calls that ends at `at` begins: `a.b(c).` before the name."""
    floor = max(0, at - REACH)
    while True:
        joint = _CONNECTED.search(text, max(floor, at - 80), at)
        if joint is None:
            return at
        before = _operand(text, joint.start(), floor)
        if before == joint.start():
            return at
        at = before


def _operand(text: bytes, end: int, floor: int) -> int:
    """Where the name, call, index or bracket that ends at `end` begins; `end` itself when none does."""
    place = len(text[floor:end].rstrip()) + floor
    while place > floor and text[place - 1] in CLOSE:
        opened = _opening(text, place - 1, floor)
        if opened < 0:
            return end
        place = opened
    types = _ENDING_TYPES.search(text, max(floor, place - 200), place) if place < end else None
    place = types.start() if types else place
    word = _LAST_WORD.search(text, floor, place)
    if word is not None:
        return word.start()
    return place if place < end and text[place] in OPEN else end


def _opening(text: bytes, close: int, floor: int) -> int:
    """The bracket that `close` answers, or -1."""
    wanted: list[int] = []
    for place in range(close, floor - 1, -1):
        letter = text[place]
        if letter in CLOSE:
            wanted.append(PAIR[letter])
        elif letter in OPEN:
            if wanted.pop() != letter:
                return -1
            if not wanted:
                return place
    return -1


def _end(text: bytes, at: int) -> int:
    """The end of the call whose name ends at `at`, or `at` when it is no call."""
    types = _TYPE_ARGUMENTS.match(text, at)
    bracket = _BEFORE_CALL.match(text, types.end() if types else at)
    if bracket is None:
        return at
    depth = 0
    for place in range(bracket.end(), min(len(text), at + REACH)):
        letter = text[place]
        depth += (letter in OPEN) - (letter in CLOSE)
        if depth == 0:
            return place + 1
    return min(len(text), at + REACH)


def statement(text: bytes) -> str:
    """The statement that `text` begins with: its first line, and those that its brackets go on over."""
    depth = 0
    for place, letter in enumerate(text[:REACH]):
        depth += (letter in OPEN) - (letter in CLOSE)
        if letter == ord("\n") and depth <= 0 and text[:place].strip():
            text = text[:place]
            break
    return " ".join(text[:REACH].decode("utf-8", "replace").split())[:LONGEST]
