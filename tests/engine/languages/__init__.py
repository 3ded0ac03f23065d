"""One test file a language, each with a small `TREE` of it; other tests of the engine take their sources from here."""

from importlib import import_module
from pkgutil import iter_modules


def trees(*names: str) -> dict[str, str]:
    """The files of the named languages' trees in one tree; without names, of every language."""
    chosen = names or sorted(found.name.removeprefix("test_") for found in iter_modules(__path__))
    merged: dict[str, str] = {}
    for name in chosen:
        merged |= getattr(import_module(f"{__name__}.test_{name}"), "TREE", {})
    return merged
