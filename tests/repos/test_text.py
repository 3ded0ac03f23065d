"""Paths out of git as text that a column and a JSON document take."""

import json

from hypothesis import given
from hypothesis import strategies as st

from repos.text import plain


@given(st.binary(max_size=60))
def test_any_bytes_of_a_path_can_be_stored_and_sent(raw: bytes) -> None:
    text = plain(raw.decode("utf-8", "surrogateescape"))
    assert "\0" not in text and json.loads(json.dumps(text).encode()) == text
    assert text.encode().decode() == text


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60))
def test_what_is_text_already_stays(text: str) -> None:
    assert plain(text) == text
