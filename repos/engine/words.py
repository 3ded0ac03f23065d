"""Text to search terms: identifiers whole and in parts, lower case; and the light stemming of the second index.

Works on bytes, since an index run reads every byte of a repository: a word is a run of ASCII letters, digits,
underscores and bytes above 0x7f. Each distinct word is looked at once a process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "if",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "from",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "i",
        "we",
        "you",
        "he",
        "she",
        "they",
        "them",
        "his",
        "her",
        "our",
        "your",
        "my",
        "me",
        "us",
        "do",
        "does",
        "did",
        "done",
        "not",
        "no",
        "so",
        "than",
        "then",
        "there",
        "here",
        "when",
        "where",
        "which",
        "who",
        "what",
        "why",
        "how",
        "can",
        "could",
        "should",
        "would",
        "will",
        "shall",
        "may",
        "might",
        "must",
        "have",
        "has",
        "had",
        "having",
        "also",
        "into",
        "out",
        "up",
        "down",
        "over",
        "under",
        "about",
        "after",
        "before",
        "again",
        "more",
        "most",
        "some",
        "any",
        "all",
        "each",
        "other",
        "such",
        "only",
        "own",
        "same",
        "just",
        "now",
        "get",
        "gets",
        "got",
        "use",
        "used",
        "using",
        "via",
        "per",
    ]
)
LONGEST = 64
MEMO = 400_000

_WORD = bytes(byte if byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(256))
_IS_WORD = np.array([value != 0x20 for value in _WORD])
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UNICODE = re.compile(r"[^\W_]+")
_terms: dict[bytes, tuple[bytes, ...]] = {}
_stems: dict[bytes, bytes] = {}


def split(source: bytes) -> tuple[list[bytes], NDArray[np.int64]]:
    """All words of a text, and the byte each starts at."""
    words = source.translate(_WORD).split()
    mask = _IS_WORD[np.frombuffer(source, np.uint8)]
    starts = np.flatnonzero(mask & ~np.concatenate(([False], mask[:-1])))
    return words, starts


def terms_of(word: bytes) -> tuple[bytes, ...]:
    """`getHTTPResponse` -> gethttpresponse, get, http, response. No stop words, nothing of one letter."""
    found = _terms.get(word)
    if found is None:
        if len(_terms) > MEMO:
            _terms.clear()
        found = _terms[word] = _split_word(word)
    return found


def terms(text: str) -> list[bytes]:
    """All terms of a text, in order, repeated as often as they occur."""
    found: list[bytes] = []
    for word in split(text.encode("utf-8", "surrogatepass"))[0]:
        found += terms_of(word)
    return found


def _split_word(word: bytes) -> tuple[bytes, ...]:
    if len(word) > LONGEST:
        return ()
    if word.isascii():
        text = word.decode()
        if text.islower() and text.isalpha():
            return (word,) if len(text) > 1 and text not in STOP else ()
        pieces = [text.strip("_"), *_PARTS.findall(text)]
    else:
        pieces = _foreign(word.decode("utf-8", "replace"))
    kept = dict.fromkeys(piece.lower() for piece in pieces)
    return tuple(piece.encode() for piece in kept if len(piece) > 1 and piece not in STOP)


def _foreign(text: str) -> list[str]:
    """Letters of other scripts. Those written without spaces are cut into overlapping pairs."""
    pieces: list[str] = []
    for run in _UNICODE.findall(text):
        if run.isascii() or max(run) < "\u3000":
            pieces.append(run)
        else:
            pieces += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
    return pieces


def stem(term: bytes) -> bytes:
    """A common form of English inflections: `files`, `file` -> file; `parsing`, `parser`, `parsed` -> pars."""
    found = _stems.get(term)
    if found is None:
        if len(_stems) > MEMO:
            _stems.clear()
        found = _stems[term] = _stem(term)
    return found


def _stem(term: bytes) -> bytes:
    if len(term) < 4 or not term.isalpha():
        return term
    if term.endswith(b"ies") and len(term) > 4:
        term = term[:-3] + b"y"
    elif term.endswith((b"sses", b"shes", b"ches", b"xes", b"zes")):
        term = term[:-2]
    elif term.endswith(b"s") and not term.endswith((b"ss", b"us", b"is")):
        term = term[:-1]
    for suffix, shortest in ((b"ing", 6), (b"ed", 5)):
        if term.endswith(suffix) and len(term) >= shortest:
            term = term[: -len(suffix)]
            if len(term) > 3 and term[-1] == term[-2] and term[-1:] not in b"lsz":
                term = term[:-1]
            break
    return term[:-1] if term.endswith(b"e") and len(term) > 4 else term


def stems(found: Iterable[bytes]) -> list[bytes]:
    return [stem(term) for term in found]
