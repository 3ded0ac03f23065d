"""C++: classes, namespaces and templates, methods defined out of their class; and headers.

A `.h` may be C's or C++'s, and a file's language must follow from its path alone, so that the facts of a blob can be
kept. Every `.h` is therefore read as C++, which takes nearly all of C too; its language is called `header`, so that the
figures of a C repository name no C++.
"""

from __future__ import annotations

from dataclasses import replace

from repos.engine.languages.base import Language
from repos.engine.languages.declarators import COMMON, name_of, parsable, receiver
from repos.engine.languages.includes import IncludeResolver, parse_include

QUERY = (
    COMMON
    + """
(class_specifier body: (_)) @def.class
(namespace_definition name: (_)) @def.module
(alias_declaration name: (type_identifier) @name.type)
(concept_definition name: (identifier) @name.type)
(declaration declarator: (reference_declarator (function_declarator declarator: (identifier) @name.prototype)))
(field_declaration declarator: [
  (function_declarator declarator: (field_identifier) @name.prototype)
  (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name.prototype))
  (reference_declarator (function_declarator declarator: (field_identifier) @name.prototype))])
(declaration_list (declaration declarator: (init_declarator declarator: (identifier) @const)))
(field_declaration
  (storage_class_specifier "static") declarator: (field_identifier) @const default_value: (_))
(template_declaration parameters: (template_parameter_list) @attr)
(call_expression function: [
  (qualified_identifier name: [
    (identifier) @call
    (template_function name: (identifier) @call)
    (qualified_identifier name: [(identifier) @call (template_function name: (identifier) @call)])])
  (template_function name: (identifier) @call)
  (field_expression field: (template_method name: (field_identifier) @call))])
(new_expression type: [(type_identifier) @call (qualified_identifier name: (type_identifier) @call)
  (template_type name: (type_identifier) @call)])
(compound_literal_expression type: [(type_identifier) @call (template_type name: (type_identifier) @call)])
(base_class_clause [
  (type_identifier) @base
  (template_type name: (type_identifier) @base)
  (qualified_identifier name: [(type_identifier) @base (template_type name: (type_identifier) @base)])])
(_ type: (qualified_identifier name: [
  (type_identifier) @ref (qualified_identifier name: (type_identifier) @ref)]))
(argument_list (qualified_identifier name: [(identifier) @ref (qualified_identifier name: (identifier) @ref)]))
(init_declarator value: (qualified_identifier name: (identifier) @ref))
(assignment_expression right: (qualified_identifier name: (identifier) @ref))
(return_statement (qualified_identifier name: (identifier) @ref))
(case_statement value: (qualified_identifier name: (identifier) @ref))
(binary_expression (qualified_identifier name: (identifier) @ref))
(initializer_list (qualified_identifier name: (identifier) @ref))
(template_type name: (type_identifier) @ref)
(class_specifier name: (type_identifier) @ref !body)
(using_declaration (qualified_identifier)) @import
(namespace_alias_definition) @import
(raw_string_literal) @string
(declaration type: (_) @bind.type declarator: [
  (reference_declarator (identifier) @bind.name)
  (init_declarator declarator: (reference_declarator (identifier) @bind.name) value: (_) @bind.value)]) @bind
(parameter_declaration type: (_) @bind.type declarator: (reference_declarator (identifier) @bind.name)) @bind
(optional_parameter_declaration type: (_) @bind.type declarator: [
  (identifier) @bind.name
  (pointer_declarator declarator: (identifier) @bind.name)
  (reference_declarator (identifier) @bind.name)]) @bind
(field_declaration type: (_) @bind.type declarator: (reference_declarator (field_identifier) @bind.name)) @bind
(for_range_loop type: (_) @bind.type declarator: [
  (identifier) @bind.name (reference_declarator (identifier) @bind.name)]) @bind
(catch_clause parameters: (parameter_list (parameter_declaration))) @bind
(lambda_capture_initializer) @bind
"""
)
WRAPPERS = frozenset((b"unique_ptr", b"shared_ptr", b"weak_ptr", b"optional", b"reference_wrapper", b"atomic"))

LANGUAGE = Language(
    name="cpp",
    family="c",
    extensions=(".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tpp", ".tcc"),
    grammar=("tree_sitter_cpp", "language"),
    query=QUERY,
    parse_import=parse_include,
    resolver=IncludeResolver,
    name_of=name_of,
    self_names=frozenset({b"this"}),
    receiver=receiver,
    implicit_self=True,
    includes=True,
    blank=parsable,
    type_wrappers=WRAPPERS,
)
HEADER = replace(LANGUAGE, name="header", extensions=(".h",))

LANGUAGES = (LANGUAGE, HEADER)
