"""What C and C++ share in their syntax: most of the query, and names that stand within declarators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from repos.engine.languages.conditionals import without_conditionals

if TYPE_CHECKING:
    from tree_sitter import Node

COMMON = """
(function_definition) @def.function
(struct_specifier body: (_)) @def.struct
(union_specifier body: (_)) @def.struct
(enum_specifier body: (_)) @def.enum
(type_definition type: [(primitive_type) (type_identifier) (sized_type_specifier)]
  declarator: (type_identifier) @name.type)
((type_definition type: [
  (struct_specifier name: (_) @tag) (union_specifier name: (_) @tag) (enum_specifier name: (_) @tag)]
  declarator: (type_identifier) @name.type) (#not-eq? @tag @name.type))
(type_definition declarator: (pointer_declarator declarator: (type_identifier) @name.type))
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator
  (pointer_declarator declarator: (type_identifier) @name.type))))
(declaration declarator: [
  (function_declarator declarator: (identifier) @name.prototype)
  (pointer_declarator declarator: (function_declarator declarator: (identifier) @name.prototype))])
(preproc_def name: (identifier) @name.macro value: (_))
(preproc_function_def name: (identifier) @name.macro)
(enumerator name: (identifier) @const)
(translation_unit (declaration declarator: (init_declarator declarator: [
  (identifier) @const
  (pointer_declarator declarator: (identifier) @const)
  (array_declarator declarator: (identifier) @const)])))
(translation_unit (declaration (storage_class_specifier "static") declarator: (identifier) @const))
(call_expression function: [(identifier) @call (field_expression field: (field_identifier) @call)])
(_ type: (type_identifier) @ref)
(struct_specifier name: (type_identifier) @ref !body)
(union_specifier name: (type_identifier) @ref !body)
(enum_specifier name: (type_identifier) @ref !body)
(argument_list (identifier) @ref)
(initializer_list (identifier) @ref)
(initializer_pair value: (identifier) @ref)
(init_declarator value: (identifier) @ref)
(assignment_expression right: (identifier) @ref)
(return_statement (identifier) @ref)
(case_statement value: (identifier) @ref)
(binary_expression (identifier) @ref)
(pointer_expression argument: (identifier) @ref)
(preproc_include) @import
(comment) @comment
(string_literal) @string
(system_lib_string) @string
(declaration type: (_) @bind.type declarator: [
  (identifier) @bind.name
  (pointer_declarator declarator: (identifier) @bind.name)
  (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @bind.name))
  (array_declarator declarator: (identifier) @bind.name)
  (init_declarator declarator: [
    (identifier) @bind.name
    (pointer_declarator declarator: (identifier) @bind.name)
    (array_declarator declarator: (identifier) @bind.name)
    (function_declarator declarator: (parenthesized_declarator
      (pointer_declarator declarator: (identifier) @bind.name)))] value: (_) @bind.value)
  (function_declarator declarator: (parenthesized_declarator
    (pointer_declarator declarator: (identifier) @bind.name)))]) @bind
(parameter_declaration type: (_) @bind.type declarator: [
  (identifier) @bind.name
  (pointer_declarator declarator: (identifier) @bind.name)
  (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @bind.name))
  (array_declarator declarator: (identifier) @bind.name)
  (function_declarator declarator: (parenthesized_declarator
    (pointer_declarator declarator: (identifier) @bind.name)))]) @bind
(field_declaration type: (_) @bind.type declarator: [
  (field_identifier) @bind.name
  (pointer_declarator declarator: (field_identifier) @bind.name)
  (array_declarator declarator: (field_identifier) @bind.name)
  (function_declarator declarator: (parenthesized_declarator
    (pointer_declarator declarator: (field_identifier) @bind.name)))]) @bind
