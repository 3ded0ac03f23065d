"""Addresses with `{names}` in them."""

import re
from typing import Any
from urllib.parse import unquote


def shape(template: str) -> str:
    """The template without the names in it: two that name their parts differently are the same address."""
    return re.sub(r"\{\w+\}", "{}", template)


class Table:
    """Method and path template -> whatever was registered for it. A plain segment wins over `{name}`."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Any] = {}
        self._by_length: dict[tuple[str, int], list[tuple[list[str], str]]] = {}

    def add(self, method: str, template: str, entry: Any) -> None:
        if (method, template) in self.entries:
            raise ValueError(f"{method} {template} is answered twice.")
        self.entries[method, template] = entry
        parts = template.split("/")
        alike = self._by_length.setdefault((method, len(parts)), [])
        alike.append((parts, template))
        alike.sort(key=lambda item: item[1].count("{"))

    def match(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """The template that fits and the values of its `{names}`."""
        given = path.split("/")
        for parts, template in self._by_length.get((method, len(given)), []):
            if all(part == have or part[:1] == "{" and have for part, have in zip(parts, given, strict=True)):
                pairs = zip(parts, given, strict=True)
                return template, {part[1:-1]: unquote(have) for part, have in pairs if part[:1] == "{"}
        return None
