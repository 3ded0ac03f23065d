"""Commit messages as people meant them: without trailers, links, numbers of issues and what programs add."""

import re

LONGEST = 6000  # characters of a message that are read
_SQUASHED = re.compile(r"^-{4,}\s*$", re.M)  # hosts put the trailers of a squashed branch below such a line
_DROPPED = re.compile(
    r"(?:[A-Z][A-Za-z]*(?:-[A-Za-z]+)+|Bug|Cc|Fixes|Closes|Resolves|Refs?|See|Issue|PR|PiperOrigin-RevId)\s*:.*"
    r"|\(cherry picked from .*|git-svn-id:.*|This reverts commit .*"
    r"|[*-]\s*(?:wip|fix(?:up|es)?|lint(?:ing)?|format(?:ting)?|typos?|clean ?up|nits?|merge .*|update .*|review.*|"
    r"address .*|add tests?|more tests?|(?:fix|update) (?:tests?|lint|typos?|review.*)|apply suggestions.*)\.?"
    r"|Merge (?:branch|pull request|remote).*",
    re.I,
)
_LINK = re.compile(r"https?://\S+")
_NUMBER = re.compile(
    r"\(#\d+\)|\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see)\s*:?\s+(?:[\w./-]+)?(?:#|gh-)\d+\b[:,]?"
    r"|(?<!\w)#\d+\b",
    re.I,
)


def cleaned(message: str) -> str:
    """The message in plain lines, its first being the subject; empty when nothing is left."""
    text = _SQUASHED.split(message[:LONGEST].replace("\r\n", "\n"), maxsplit=1)[0]
    lines = (_NUMBER.sub("", _LINK.sub("", line)).rstrip() for line in text.split("\n"))
    return "\n".join(line for line in lines if not _DROPPED.fullmatch(line.strip())).strip()
