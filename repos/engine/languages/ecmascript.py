"""What JavaScript and TypeScript share: definitions, what names stand for, and import statements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from repos.engine.languages.base import Import

if TYPE_CHECKING:
    from tree_sitter import Node

FAMILY = "ecmascript"
SELF_NAMES = frozenset({b"this"})
SUPER_NAMES = frozenset({b"super"})
QUERY = """
(function_declaration) @def.function
(generator_function_declaration) @def.function
(method_definition) @def.method
(variable_declarator value: [(arrow_function) (function_expression) (generator_function)]) @def.function
(variable_declarator value: (class)) @def.class
(assignment_expression
  left: [(identifier) (member_expression)]
  right: [(arrow_function) (function_expression) (class)]) @def.function
(pair key: [(property_identifier) (string)] value: [(arrow_function) (function_expression)]) @def.method
(program (lexical_declaration (variable_declarator name: (identifier) @const)))
(program (variable_declaration (variable_declarator name: (identifier) @const)))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @const))))
(call_expression function: [(identifier) @call (member_expression property: (property_identifier) @call)])
(call_expression function: (member_expression property: (private_property_identifier) @call))
(new_expression constructor: [(identifier) @call (member_expression property: (property_identifier) @call)])
(arguments (identifier) @ref)
(pair value: (identifier) @ref)
(shorthand_property_identifier) @ref
(array (identifier) @ref)
(variable_declarator name: (identifier) @bind.name value: (_)? @bind.value) @bind
(assignment_expression left: (identifier) @bind.name right: (_) @bind.value) @bind
(assignment_expression
  left: (member_expression object: (this) property: (property_identifier) @bind.name) right: (_) @bind.value) @bind
(object_pattern [
  (shorthand_property_identifier_pattern) @bind.unknown
  (pair_pattern value: (identifier) @bind.unknown)
  (object_assignment_pattern left: (shorthand_property_identifier_pattern) @bind.unknown)])
(array_pattern (identifier) @bind.unknown)
(rest_pattern (identifier) @bind.unknown)
(arrow_function parameter: (identifier) @bind.name)
(catch_clause parameter: (identifier) @bind.unknown)
(for_in_statement left: (identifier) @bind.unknown)
(function_declaration body: (statement_block (return_statement (_) @return.value)))
(method_definition body: (statement_block (return_statement (_) @return.value)))
(import_statement) @import
(export_statement source: (string)) @import
(export_statement value: (identifier)) @import
(export_statement (export_clause)) @import
(export_statement "default" declaration: (_ name: (_))) @import
(variable_declarator value: (call_expression function: (identifier) arguments: (arguments . (string) .))) @import
(variable_declarator value: (await_expression (call_expression function: (import)))) @import
(call_expression function: (import) arguments: (arguments . (string))) @import
(expression_statement (call_expression function: (identifier) arguments: (arguments . (string) .)) @import)
(expression_statement (assignment_expression left: (member_expression) right: [
  (identifier) (call_expression) (function_expression) (class) (object)])) @import
