"""TypeScript and TSX."""

from __future__ import annotations

from dataclasses import replace

from repos.engine.languages import ecmascript
from repos.engine.languages.base import Language
from repos.engine.languages.ecmascript_modules import MANIFESTS, ModuleResolver

QUERY = (
    ecmascript.QUERY
    + """
(class_declaration) @def.class
(abstract_class_declaration) @def.class
(interface_declaration) @def.interface
(type_alias_declaration) @def.type
(enum_declaration) @def.enum
(internal_module) @def.module
(function_signature) @def.function
(abstract_method_signature) @def.function
(interface_body (method_signature name: (property_identifier) @name.method))
(public_field_definition value: [(arrow_function) (function_expression)]) @def.function
(extends_clause value: [(identifier) @base (member_expression property: (property_identifier) @base)])
(implements_clause [(type_identifier) @base (generic_type name: (type_identifier) @base)])
(extends_type_clause type: [(type_identifier) @base (generic_type name: (type_identifier) @base)])
(type_identifier) @ref
(as_expression (identifier) @ref)
(variable_declarator name: (identifier) @bind.name type: (type_annotation (_) @bind.type)) @bind
(required_parameter pattern: (identifier) @bind.name type: (type_annotation (_) @bind.type)?) @bind
(optional_parameter pattern: (identifier) @bind.name type: (type_annotation (_) @bind.type)?) @bind
(required_parameter
  (accessibility_modifier) pattern: (identifier) @bind.field type: (type_annotation (_) @bind.type)?) @bind
(public_field_definition
  name: (property_identifier) @bind.name type: (type_annotation (_) @bind.type)? value: (_)? @bind.value) @bind
(interface_body
  (property_signature name: (property_identifier) @bind.name type: (type_annotation (_) @bind.type)?) @bind)
(_ return_type: (type_annotation (_) @return))
"""
)

LANGUAGE = Language(
    name="typescript",
    family=ecmascript.FAMILY,
    extensions=(".ts", ".mts", ".cts"),
    grammar=("tree_sitter_typescript", "language_typescript"),
    query=QUERY,
    parse_import=ecmascript.parse_import,
    resolver=ModuleResolver,
    name_fields=("name", "left", "key"),
    receiver=ecmascript.receiver,
    self_names=ecmascript.SELF_NAMES,
    super_names=ecmascript.SUPER_NAMES,
    block_scopes=True,
    type_wrappers=frozenset(
        {b"Promise", b"Readonly", b"Partial", b"Required", b"NonNullable", b"Awaited", b"InstanceType"}
    ),
    manifests=MANIFESTS,
)
TSX = replace(
    LANGUAGE,
    name="tsx",
    extensions=(".tsx",),
    grammar=("tree_sitter_typescript", "language_tsx"),
    query=QUERY + ecmascript.JSX,
)

LANGUAGES = (LANGUAGE, TSX)
