"""Rust: modules of a crate, and the crates of a workspace by their Cargo.toml."""

from __future__ import annotations

import re

from repos.engine.languages.base import Import, Language

from .crates import PLACE, CrateResolver, submodules

QUERY = """
(function_item) @def.function
(function_signature_item) @def.function
(struct_item) @def.struct
(union_item) @def.struct
(enum_item) @def.enum
(enum_variant name: (identifier) @name.constant)
(trait_item) @def.trait
(impl_item) @def.impl
(mod_item body: (_)) @def.module
(type_item) @def.type
(macro_definition) @def.macro
(const_item name: (identifier) @const)
(static_item name: (identifier) @const)
(call_expression function: [
  (identifier) @call
  (field_expression field: (field_identifier) @call)
  (scoped_identifier name: (identifier) @call)
  (generic_function function: [
    (identifier) @call
    (scoped_identifier name: (identifier) @call)
    (field_expression field: (field_identifier) @call)])])
(macro_invocation macro: [(identifier) @call (scoped_identifier name: (identifier) @call)])
(impl_item trait: [
  (type_identifier) @base
  (generic_type type: [(type_identifier) @base (scoped_type_identifier name: (type_identifier) @base)])
  (scoped_type_identifier name: (type_identifier) @base)])
(trait_item bounds: (trait_bounds [
  (type_identifier) @base
  (generic_type type: (type_identifier) @base)
  (scoped_type_identifier name: (type_identifier) @base)]))
(type_identifier) @ref
(call_expression function: (scoped_identifier path: (identifier) @ref))
(arguments [(identifier) @ref (scoped_identifier name: (identifier) @ref)])
(assignment_expression right: (scoped_identifier name: (identifier) @ref))
(binary_expression (scoped_identifier name: (identifier) @ref))
(block (scoped_identifier name: (identifier) @ref))
(field_initializer value: (scoped_identifier name: (identifier) @ref))
(let_declaration value: (scoped_identifier name: (identifier) @ref))
(match_arm value: (scoped_identifier name: (identifier) @ref))
(match_pattern (scoped_identifier name: (identifier) @ref))
(reference_expression value: (scoped_identifier name: (identifier) @ref))
(return_expression (scoped_identifier name: (identifier) @ref))
(tuple_struct_pattern type: (scoped_identifier name: (identifier) @ref))
(struct_expression name: [(type_identifier) @call (scoped_type_identifier name: (type_identifier) @call)])
(macro_invocation (token_tree (identifier) @call . (token_tree)))
(token_tree (token_tree (identifier) @call . (token_tree)))
(token_tree (identifier) @ref . "::")
(token_tree "::" . (identifier) @ref)
(parameter pattern: (identifier) @bind.name type: TYPE) @bind
(parameter pattern: (identifier) @bind.name) @bind
(closure_parameters (identifier) @bind.name @bind)
(let_declaration pattern: (identifier) @bind.name) @bind
(let_declaration pattern: (identifier) type: TYPE)
(let_declaration pattern: (identifier) value: [
  (struct_expression name: (_) @bind.type)
  (reference_expression value: (_) @bind.value)
  (try_expression . (_) @bind.value)
  (call_expression) @bind.value
  (field_expression) @bind.value
  (identifier) @bind.value])
(for_expression pattern: (identifier) @bind.name) @bind
(match_pattern (identifier) @bind.name @bind)
(tuple_pattern (identifier) @bind.name @bind)
(tuple_struct_pattern type: (_) (identifier) @bind.name @bind)
(field_declaration name: (field_identifier) @bind.name type: TYPE) @bind
(function_item return_type: RETURNED)
(function_signature_item return_type: RETURNED)
(use_declaration) @import
(mod_item !body) @import
(extern_crate_declaration) @import
(attribute_item (attribute (identifier) value: (string_literal))) @import
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(raw_string_literal) @string
(attribute_item) @attr
"""
# A type is what stands behind `&'a mut`.
TYPE = """[
  (type_identifier) @{0}
  (scoped_type_identifier) @{0}
  (generic_type) @{0}
  (dynamic_type trait: (_) @{0})
  (abstract_type trait: (_) @{0})
  (reference_type type: [
    (type_identifier) @{0}
    (scoped_type_identifier) @{0}
    (generic_type) @{0}
    (dynamic_type trait: (_) @{0})])]"""
QUERY = QUERY.replace("RETURNED", TYPE.format("return")).replace("TYPE", TYPE.format("bind.type"))
PLACED = re.compile(r'#\[\s*path\s*=\s*"([^"]+)"')
EXTERN = re.compile(r"(?:pub(?:\([^)]*\))?\s+)?extern\s+crate\s+(\w+)(?:\s+as\s+(\w+))?")
WRAPPERS = frozenset(
    {b"Arc", b"Box", b"Cell", b"Mutex", b"Option", b"Pin", b"Rc", b"RefCell", b"Result", b"RwLock", b"Weak"}
)


def parse_import(text: str, line: int) -> list[Import]:
    text = re.sub(r"//[^\n]*|/\*.{0,2000}?\*/", " ", text, flags=re.S)
    placed = PLACED.match(text)
    if placed or text.startswith("#"):
        return [Import(PLACE, placed[1], "", line)] if placed else []
    crate = EXTERN.match(text)
    if crate:
        return [Import(crate[1], "", crate[2] or crate[1], line)]
    module = re.match(r"(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)", text)
    if module:
        return [Import("self", module[1], module[1], line)]
    tree = re.sub(r"^(?:pub(?:\([^)]*\))?\s+)?use\s+", "", text.strip()).rstrip("; \n")
    return [_item(path, line) for path in _flatten(tree, "", 0)]


def _flatten(tree: str, prefix: str, depth: int) -> list[str]:
    """`a::{b, c::{d as e, *}}` -> [a::b, a::c::d as e, a::c::*]"""
    tree = tree.strip()
    head, brace, rest = tree.partition("{")
    if not brace or depth > 20:
        return [prefix + tree] if tree else []
    found, level, start = [], 0, 0
    inside = rest[: rest.rfind("}")] if "}" in rest else rest
    for place, letter in enumerate(inside + ","):
        level += (letter == "{") - (letter == "}")
        if letter == "," and level <= 0:
            found += _flatten(inside[start:place], prefix + head.strip(), depth + 1)
            start = place + 1
    return found


def _item(path: str, line: int) -> Import:
    path, _, alias = path.partition(" as ")
    parts = [part.strip() for part in path.split("::") if part.strip()]
    if not parts:
        return Import("self", "", "", line)
    if parts[-1] == "self" and len(parts) > 1:
        parts.pop()
    module = "::".join(parts[:-1])
    if parts[-1] == "*":
        return Import(module, "*", "*", line)
    return Import(module, parts[-1], alias.strip() or parts[-1], line)


LANGUAGE = Language(
    name="rust",
    family="rust",
    extensions=(".rs",),
    grammar=("tree_sitter_rust", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=CrateResolver,
    type_wrappers=WRAPPERS,
    submodules=submodules,
    constructors=frozenset({b"new"}),
    name_fields=("name", "type"),
    self_names=frozenset({b"self", b"Self"}),
    test_attributes=(b"#[test]", b"#[cfg(test)]", b"::test]"),
    fields_apart=True,
    manifests=("Cargo.toml",),
    loose_names=True,
)

LANGUAGES = (LANGUAGE,)
