"""Words and terms."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repos.engine import words
from tests.engine.trees import PATIENT


@pytest.mark.parametrize(
    ("word", "terms"),
    [
        ("getHTTPResponse", ["gethttpresponse", "http", "response"]),
        ("snake_case_name", ["snake_case_name", "snake", "case", "name"]),
        ("_private", ["private"]),
        ("__init__", ["init"]),
        ("utf8", ["utf8", "utf"]),
        ("the", []),
        ("x", []),
        ("naïve", ["naïve"]),
        ("索引文件", ["索引", "引文", "文件"]),
    ],
)
def test_terms(word: str, terms: list[str]) -> None:
    assert [term.decode() for term in words.terms(word)] == terms


@pytest.mark.parametrize(
    ("one", "other"),
    [("files", "file"), ("parsing", "parsed"), ("queries", "query"), ("stopped", "stopping"), ("caches", "cache")],
)
def test_inflections_share_a_stem(one: str, other: str) -> None:
    assert words.stem(one.encode()) == words.stem(other.encode())


@pytest.mark.parametrize("word", ["class", "status", "this", "is", "bed", "ring", "http2"])
def test_what_only_looks_inflected_is_left_alone(word: str) -> None:
    assert words.stem(word.encode()) == word.encode()


@settings(PATIENT)
@given(st.binary(max_size=300))
def test_words_and_their_places_agree_for_any_bytes(source: bytes) -> None:
    found, starts, ends = words.split(source)
    assert [source[at:end] for at, end in zip(starts.tolist(), ends.tolist(), strict=True)] == found
    for word in found:
        words.split_word(word)


def learnt(found: list[bytes]) -> list[set[bytes]]:
    """The terms of each word, as the lexicon of an index run has them."""
    known = words.lexicon()
    terms, places = known.expand(known.numbers(found))
    of_word: list[set[bytes]] = [set() for _ in found]
    for term, place in zip(terms.tolist(), places.tolist(), strict=True):
        assert known.terms[term] not in of_word[place]
        of_word[place].add(known.terms[term])
    return of_word


IDENTIFIERS = st.text("abcxyzABXY019_$ éü索引件", min_size=1, max_size=16)  # names may hold spaces between backticks


@settings(PATIENT)
@given(st.lists(IDENTIFIERS | st.sampled_from(["the", "a" * 65, "_Get_"])))
def test_many_words_at_once_have_the_terms_of_each(texts: list[str]) -> None:
    found = [text.encode() for text in texts] + [b"\xff\xfe", b"isHTTPOk2"]
    assert learnt(found) == [set(words.split_word(word)) for word in found]


def test_threads_do_not_mix_up_words() -> None:
    def part(number: int) -> list[set[bytes]]:
        return learnt([f"word{number}x{i}Name".encode() for i in range(2000)])

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(part, range(4)))
    assert together == [part(number) for number in range(4)]
