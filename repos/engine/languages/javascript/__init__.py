"""JavaScript, with JSX."""

from __future__ import annotations

from repos.engine.languages import ecmascript
from repos.engine.languages.base import Language
from repos.engine.languages.ecmascript_modules import MANIFESTS, ModuleResolver

QUERY = (
    ecmascript.QUERY
    + ecmascript.JSX
    + """
(class_declaration) @def.class
(field_definition property: (_) value: [(arrow_function) (function_expression)]) @def.function
(field_definition property: (property_identifier) @bind.name value: (_)? @bind.value) @bind
(formal_parameters (identifier) @bind.name)
(assignment_pattern left: (identifier) @bind.name)
(class_heritage [(identifier) @base (member_expression property: (property_identifier) @base)])
"""
)

LANGUAGE = Language(
    name="javascript",
    family=ecmascript.FAMILY,
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    grammar=("tree_sitter_javascript", "language"),
    query=QUERY,
    parse_import=ecmascript.parse_import,
    resolver=ModuleResolver,
    name_fields=("name", "left", "key", "property"),
    receiver=ecmascript.receiver,
    self_names=ecmascript.SELF_NAMES,
    super_names=ecmascript.SUPER_NAMES,
    block_scopes=True,
    manifests=MANIFESTS,
)

LANGUAGES = (LANGUAGE,)
