"""Ruby: classes and modules that any file may reopen, constants that load themselves, calls without brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from repos.engine.languages.base import Import, Language

from .paths import LoadPathResolver

if TYPE_CHECKING:
    from tree_sitter import Node

# Where a constant is a mention, and a bare name may be a call: everywhere but where they are declared.
PLACES = """
(argument_list MENTION)
(array MENTION)
(assignment right: MENTION)
(binary MENTION)
(block_body MENTION)
(body_statement MENTION)
(call receiver: MENTION)
(conditional MENTION)
(element_reference object: MENTION)
(exceptions MENTION)
(if condition: MENTION)
(interpolation MENTION)
(method body: MENTION)
(operator_assignment right: MENTION)
(pair value: MENTION)
(parenthesized_statements MENTION)
(pattern MENTION)
(singleton_method body: MENTION)
(then MENTION)
(unary operand: MENTION)
(unless condition: MENTION)
"""
# What a type's body may say of itself. Conditions on a word are only asked there: each costs a look at the source.
TYPES = ("class", "module", "singleton_class", "do_block")
SAID = (
    """(call
  !receiver
  method: (identifier) @_includes
  arguments: (argument_list [(constant) @base (scope_resolution name: (constant) @base)])
  (#any-of? @_includes "include" "extend" "prepend"))""",
    """(call
  !receiver
  method: (identifier) @_attributes
  arguments: (argument_list (simple_symbol) @name.function)
  (#any-of? @_attributes "attr_reader" "attr_accessor" "delegate"))""",
    """(call
  !receiver
  method: (identifier) @_defines
  arguments: (argument_list . (simple_symbol) @name.function)
  (#any-of? @_defines "define_method" "alias_method" "scope" "class_attribute" "mattr_accessor"))""",
)
QUERY = (
    """
(module) @def.module
(class) @def.class
(method) @def.function
(singleton_method) @def.function
(assignment
  left: (constant)
  right: (call receiver: (constant) @_type method: (identifier) @_made)
  (#any-of? @_type "Struct" "Class" "Data" "Module")
  (#any-of? @_made "new" "define")) @def.class
(assignment left: (constant) @const)
(alias name: (identifier) @name.function)
(call method: (identifier) @call)
(scope_resolution scope: (constant) @ref)
(scope_resolution name: (constant) @ref)
(superclass [(constant) @base (scope_resolution name: (constant) @base)])
BODY
(call !receiver !block method: (identifier) arguments: (argument_list . (string) .)) @import
(call !receiver !block method: (identifier) arguments: (argument_list . (simple_symbol) . (string) .)) @import
(method_parameters (identifier) @bind.name @bind)
(block_parameters (identifier) @bind.name @bind)
(lambda_parameters (identifier) @bind.name @bind)
(destructured_parameter (identifier) @bind.name @bind)
(optional_parameter name: (identifier) @bind.name value: (_) @bind.value) @bind
(keyword_parameter name: (identifier) @bind.name) @bind
(splat_parameter name: (identifier) @bind.name) @bind
(hash_splat_parameter name: (identifier) @bind.name) @bind
(block_parameter name: (identifier) @bind.name) @bind
(assignment left: [(identifier) (instance_variable)] @bind.name right: (_) @bind.value) @bind
(operator_assignment left: [(identifier) (instance_variable)] @bind.name right: (_) @bind.value) @bind
(left_assignment_list (identifier) @bind.name @bind)
(exception_variable (identifier) @bind.name) @bind
(for pattern: (identifier) @bind.name) @bind
(method body: (body_statement [(call) (identifier) (constant) (instance_variable)] @return.value .))
(singleton_method body: (body_statement [(call) (identifier) (constant) (instance_variable)] @return.value .))
(return (argument_list . [(call) (identifier) (constant) (instance_variable)] @return.value .))
(comment) @comment
(string) @string
(heredoc_body) @string
(regex) @string
""".replace("BODY", "".join(f"({type_} body: (body_statement {said}))\n" for type_ in TYPES for said in SAID))
    + PLACES.replace("MENTION", "[(constant) @ref (identifier) @call]")
)

LOADS = re.compile(r"""(require_relative|require|load|autoload)\b[\s(]*(?::(\w+)\s*,\s*)?['"]([^'"#]+)['"]""")
OUTER = re.compile(rb"(\w+)\s*::\s*\w+$")


def parse_import(text: str, line: int) -> list[Import]:
    match = LOADS.match(text)
    if match is None:
        return []
    place = "./" + match[3] if match[1] == "require_relative" else match[3]
    return [Import(place, match[2] or "*", match[2] or "*", line)]


def receiver(node: Node) -> tuple[bytes, bytes] | None:
    """`class Shop::Cart` belongs to Shop wherever it stands."""
    name = node.child_by_field_name("name") if node.type in ("class", "module") else None
    match = OUTER.search(name.text or b"") if name is not None else None
    return (b"", match[1]) if match else None


LANGUAGE = Language(
    name="ruby",
    family="ruby",
    extensions=(".rb", ".rake", ".gemspec", ".ru"),
    grammar=("tree_sitter_ruby", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=LoadPathResolver,
    name_fields=("name", "left"),
    self_names=frozenset({b"self"}),
    receiver=receiver,
    implicit_self=True,
    constructors=frozenset({b"new"}),
    open_types=True,
    bare_calls=True,
)

LANGUAGES = (LANGUAGE,)
