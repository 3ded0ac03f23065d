"""TypeScript and TSX: JavaScript's modules, with types."""

from __future__ import annotations

from repos.engine.languages.base import Language
from repos.engine.languages.javascript import COMMON, MANIFESTS, ModuleResolver, parse_import

QUERY = (
    COMMON
    + """
(class_declaration) @def.class
(abstract_class_declaration) @def.class
(interface_declaration) @def.interface
(type_alias_declaration) @def.type
(enum_declaration) @def.enum
(internal_module) @def.module
(function_signature) @def.function
(abstract_method_signature) @def.function
(public_field_definition value: [(arrow_function) (function_expression)]) @def.function
(extends_clause value: [(identifier) @base (member_expression property: (property_identifier) @base)])
(implements_clause [(type_identifier) @base (generic_type name: (type_identifier) @base)])
(extends_type_clause type: [(type_identifier) @base (generic_type name: (type_identifier) @base)])
(type_identifier) @ref
(as_expression (identifier) @ref)
"""
)
JSX = """
(jsx_opening_element name: (identifier) @call)
(jsx_self_closing_element name: (identifier) @call)
"""

LANGUAGE = Language(
    name="typescript",
    family="javascript",
    extensions=(".ts", ".mts", ".cts"),
    grammar=("tree_sitter_typescript", "language_typescript"),
    query=QUERY,
    parse_import=parse_import,
    resolver=ModuleResolver,
    name_fields=("name", "left", "key"),
    self_names=frozenset({b"this", b"super"}),
    manifests=MANIFESTS,
)

TSX = Language(
    name="tsx",
    family="javascript",
    extensions=(".tsx",),
    grammar=("tree_sitter_typescript", "language_tsx"),
    query=QUERY + JSX,
    parse_import=parse_import,
    resolver=ModuleResolver,
    name_fields=("name", "left", "key"),
    self_names=frozenset({b"this", b"super"}),
    manifests=MANIFESTS,
)

LANGUAGES = (LANGUAGE, TSX)
