"""Rust: modules of a crate, and the crates of a workspace by their Cargo.toml."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from repos.engine.languages.base import Import, Language, Manifests

QUERY = """
(function_item) @def.function
(function_signature_item) @def.function
(struct_item) @def.struct
(union_item) @def.struct
(enum_item) @def.enum
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
  (generic_type type: (type_identifier) @base)
  (scoped_type_identifier name: (type_identifier) @base)])
(trait_item bounds: (trait_bounds (type_identifier) @base))
(type_identifier) @ref
(arguments [(identifier) @ref (scoped_identifier name: (identifier) @ref)])
(struct_expression name: (type_identifier) @call)
(token_tree (identifier) @ref)
(use_declaration) @import
(mod_item !body) @import
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(raw_string_literal) @string
(attribute_item) @attr
"""
ENTRIES = ("lib", "main", "mod")


def parse_import(text: str, line: int) -> list[Import]:
    text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.S)
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


class CrateResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.roots = {posixpath.dirname(path): "" for path in manifests.named("Cargo.toml")}
        self.crates: dict[str, str] = {}
        for path in manifests.named("Cargo.toml"):
            found = re.search(
                r"^\[package\][^\[]*?^\s*name\s*=\s*\"([^\"]+)\"", manifests.text(path) or "", re.M | re.S
            )
            if found:
                self.crates[found[1].replace("-", "_")] = posixpath.dirname(path)
        self.place: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.modules: dict[tuple[str, tuple[str, ...]], str] = {}
        for path in manifests.paths:
            where = self._locate(path)
            self.place[path] = where
            if self.modules.setdefault(where, path) != path and path.endswith("lib.rs"):
                self.modules[where] = path

    def _locate(self, path: str) -> tuple[str, tuple[str, ...]]:
        """(crate folder, module path) of a file."""
        folder = posixpath.dirname(path)
        while folder and folder not in self.roots:
            folder = posixpath.dirname(folder)
        parts = path[len(folder) + 1 if folder else 0 : -len(".rs")].split("/")
        if parts[0] == "src":
            parts = parts[1:]
        elif len(parts) > 1 and parts[0] in ("tests", "benches", "examples"):
            return f"{folder}#{'/'.join(parts[:2])}", tuple(parts[2:])
        if parts and parts[-1] in ENTRIES:
            parts.pop()
        return folder, tuple(parts)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        crate, here = self.place[path]
        parts = [part for part in item.module.split("::") if part]
        member = [item.name] if item.name not in ("", "*") else []
        for base, rest in self._bases(crate, here, [*parts, *member]):
            while True:
                found = self.modules.get((base, tuple(rest)))
                if found is not None and (found != path or len(rest) == len(here)):
                    return (found,)
                if not rest:
                    break
                rest = rest[:-1]
        return ()

    def _bases(self, crate: str, here: tuple[str, ...], parts: list[str]) -> list[tuple[str, list[str]]]:
        if not parts:
            return []
        first, rest = parts[0], parts[1:]
        if first == "crate":
            return [(crate, rest)]
        if first in ("self", "super"):
            base = list(here)
            while parts and parts[0] in ("self", "super"):
                if parts.pop(0) == "super":
                    base = base[:-1]
            return [(crate, base + parts)]
        if first in self.crates:
            return [(self.crates[first], rest)]
        child = (crate, (*here, first))
        return [(crate, [*here, *parts])] if child in self.modules else []

    def package(self, path: str) -> str:
        return ""


LANGUAGE = Language(
    name="rust",
    family="rust",
    extensions=(".rs",),
    grammar=("tree_sitter_rust", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=CrateResolver,
    name_fields=("name", "type"),
    self_names=frozenset({b"self", b"Self"}),
    test_attributes=(b"#[test]", b"#[cfg(test)]", b"::test]"),
    manifests=("Cargo.toml",),
    loose_names=True,
)

LANGUAGES = (LANGUAGE,)
