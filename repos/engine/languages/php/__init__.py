"""PHP: namespaces as the files declare them, and classes where composer.json's autoloading looks for them."""

from __future__ import annotations

import re

from repos.engine.languages.base import Import, Language

from .autoload import AutoloadResolver

# A name with a path before it is captured apart: `\\Exception` alone is one of PHP's own.
PATH = "(qualified_name prefix: (namespace_name) (name) @{0})"
QUERY = """
(class_declaration) @def.class
(interface_declaration) @def.interface
(trait_declaration) @def.trait
(enum_declaration) @def.enum
(method_declaration) @def.function
(function_definition) @def.function
(enum_case name: (name) @const)
(const_element . (name) @const)
(function_call_expression function: [(name) @call PATH_CALL])
(member_call_expression name: (name) @call)
(nullsafe_member_call_expression name: (name) @call)
(scoped_call_expression scope: [(name) @ref PATH_REF])
(scoped_call_expression name: (name) @call)
(object_creation_expression [(name) @call PATH_CALL])
(class_constant_access_expression . [(name) @ref PATH_REF])
(class_constant_access_expression (_) (name) @ref)
(scoped_property_access_expression scope: [(name) @ref PATH_REF])
(named_type [(name) @ref PATH_REF])
(binary_expression operator: "instanceof" right: [(name) @ref PATH_REF])
(attribute [(name) @ref PATH_REF])
(argument (name) @ref)
(base_clause [(name) @base PATH_BASE])
(class_interface_clause [(name) @base PATH_BASE])
(use_declaration [(name) @base PATH_BASE])
(simple_parameter type: (_)? @bind.type name: (variable_name) @bind.name) @bind
(property_promotion_parameter type: (_)? @bind.type name: (variable_name (name) @bind.field) @bind.name) @bind
(property_declaration type: (_)? @bind.type (property_element name: (variable_name (name) @bind.name))) @bind
(assignment_expression left: (variable_name) @bind.name right: (_) @bind.value) @bind
(assignment_expression left: (member_access_expression name: (name) @bind.name) right: (_) @bind.value) @bind
(catch_clause type: (_) @bind.type name: (variable_name) @bind.name) @bind
(method_declaration return_type: (_) @return)
(function_definition return_type: (_) @return)
(return_statement [(object_creation_expression) (member_access_expression) (variable_name)] @return.value)
(namespace_use_declaration) @import
(namespace_definition name: (namespace_name) @import)
(require_expression) @import
(require_once_expression) @import
(include_expression) @import
(include_once_expression) @import
(comment) @comment
(string) @string
(encapsed_string) @string
(heredoc) @string
(nowdoc) @string
"""
for capture in ("call", "ref", "base"):
    QUERY = QUERY.replace(f"PATH_{capture.upper()}", PATH.format(capture))

USE = re.compile(r"use\s+(?:function\s+|const\s+)?(.*?);?\s*$", re.S | re.I)
INCLUDED = re.compile(r"(?:require|include)(?:_once)?\b(.*)", re.S | re.I)
LITERAL = re.compile(r"""['"]([^'"$]+)['"]""")
UP = re.compile(r"dirname\s*\(")


def parse_import(text: str, line: int) -> list[Import]:
    included = INCLUDED.match(text)
    if included:
        return _included(included[1], line)
    used = USE.match(re.sub(r"//[^\n]*|#[^\n]*|/\*.{0,2000}?\*/", " ", text, flags=re.S))
    if used is None:
        return [Import(text.strip().strip("\\"), "", "", line, True)]
    head, brace, group = used[1].partition("{")
    prefix = head.strip().strip("\\") + "\\" if brace else ""
    return [
        item
        for part in (group.rstrip("}; \n\t\r") if brace else head).split(",")
        if (item := _used(prefix, part, line)) is not None
    ]


def _used(prefix: str, written: str, line: int) -> Import | None:
    words = written.split()
    if len(words) > 1 and words[0].lower() in ("function", "const"):
        words = words[1:]
    if not words:
        return None
    path = prefix + words[0].strip("\\")
    module, _, name = path.rpartition("\\")
    alias = words[2] if len(words) == 3 and words[1].lower() == "as" else name
    return Import(module or "\\", name, alias, line)


def _included(expression: str, line: int) -> list[Import]:
    """`__DIR__ . '/../x.php'` and `dirname(__FILE__) . '/x.php'` are paths from the file's own folder; a path without
    them is looked for there too."""
    found = LITERAL.search(expression)
    if found is None:
        return []
    up = max(len(UP.findall(expression)) - ("__FILE__" in expression), 0)
    return [Import("./" + "../" * up + found[1].lstrip("/"), "*", "*", line)]


LANGUAGE = Language(
    name="php",
    family="php",
    extensions=(".php", ".phtml"),
    grammar=("tree_sitter_php", "language_php"),
    query=QUERY,
    parse_import=parse_import,
    resolver=AutoloadResolver,
    self_names=frozenset({b"$this", b"self", b"static"}),
    super_names=frozenset({b"parent"}),
    fields_apart=True,
    manifests=("composer.json",),
    loose_names=True,
)

LANGUAGES = (LANGUAGE,)
