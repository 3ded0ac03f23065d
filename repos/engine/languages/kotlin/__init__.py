"""Kotlin: packages that hold functions too, extension functions, objects and companions.

What stands in an unnamed companion object counts as a member of its class, as code writes it. Kotlin and Java are one
family: they see each other's packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from repos.engine.languages.base import Language
from repos.engine.languages.jvm import PackageResolver, parse_import

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
(class_declaration) @def.class
(class_declaration "interface") @def.interface
(class_declaration (enum_class_body)) @def.enum
(object_declaration) @def.class
(companion_object name: (identifier)) @def.class
(function_declaration) @def.function
(secondary_constructor) @def.function
(property_declaration (getter)) @def.property
(property_declaration (object_literal)) @def.property
(type_alias type: (identifier) @name.type)
(enum_entry (identifier) @const)
(source_file (property_declaration (variable_declaration (identifier) @const)))
(class_body (property_declaration (variable_declaration (identifier) @name.property)))
(class_parameter ["val" "var"] . (identifier) @name.property)
(call_expression . (identifier) @call)
(call_expression . (navigation_expression (identifier) @call .))
(infix_expression . (_) . (identifier) @call)
(callable_reference (identifier) @ref .)
(class_declaration (delegation_specifiers (delegation_specifier [
  (user_type (identifier) @base)
  (constructor_invocation (user_type (identifier) @base))
  (explicit_delegation (user_type (identifier) @base))])))
(object_declaration (delegation_specifiers (delegation_specifier [
  (user_type (identifier) @base)
  (constructor_invocation (user_type (identifier) @base))
  (explicit_delegation (user_type (identifier) @base))])))
(user_type (identifier) @ref)
(value_argument [(identifier) @ref (navigation_expression (identifier) @ref .)])
(property_declaration [(identifier) @ref (navigation_expression (identifier) @ref .)])
(assignment right: [(identifier) @ref (navigation_expression (identifier) @ref .)])
(return_expression [(identifier) @ref (navigation_expression (identifier) @ref .)])
(binary_expression [(identifier) @ref (navigation_expression (identifier) @ref .)])
(import) @import
(package_header) @import
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(multiline_string_literal) @string
(property_declaration (variable_declaration . (identifier) @bind.name) [
  (call_expression) (navigation_expression) (identifier) (as_expression) (if_expression) (when_expression)
  (string_literal) (number_literal) (parenthesized_expression) (object_literal)]? @bind.value) @bind
(variable_declaration . (identifier) . [(user_type) (nullable_type)] @bind.type)
(property_declaration (multi_variable_declaration (variable_declaration (identifier) @bind.unknown)))
(parameter (identifier) @bind.name [(user_type) (nullable_type) (function_type)] @bind.type) @bind
(class_parameter (identifier) @bind.name [(user_type) (nullable_type) (function_type)] @bind.type) @bind
(class_parameter ["val" "var"] . (identifier) @bind.field)
(lambda_parameters (variable_declaration . (identifier) @bind.name)) @bind
(for_statement (variable_declaration . (identifier) @bind.name)) @bind
(catch_block (identifier) @bind.name (user_type) @bind.type) @bind
(when_subject (variable_declaration . (identifier) @bind.name)) @bind
(function_declaration (function_value_parameters) . [(user_type) (nullable_type)] @return)
(function_declaration (function_body "=" . (_) @return.value))
"""
TYPES = ("user_type", "nullable_type", "parenthesized_type", "non_nullable_type")
DEEPEST_TYPE = 5


def name_of(node: Node) -> Node | None:
    found = node.child_by_field_name("name")
    if found is not None:
        return found
    if node.type == "property_declaration":
        node = next((child for child in node.children if child.type == "variable_declaration"), node)
        return next((child for child in node.children if child.type == "identifier"), None)
    return next((child for child in node.children if child.type == "constructor"), None)


def receiver(node: Node) -> tuple[bytes, bytes] | None:
    """The type that an extension function or property belongs to; the class round a named companion's member."""
    if node.type in ("function_declaration", "property_declaration"):
        for child in node.children:
            if child.type in ("identifier", "variable_declaration"):
                break
            if child.type in TYPES:
                name = _type_name(child)
                return (b"", name) if name else None
    return None


def _type_name(node: Node) -> bytes:
    for _ in range(DEEPEST_TYPE):
        if node.type == "user_type":
            names = [child.text or b"" for child in node.children if child.type == "identifier"]
            return next((name for name in reversed(names) if name != b"Companion"), b"")
        node = next((child for child in node.children if child.type in TYPES), node)
    return b""


LANGUAGE = Language(
    name="kotlin",
    family="jvm",
    extensions=(".kt", ".kts"),
    grammar=("tree_sitter_kotlin", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=PackageResolver,
    name_of=name_of,
    self_names=frozenset({b"this"}),
    super_names=frozenset({b"super"}),
    receiver=receiver,
    test_attributes=(b"@Test", b"@ParameterizedTest"),
    implicit_self=True,
    declares_all=True,
    imports_members=True,
)

LANGUAGES = (LANGUAGE,)
