"""Text to search terms: identifiers whole and in parts, lower case; and the light stemming of the second index.

Works on bytes, since an index run reads every byte of a repository: a word is a run of ASCII letters, digits,
underscores and bytes above 0x7f. Each distinct word is looked at once.
"""

from __future__ import annotations

import re
import threading
from array import array
from collections.abc import Sequence
from functools import lru_cache

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
_stems: dict[bytes, bytes] = {}


def split(source: bytes) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int64]]:
    """All words of a text, and the bytes where each starts and ends."""
    words = source.translate(_WORD).split()
    mask = np.zeros(len(source) + 2, bool)
    mask[1:-1] = _IS_WORD[np.frombuffer(source, np.uint8)]
    edges = np.flatnonzero(mask[1:] != mask[:-1])
    return words, edges[::2], edges[1::2]


class Lexicon(dict[bytes, int]):
    """Words seen so far, numbered; and the numbered terms of each. Looking a new word up adds it."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: list[bytes] = []
        self._term_numbers: dict[bytes, int] = {}
        self._first, self._size, self._flat = array("q"), array("q"), array("q")

    def __missing__(self, word: bytes) -> int:
        number = self[word] = len(self._first)
        self._first.append(len(self._flat))
        for term in split_word(word):
            found = self._term_numbers.setdefault(term, len(self.terms))
            if found == len(self.terms):
                self.terms.append(term)
            self._flat.append(found)
        self._size.append(len(self._flat) - self._first[number])
        return number

    def numbers(self, words: Sequence[bytes]) -> NDArray[np.int64]:
        return np.fromiter(map(self.__getitem__, words), np.int64, len(words))

    def expand(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of all terms of some words, end to end; and for each the place of its word in `numbers`."""
        first, size = np.frombuffer(self._first, np.int64), np.frombuffer(self._size, np.int64)
        flat = np.frombuffer(self._flat, np.int64)
        lengths = size[numbers]
        shift = first[numbers] - (np.cumsum(lengths) - lengths)
        terms = flat[np.repeat(shift, lengths) + np.arange(int(lengths.sum()))]
        return terms, np.repeat(np.arange(len(numbers)), lengths)


_own = threading.local()


def lexicon() -> Lexicon:
    """The thread's own; started anew when it has grown large, so that no repository can fill the memory for good."""
    found: Lexicon | None = getattr(_own, "lexicon", None)
    if found is None or len(found) > MEMO:
        found = _own.lexicon = Lexicon()
    return found


def terms(text: str) -> list[bytes]:
    """All terms of a text, in order, repeated as often as they occur."""
    return [term for word in split(text.encode("utf-8", "surrogatepass"))[0] for term in _terms_of(word)]


def split_word(word: bytes) -> tuple[bytes, ...]:
    """The terms of one word: `getHTTPResponse` -> gethttpresponse, http, response; none for stop words and letters."""
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


_terms_of = lru_cache(maxsize=50_000)(split_word)


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