(function_definition type: (_) @return)
"""
KEYWORDS = frozenset((b"if", b"for", b"while", b"switch", b"do", b"else", b"return", b"namespace", b"class", b"sizeof"))
DEEPEST_DECLARATOR = 20
NAMES = frozenset({"identifier", "field_identifier", "type_identifier", "destructor_name", "operator_name"})
TEST_MACROS = frozenset((b"TEST", b"TEST_F", b"TEST_P", b"TYPED_TEST", b"TYPED_TEST_P"))


def name_of(node: Node) -> Node | None:
    """The node of a definition's name: under its declarators, or a field; an unnamed struct has its typedef's name."""
    if node.type == "function_definition":
        found = _declared(node)
        macro = _test_macro(node, found) if found is not None else None
        return macro[1] if macro else found
    named = node.child_by_field_name("name")
    if named is None and node.parent is not None and node.parent.type == "type_definition":
        return node.parent.child_by_field_name("declarator")
    return named


def receiver(node: Node) -> tuple[bytes, bytes] | None:
    """The class of `void A::f() {}`, and the suite of `TEST(Suite, name) {}`."""
    found = _declarator(node) if node.type == "function_definition" else None
    if found is None:
        return None
    if found.type != "qualified_identifier":
        macro = _test_macro(node, found)
        return (b"", macro[0].text or b"") if macro else None
    scope = None
    while found is not None and found.type == "qualified_identifier":
        scope, found = found.child_by_field_name("scope") or scope, found.child_by_field_name("name")
    if scope is not None and scope.type == "template_type":
        scope = scope.child_by_field_name("name")
    return (b"", scope.text or b"") if scope is not None else None


def _declarator(node: Node) -> Node | None:
    """The name under the declarators of a function, with its qualifier."""
    found: Node | None = node
    for _ in range(DEEPEST_DECLARATOR):
        inner = found.child_by_field_name("declarator") if found is not None else None
        if inner is None and found is not None and found.type in ("reference_declarator", "parenthesized_declarator"):
            inner = next((child for child in found.children if child.is_named), None)
        if inner is None:
            return found if found is not None and found is not node else None
        found = inner
    return None


def _declared(node: Node) -> Node | None:
    found = _declarator(node)
    while found is not None and found.type in ("qualified_identifier", "template_function", "template_method"):
        found = found.child_by_field_name("name")
    if found is not None and found.type == "operator_cast":
        return found.child_by_field_name("type")
    if found is None or found.type not in NAMES or found.text in KEYWORDS:
        return None  # what an unknown macro in front makes of `if (x) {}` is no function
    return found


def _test_macro(node: Node, name: Node) -> tuple[Node, Node] | None:
    """(suite, test) of a function that a test macro makes."""
    if name.type != "identifier" or name.text not in TEST_MACROS or name.parent is None:
        return None
    parameters = name.parent.child_by_field_name("parameters")
    words = [child for child in parameters.children if child.is_named] if parameters is not None else []
    return (words[0], words[1]) if len(words) == 2 else None


# Each begins with a literal, a line's with the line end before it: the search then skips from one to the next.
_DECORATED = tuple(
    re.compile(
        word + rb"[ \t]+([A-Z][A-Z0-9_]+(?:\([^()\n]{0,80}\))?)(?=[ \t]+[A-Za-z_]\w*(?:[ \t]+final)?\s*[:{])"
    )
    for word in (b"class", b"struct", b"union", b"enum")
)
_ALONE = re.compile(rb"\n[ \t]*([A-Z][A-Z0-9]*_[A-Z0-9_]*(?:\([^()\n]{0,80}\))?)[ \t]*(?://[^\n]*)?\r?(?=\n)")
_BEFORE = re.compile(
    rb"\n[ \t]*([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?=[ \t]+[A-Za-z_][\w:<>,*& \t]{0,120}?[ \t*&]+~?[A-Za-z_]\w*[ \t]*\()"
)
_SPACE = b" \t\r\n"


def parsable(source: bytes) -> bytes:
    """The source without preprocessor branches, and with spaces in place of macros that stand where the grammar knows
    none: `class API_EXPORT Name {`, a line with nothing but `BEGIN_NAMESPACE`, and `API_EXPORT int f(`. With them the
    parser takes whole classes for something else."""
    source = without_conditionals(source)
    places = [match.span(1) for words in _DECORATED for match in words.finditer(source)]
    places += [match.span(1) for match in _BEFORE.finditer(source)]
    last = -1
    for match in _ALONE.finditer(source):
        if _stands_alone(source, *match.span(1), last):
            places.append(match.span(1))
            last = match.end(1)
    if not places:
        return source
    data = bytearray(source)
    for start, end in places:
        data[start:end] = b" " * (end - start)
    return bytes(data)


def _stands_alone(source: bytes, start: int, end: int, last: int) -> bool:
    """Whether a statement, a block or a line of the preprocessor ends before, and something new begins after: else it
    is an enumerator, an argument, or the head of a block. `last` is where a macro ended that stands alone."""
    before, after = start - 1, end
    while before >= 0 and source[before] in _SPACE:
        before -= 1
    while after < len(source) and source[after] in _SPACE:
        after += 1
    line = source[source.rfind(b"\n", 0, before + 1) + 1 : before + 1].lstrip()
    begins = before < 0 or before == last - 1 or source[before] in b";{}"
    begins = begins or line.startswith((b"#", b"//")) or line.endswith(b"*/")
    return begins and source[after : after + 1] not in (b"}", b",", b"=", b"{", b"(", b";", b"|", b"+")
