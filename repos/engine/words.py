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

_STOPPED = """
a an the and or but if of to in on at by for with from as is are was were be been being it its this that
these those i we you he she they them his her our your my me us do does did done not no so than then there
here when where which who what why how can could should would will shall may might must have has had having
also into out up down over under about after before again more most some any all each other such only own
same just now get gets got use used using via per
"""
STOP = frozenset(_STOPPED.split())
_STOP = frozenset(word.encode() for word in STOP)
LONGEST = 64
MEMO = 120_000  # words a process keeps: 20 MB at most

_WORD = bytes(byte if byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(256))
_IS_WORD = np.array([value != 0x20 for value in _WORD])
_KIND = np.zeros(256, np.uint8)  # 1 small letter, 2 capital, 3 digit, 0 anything else
_KIND[97:123], _KIND[65:91], _KIND[48:58] = 1, 2, 3
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UNICODE = re.compile(r"[^\W_]+")
_stems: dict[bytes, bytes] = {}


def split(source: bytes) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int64]]:
    """All words of a text, and the bytes where each starts and ends."""
    mask = np.zeros(len(source) + 2, bool)
    mask[1:-1] = _IS_WORD[np.frombuffer(source, np.uint8)]
    edges = np.flatnonzero(mask[1:] != mask[:-1])
    return words_of(source), edges[::2], edges[1::2]


def words_of(source: bytes) -> list[bytes]:
    return source.translate(_WORD).split()


class Lexicon(dict[bytes, int]):
    """Words seen so far, numbered; and the numbered terms of each, without order."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: list[bytes] = []
        self._term_numbers = _Numbers(self.terms)
        self._fresh: list[bytes] = []
        self._flat, self._ends = array("i"), array("i", [0])

    def __missing__(self, word: bytes) -> int:
        number = self[word] = len(self)
        self._fresh.append(word)
        return number

    def numbers(self, words: Sequence[bytes]) -> NDArray[np.int64]:
        """Words not seen before are added."""
        found = np.fromiter(map(self.__getitem__, words), np.int64, len(words))
        if self._fresh:
            self._learn()
        return found

    def _learn(self) -> None:
        """All new words at once: one by one it would take half the time of an index run's counting."""
        owner, pieces = _cut(self._fresh)
        numbers = np.fromiter(map(self._term_numbers.__getitem__, pieces), np.int64, len(pieces))
        kept = numbers >= 0
        pairs = np.unique((owner[kept] << 32) | numbers[kept])
        self._flat.frombytes((pairs & 0xFFFFFFFF).astype(np.intc).tobytes())
        sizes = np.bincount(pairs >> 32, minlength=len(self._fresh))
        self._ends.frombytes((self._ends[-1] + np.cumsum(sizes)).astype(np.intc).tobytes())
        self._fresh.clear()

    def expand(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of all terms of some words, end to end; and for each the place of its word in `numbers`."""
        ends, flat = np.frombuffer(self._ends, np.intc).astype(np.int64), np.frombuffer(self._flat, np.intc)
        first, last = ends[numbers], ends[numbers + 1]
        lengths = last - first
        shift = last - np.cumsum(lengths)
        terms = flat[np.repeat(shift, lengths) + np.arange(int(lengths.sum()))].astype(np.int64)
        return terms, np.repeat(np.arange(len(numbers)), lengths)


class _Numbers(dict[bytes, int]):
    """Terms, numbered as they come; -1 for what is no term."""

    def __init__(self, terms: list[bytes]) -> None:
        super().__init__(dict.fromkeys(_STOP, -1))
        self._terms = terms

    def __missing__(self, term: bytes) -> int:
        if len(term) < 2:
            return -1
        number = self[term] = len(self._terms)
        self._terms.append(term)
        return number


def _cut(fresh: Sequence[bytes]) -> tuple[NDArray[np.int64], list[bytes]]:
    """What `split_word` finds in each word, before stop words are left out: (number of the word, piece) pairs."""
    plain = [number for number, word in enumerate(fresh) if len(word) <= LONGEST and word.replace(b"_", b"").isalnum()]
    others = sorted(set(range(len(fresh))).difference(plain))  # of other scripts, or names such as `$x` and `a test`
    foreign = [(number, piece) for number in others for piece in split_word(fresh[number])]
    numbers = np.array(plain, np.int64)
    joined = b" ".join([fresh[number] for number in plain]) + b" "
    kind = _KIND[np.frombuffer(b" " + joined, np.uint8)]
    before, here, after = kind[:-1], kind[1:], np.append(kind[2:], 0)
    # aB, and the last of several capitals before a small letter; a digit beside a letter.
    cut = (here == 2) & ((before == 1) | (before == 2) & (after == 1)) | ((here == 3) != (before == 3))
    inside = here > 0
    starts = np.flatnonzero(inside & (cut | (before == 0)))
    low = joined.lower().replace(b"_", b" ")
    pieces = np.insert(np.frombuffer(low, np.uint8), np.flatnonzero(cut), 32).tobytes().split()
    word = np.cumsum(np.frombuffer(joined, np.uint8) == 32)
    owner = [numbers, numbers[word[starts]], np.array([number for number, _ in foreign], np.int64)]
    whole = [piece.strip(b"_") for piece in joined.lower().split()]
    return np.concatenate(owner), whole + pieces + [piece for _, piece in foreign]


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
            return (word,) if len(text) > 1 and word not in _STOP else ()
        pieces = [text.strip("_"), *_PARTS.findall(text)]
    else:
        pieces = _foreign(word.decode("utf-8", "replace"))
    kept = [piece.encode() for piece in dict.fromkeys(piece.lower() for piece in pieces) if len(piece) > 1]
    return tuple(piece for piece in kept if piece not in _STOP)


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
        found = _stems[term] = compute_stem(term)
    return found


def compute_stem(term: bytes) -> bytes:
    """`stem` without keeping it: for an index run, where each term comes once."""
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
