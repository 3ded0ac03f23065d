"""Text that can be stored and sent: paths in git are bytes, and some are no text at all."""


def plain(text: str) -> str:
    """The same text with what no database column and no JSON takes (lone surrogates, NUL) written as escapes."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
