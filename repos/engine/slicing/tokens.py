"""Token counts by o200k_base, from data inside a package: no network. Loaded when first needed, once a process."""

from __future__ import annotations

from functools import cache
from typing import Any

TOKENIZER = "o200k_base"


@cache
def _encoding() -> Any:
    from rs_bpe.bpe import openai

    return openai.o200k_base()


def count(text: str) -> int:
    return int(_encoding().count(text))


def count_up_to(text: str, limit: int) -> int | None:
    """The count, or None as soon as it is known to be over `limit`."""
    if limit <= 0:
        return 0 if not text and limit == 0 else None
    found = _encoding().count_till_limit(text, limit)
    return None if found is None or found > limit else int(found)
