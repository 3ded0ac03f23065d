"""C: includes, prototypes that stand for their definitions, and one name space for all that is linked.

Headers (`.h`) are read by the language that can read both kinds, see the folder of C++.
"""

from __future__ import annotations

from repos.engine.languages.base import Language
from repos.engine.languages.declarators import COMMON, name_of, parsable
from repos.engine.languages.includes import IncludeResolver, parse_include

LANGUAGE = Language(
    name="c",
    family="c",
    extensions=(".c",),
    grammar=("tree_sitter_c", "language"),
    query=COMMON,
    parse_import=parse_include,
    resolver=IncludeResolver,
    name_of=name_of,
    includes=True,
    blank=parsable,
)

LANGUAGES = (LANGUAGE,)