(comment) @comment
(string) @string
(template_string) @string
(decorator) @attr
"""
JSX = """
(jsx_opening_element name: (identifier) @call)
(jsx_self_closing_element name: (identifier) @call)
"""

SOURCE = re.compile(r"""\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]""")
REQUIRE = re.compile(
    r"""^(.*?)=\s*(?:await\s+)?(require|import)\(\s*['"]([^'"]+)['"]\s*\)\s*(?:\.\s*([\w$]+))?""", re.S
)
LONE = re.compile(r"""^(?:require|import)\(\s*['"]([^'"]+)['"]""")
DEFAULT = re.compile(
    r"^export\s+default\s+(?:abstract\s+|async\s+)?(?:(?:class|function\s*\*?|interface|enum)\s+)?([\w$]+)"
)
EXPORTS = re.compile(
    r"^(?:module\.)?exports(?:\.([\w$]+))?\s*=\s*(?:(?:async\s+)?(?:function\s*\*?|class)\s+([\w$]+)|([\w$]+)\s*;?$)"
)
EXPORTED_TABLE = re.compile(r"^(?:module\.)?exports\s*=\s*\{([^{}()]*)\}", re.S)
NAMED = re.compile(r"\{([^{}]*)\}", re.S)
STAR = re.compile(r"\*\s*(?:as\s+([\w$]+))?")
LEADING = re.compile(r"^import\s+(?:type\s+|typeof\s+)?([\w$]+)\s*(?:,|\bfrom\b)")
OWN = ""  # the module of names that a file exports under another name


def parse_import(text: str, line: int) -> list[Import]:
    text = re.sub(r"//[^\n]*|/\*.{0,2000}?\*/", " ", text, flags=re.S).strip()
    source = SOURCE.search(text)
    if source is None:
        return _without_source(text, line)
    module, found = source[1] or source[2], []
    leading = LEADING.match(text)
    if leading:
        found.append(Import(module, "default", leading[1], line))
    star = STAR.search(text[: source.start()])
    if star:
        found.append(Import(module, "" if star[1] else "*", star[1] or "*", line))
    for group in NAMED.findall(text[: source.start()]):
        found += [Import(module, name, alias, line) for name, alias in _names(group, r"\s+as\s+")]
    return found or [Import(module, "", "", line)]


def _without_source(text: str, line: int) -> list[Import]:
    lone = LONE.match(text)
    if lone:
        return [Import(lone[1], "", "", line)]
    required = REQUIRE.match(text)
    if required:
        return _required(required[1].strip(), required[2], required[3] or "", required[4] or "", line)
    match = DEFAULT.match(text)
    if match:
        return [Import(OWN, match[1], "default", line)]
    match = EXPORTS.match(text)
    if match:
        return [Import(OWN, match[2] or match[3], match[1] or "default", line)]
    table = EXPORTED_TABLE.match(text)
    if table:
        return [Import(OWN, name, key, line) for key, name in _names(table[1], r"\s*:\s*") if key != name]
    group = NAMED.search(text) if text.startswith("export") else None
    if group:
        return [Import(OWN, name, alias, line) for name, alias in _names(group[1], r"\s+as\s+") if name != alias]
    return []


def _required(left: str, how: str, module: str, member: str, line: int) -> list[Import]:
    group = NAMED.search(left)
    if group:
        return [Import(module, name, alias, line) for name, alias in _names(group[1], r"\s*:\s*")]
    alias = re.split(r"[^\w$]", left)[-1] or left
    return [Import(module, member or ("default" if how == "require" else ""), alias, line)]


def _names(text: str, between: str) -> list[tuple[str, str]]:
    pairs = []
    for part in text.split(","):
        words = re.split(between, re.sub(r"^\s*type\s+(?=[\w$])", "", part).split("=")[0].strip())
        if words[0]:
            pairs.append((words[0].strip(), words[-1].strip()))
    return pairs


_NAME = re.compile(rb"[\w$]+$")
_EXPORTS = frozenset({b"exports", b"this"})


def receiver(node: Node) -> tuple[bytes, bytes] | None:
    """The object that a function is put into: `Cart` of `Cart.prototype.pay = ...` and of `const Cart = {pay() {}}`."""
    if node.type == "assignment_expression":
        left = node.child_by_field_name("left")
        exported = left is None or (left.text or b"").endswith(b".exports")
        owner = left.child_by_field_name("object") if left is not None and not exported else None
    elif node.type in ("pair", "method_definition"):
        above = node.parent.parent if node.parent is not None and node.parent.type == "object" else None
        owner = above.child_by_field_name("name") if above is not None and above.type == "variable_declarator" else None
    else:
        return None
    match = _NAME.search((owner.text or b"").removesuffix(b".prototype")) if owner is not None else None
    return (b"", match[0]) if match and match[0] not in _EXPORTS else None
