"""Go: packages are folders, found through the module paths of the repository's go.mod files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from repos.engine.languages.base import Import, Language, Manifests

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
(function_declaration) @def.function
(method_declaration) @def.method
(type_spec type: (struct_type)) @def.struct
(type_spec type: (interface_type)) @def.interface
(type_spec) @def.type
(type_alias) @def.type
(method_elem name: (field_identifier) @name.method)
(source_file (const_declaration (const_spec name: (identifier) @const)))
(source_file (var_declaration (var_spec name: (identifier) @const)))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @const))))
(call_expression function: [
  (identifier) @call
  (selector_expression field: (field_identifier) @call)
  (type_instantiation_expression . [(type_identifier) @call (qualified_type name: (type_identifier) @call)])])
(type_identifier) @ref
(argument_list [(identifier) @ref (selector_expression field: (field_identifier) @ref)])
(keyed_element value: (literal_element [(identifier) @ref (selector_expression field: (field_identifier) @ref)]))
(literal_value (literal_element [(identifier) @ref (selector_expression field: (field_identifier) @ref)]))
(return_statement (expression_list [(identifier) @ref (selector_expression field: (field_identifier) @ref)]))
(assignment_statement right: (expression_list [(identifier) @ref (selector_expression field: (field_identifier) @ref)]))
(short_var_declaration right: (expression_list [
  (identifier) @ref
  (selector_expression field: (field_identifier) @ref)]))
(binary_expression [(identifier) @ref (selector_expression field: (field_identifier) @ref)])
(expression_case value: (expression_list [(identifier) @ref (selector_expression field: (field_identifier) @ref)]))
(field_declaration !name type: [
  (type_identifier) @base
  (pointer_type (type_identifier) @base)
  (qualified_type name: (type_identifier) @base)
  (pointer_type (qualified_type name: (type_identifier) @base))
  (generic_type type: (type_identifier) @base)])
(interface_type (type_elem . [(type_identifier) @base (qualified_type name: (type_identifier) @base)] .))
(parameter_declaration name: (identifier) @bind.name type: (_) @bind.type) @bind
(variadic_parameter_declaration name: (identifier) @bind.name) @bind
(field_declaration name: (field_identifier) @bind.name type: (_) @bind.type) @bind
(var_spec name: (identifier) @bind.name type: (_) @bind.type) @bind
(var_spec . name: (identifier) @bind.name !type value: (expression_list VALUE)) @bind
(short_var_declaration left: (expression_list . (identifier) @bind.name)) @bind
(short_var_declaration left: (expression_list (_) . (identifier) @bind.name @bind))
(short_var_declaration right: (expression_list VALUE))
(range_clause left: (expression_list (identifier) @bind.name)) @bind
(type_switch_statement alias: (expression_list (identifier) @bind.name @bind))
(function_declaration result: [
  (type_identifier) @return
  (qualified_type) @return
  (pointer_type) @return
  (generic_type) @return
  (parameter_list . (parameter_declaration type: (_) @return))])
(method_declaration result: [
  (type_identifier) @return
  (qualified_type) @return
  (pointer_type) @return
  (generic_type) @return
  (parameter_list . (parameter_declaration type: (_) @return))])
(import_spec) @import
(package_clause) @import
(comment) @comment
(interpreted_string_literal) @string
(raw_string_literal) @string
""".replace(
    "VALUE",
    """. [
  (composite_literal type: (_) @bind.type)
  (unary_expression operand: (composite_literal type: (_) @bind.type))
  (type_assertion_expression type: (_) @bind.type)
  (call_expression arguments: (argument_list . [(type_identifier) (qualified_type)] @bind.type))
  (call_expression function: [(identifier) (selector_expression)]) @bind.value
  (identifier) @bind.value
  (selector_expression) @bind.value]""",
)

SPEC = re.compile(r'^(?:([\w.]+)\s+)?["`]([^"`]+)["`]')
RECEIVER = re.compile(rb"\(\s*(?:(\w+)\s+)?\*?\s*(\w+)")
VERSION = re.compile(r"^v\d+$")
MODULE = re.compile(r"^[ \t]*module\s+\"?([^\s\"]+)", re.M)
REPLACED = re.compile(
    r"^[ \t]*(?:replace[ \t]+)?([^\s(]+)(?:[ \t]+v\S+)?[ \t]+=>[ \t]+(\.{1,2}(?:/\S*)?)[ \t]*(?://.*)?\r?$", re.M
)


def parse_import(text: str, line: int) -> list[Import]:
    if text.startswith("package"):
        return [Import(text.split()[1] if len(text.split()) > 1 else "", "", "", line, True)]
    match = SPEC.match(text)
    if match is None:
        return []
    if match[1] == ".":
        return [Import(match[2], "*", "*", line)]
    # A blank import is only there for what the package does when it is loaded.
    return [Import(match[2], "", "" if match[1] == "_" else match[1] or package_name(match[2]), line)]


def package_name(path: str) -> str:
    """The usual name of the package at an import path: `example.com/yaml.v3` and `example.com/yaml/v3` are yaml."""
    parts = path.split("/")
    name = parts[-2] if VERSION.match(parts[-1]) and len(parts) > 1 else parts[-1]
    return re.sub(r"\.v\d+$", "", name).replace("-", "_").removeprefix("go_")


def receiver(node: Node) -> tuple[bytes, bytes] | None:
    found = node.child_by_field_name("receiver")
    match = RECEIVER.match(found.text or b"") if found is not None else None
    return (match[1] or b"", match[2]) if match else None


class GoResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.packages = manifests.packages
        self.folders: dict[str, list[str]] = {}
        for path in manifests.paths:
            self.folders.setdefault(posixpath.dirname(path), []).append(path)
        self.modules: dict[str, str] = {}
        for path in manifests.named("go.mod"):
            text, folder = manifests.text(path) or "", posixpath.dirname(path)
            match = MODULE.search(text)
            if match:
                self.modules[match[1]] = folder
            for name, place in REPLACED.findall(text):
                self.modules.setdefault(name, posixpath.normpath(posixpath.join(folder, place)))
        self.names = sorted(self.modules, key=len, reverse=True)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        for name in self.names:
            if item.module == name or item.module.startswith(name + "/"):
                folder = posixpath.join(self.modules[name], item.module[len(name) + 1 :]).rstrip("/")
                return [file for file in self.folders.get(folder, ()) if not file.endswith("_test.go")]
        return ()

    def package(self, path: str) -> str:
        # One folder may hold two: the package, and the tests that see it from outside as `package x_test`.
        return f"{posixpath.dirname(path)}:{self.packages.get(path, '')}"


LANGUAGE = Language(
    name="go",
    family="go",
    extensions=(".go",),
    grammar=("tree_sitter_go", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=GoResolver,
    receiver=receiver,
    manifests=("go.mod",),
    structural=True,
)

LANGUAGES = (LANGUAGE,)
