"""The languages with symbols. One module each; adding one means adding it to `ALL` (see docs/engine.md)."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from repos.engine.errors import GrammarMissing

from . import go, java, javascript, python, rust, typescript
from .base import Language

if TYPE_CHECKING:
    from tree_sitter import Parser, QueryCursor

ALL: tuple[Language, ...] = (
    python.LANGUAGE,
    typescript.LANGUAGE,
    typescript.TSX,
    javascript.LANGUAGE,
    go.LANGUAGE,
    rust.LANGUAGE,
    java.LANGUAGE,
)
BY_NAME = {language.name: language for language in ALL}
BY_EXTENSION = {extension: language for language in ALL for extension in language.extensions}


def language_of(path: str) -> Language | None:
    dot = path.rfind(".")
    return BY_EXTENSION.get(path[dot:].lower()) if dot > path.rfind("/") else None


@cache
def parser_of(name: str) -> tuple[Parser, QueryCursor]:
    """The parser and the compiled query of a language, made once a process.

    Raises GrammarMissing: an index with silently empty languages would be worse than none.
    """
    import tree_sitter

    language = BY_NAME[name]
    module, entry = language.grammar
    try:
        grammar = tree_sitter.Language(getattr(import_module(module), entry)())
        return tree_sitter.Parser(grammar), tree_sitter.QueryCursor(tree_sitter.Query(grammar, language.query))
    except Exception as error:
        raise GrammarMissing(
            f"The grammar for {name} does not load ({error}). Install the locked requirements again."
        ) from error


def check_grammars() -> None:
    """Load every grammar. Raises GrammarMissing."""
    for language in ALL:
        parser_of(language.name)
