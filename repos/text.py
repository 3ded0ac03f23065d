"""Text that can be stored and sent: paths in git are bytes, and some are no text at all."""

import unicodedata

_HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}


def plain(text: str) -> str:
    """The same text with what no database column and no JSON takes (lone surrogates, NUL) written as escapes."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def visible(text: str) -> str:
    """The same text as one line in which nothing hides: control and formatting characters, among them those that turn
    the direction of the text round them, as escapes."""
    text = plain(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(letter) if unicodedata.category(letter) in _HIDDEN else letter for letter in text)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def columns(text: str) -> int:
    """How many letters wide the text is in a monospace type; those of East Asia are two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def shortened(text: str, most: int) -> str:
    """The end of a text, in at most `most` columns: of paths and qualified names it tells more than the beginning."""
    if columns(text) <= most:
        return text
    kept, left = "", most - 1
    for letter in reversed(text):
        left -= columns(letter)
        if left < 0:
            break
        kept = letter + kept
    return f"…{kept}"
