"""Imports that one file makes for others (C#'s global using)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import structs

from repos.engine.languages import BY_NAME
from repos.engine.languages.base import EVERYWHERE, Import

if TYPE_CHECKING:
    from .scope import Unit


def imports_everywhere(units: Iterable[Unit]) -> dict[str, list[tuple[str, Import]]]:
    """By family the imports that hold for all files of a folder, as of the first line of each."""
    found: dict[str, list[tuple[str, Import]]] = {}
    for unit in units:
        for item in unit.facts.imports:
            if item.alias == EVERYWHERE:
                folder = unit.path[: unit.path.rfind("/") + 1]
                found.setdefault(BY_NAME[unit.language].family, []).append((folder, structs.replace(item, line=1)))
    return found
