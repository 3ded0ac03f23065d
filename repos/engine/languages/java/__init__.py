"""Java: packages as the files declare them, typed fields, locals and parameters, members of base types."""

from __future__ import annotations

from repos.engine.languages.base import Language
from repos.engine.languages.jvm import PackageResolver, parse_import

QUERY = """
(class_declaration) @def.class
(record_declaration) @def.class
(interface_declaration) @def.interface
(annotation_type_declaration) @def.interface
(enum_declaration) @def.enum
(method_declaration) @def.function
(constructor_declaration) @def.function
(compact_constructor_declaration) @def.function
(annotation_type_element_declaration name: (identifier) @name.property)
(class_body (field_declaration declarator: (variable_declarator value: [
  (object_creation_expression (class_body))
  (method_invocation object: (object_creation_expression (class_body)))]) @def.constant))
(field_declaration (modifiers [(annotation) (marker_annotation)] @attr))
(enum_constant body: (class_body)) @def.constant
(enum_constant name: (identifier) @const)
(field_declaration (modifiers "static" "final") declarator: (variable_declarator name: (identifier) @const))
(constant_declaration declarator: (variable_declarator name: (identifier) @const))
(method_invocation name: (identifier) @call)
(method_reference (identifier) @ref .)
(method_reference . (identifier) @ref)
(object_creation_expression type: [
  (type_identifier) @call
  (generic_type [(type_identifier) @call (scoped_type_identifier (type_identifier) @call .)])
  (scoped_type_identifier (type_identifier) @call .)])
(superclass [
  (type_identifier) @base
  (generic_type [(type_identifier) @base (scoped_type_identifier (type_identifier) @base .)])
  (scoped_type_identifier (type_identifier) @base .)])
(super_interfaces (type_list [
  (type_identifier) @base
  (generic_type [(type_identifier) @base (scoped_type_identifier (type_identifier) @base .)])
  (scoped_type_identifier (type_identifier) @base .)]))
(extends_interfaces (type_list [
  (type_identifier) @base
  (generic_type [(type_identifier) @base (scoped_type_identifier (type_identifier) @base .)])
  (scoped_type_identifier (type_identifier) @base .)]))
(type_identifier) @ref
(argument_list [(identifier) @ref (field_access field: (identifier) @ref)])
(return_statement [(identifier) @ref (field_access field: (identifier) @ref)])
(variable_declarator value: [(identifier) @ref (field_access field: (identifier) @ref)])
(assignment_expression right: [(identifier) @ref (field_access field: (identifier) @ref)])
(binary_expression [(identifier) @ref (field_access field: (identifier) @ref)])
(switch_label (identifier) @ref)
(marker_annotation name: (identifier) @ref)
(annotation name: (identifier) @ref)
(import_declaration) @import
(package_declaration) @import
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(field_declaration type: (_) @bind.type declarator: (variable_declarator name: (identifier) @bind.name)) @bind
(local_variable_declaration
  type: (_) @bind.type declarator: (variable_declarator name: (identifier) @bind.name !value)) @bind
(local_variable_declaration type: [
  (integral_type) (floating_point_type) (boolean_type) (array_type) (generic_type) (scoped_type_identifier)] @bind.type
  declarator: (variable_declarator name: (identifier) @bind.name)) @bind
((local_variable_declaration type: (type_identifier) @bind.type
  declarator: (variable_declarator name: (identifier) @bind.name value: (_))) @bind (#not-eq? @bind.type "var"))
((local_variable_declaration type: (type_identifier) @var
  declarator: (variable_declarator name: (identifier) @bind.name value: (_) @bind.value)) @bind (#eq? @var "var"))
(formal_parameter type: (_) @bind.type name: (identifier) @bind.name) @bind
(record_declaration parameters: (formal_parameters (formal_parameter name: (identifier) @bind.field)))
(spread_parameter (variable_declarator name: (identifier) @bind.name)) @bind
(enhanced_for_statement type: (type_identifier) @bind.type name: (identifier) @bind.name) @bind
(enhanced_for_statement type: (generic_type) @bind.type name: (identifier) @bind.name) @bind
(enhanced_for_statement name: (identifier) @bind.name) @bind
(resource type: (_) @bind.type name: (identifier) @bind.name) @bind
(catch_formal_parameter (catch_type) @bind.type name: (identifier) @bind.name) @bind
(instanceof_expression right: (_) @bind.type name: (identifier) @bind.name) @bind
(lambda_expression parameters: (identifier) @bind.unknown)
(inferred_parameters (identifier) @bind.unknown)
(method_declaration type: (_) @return)
"""

LANGUAGE = Language(
    name="java",
    family="jvm",
    extensions=(".java",),
    grammar=("tree_sitter_java", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=PackageResolver,
    self_names=frozenset({b"this"}),
    super_names=frozenset({b"super"}),
    test_attributes=(b"@Test", b"@ParameterizedTest", b"@RepeatedTest"),
    implicit_self=True,
    fields_apart=True,
    declares_all=True,
    imports_members=True,
)

LANGUAGES = (LANGUAGE,)
