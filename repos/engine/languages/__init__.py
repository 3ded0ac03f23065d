"""The languages with symbols. Each is a folder here that gives `LANGUAGES`; nothing else in the engine names one, so a
folder that is deleted takes its language along (see docs/languages.md).

What several of them share stands in modules beside the folders: `base` (what a language gives, and the captures its
query may use), `labels` (what files are counted under, with or without a folder), `nearness`; `declarators`, `includes`
and `conditionals` of C and C++ (the last of C#, too), `ecmascript` and `ecmascript_modules` of JavaScript and
TypeScript, `jvm` of Java and Kotlin.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from repos.engine.errors import GrammarMissing

from .base import Language

if TYPE_CHECKING:
    from tree_sitter import Parser, QueryCursor

# Nodes deeper than this are not captured: each costs a walk up to the root, so that 10,000 nested calls took 8 seconds.
DEEPEST = 800
ALL: tuple[Language, ...] = tuple(
    language
    for module in sorted(iter_modules(__path__), key=lambda found: found.name)
    if module.ispkg
    for language in import_module(f"{__name__}.{module.name}").LANGUAGES
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
        cursor = tree_sitter.QueryCursor(tree_sitter.Query(grammar, language.query))
        cursor.set_max_start_depth(DEEPEST)
        return tree_sitter.Parser(grammar), cursor
    except Exception as error:
        raise GrammarMissing(
            f"The grammar for {name} does not load ({error}). Install the locked requirements again."
        ) from error


def check_grammars() -> None:
    """Load every grammar. Raises GrammarMissing."""
    for language in ALL:
        parser_of(language.name)
