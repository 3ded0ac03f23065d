"""Token counts by o200k_base, from data inside a package: no network. Loaded when first needed, once a process."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

TOKENIZER = "o200k_base"
# A token never goes on over a line end when the next line begins so: the tokenizer's pattern takes white space and
# slashes behind a line end along, and nothing else. So the counts of lines add up, and lines come again: in a piece, in
# the text made of the pieces, in the next slice.
_CUT = re.compile(r"\n(?=[^\s/]|[ \t]+\S)")
LONGEST_KEPT = 300  # letters of a line whose count is kept
LINES_KEPT = 50_000


@cache
def _encoding() -> Any:
    from rs_bpe.bpe import openai

    return openai.o200k_base()


def count(text: str) -> int:
    *lines, last = _CUT.split(text)
    if len(max(lines, key=len, default="")) <= LONGEST_KEPT:
        return sum(map(_count_line, lines)) + _count(last)
    return _count(text)


def _count(text: str) -> int:
    return int(_encoding().count(text))


@lru_cache(maxsize=LINES_KEPT)
def _count_line(line: str) -> int:
    return _count(f"{line}\n")


def count_up_to(text: str, limit: int) -> int | None:
    """The count, or None as soon as it is known to be over `limit`."""
    if limit <= 0:
        return 0 if not text and limit == 0 else None
    found = _encoding().count_till_limit(text, limit)
    return None if found is None or found > limit else int(found)
