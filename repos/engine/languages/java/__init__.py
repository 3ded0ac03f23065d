"""Java: packages as the files declare them, whatever folder they stand in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repos.engine.languages.base import Import, Language, Manifests

QUERY = """
(class_declaration) @def.class
(record_declaration) @def.class
(interface_declaration) @def.interface
(annotation_type_declaration) @def.interface
(enum_declaration) @def.enum
(method_declaration) @def.function
(constructor_declaration) @def.function
(compact_constructor_declaration) @def.function
(method_invocation name: (identifier) @call)
(method_reference (identifier) @ref)
(object_creation_expression type: [(type_identifier) @call (generic_type (type_identifier) @call)])
(superclass [(type_identifier) @base (generic_type (type_identifier) @base)])
(super_interfaces (type_list [(type_identifier) @base (generic_type (type_identifier) @base)]))
(extends_interfaces (type_list [(type_identifier) @base (generic_type (type_identifier) @base)]))
(type_identifier) @ref
(marker_annotation name: (identifier) @ref)
(annotation name: (identifier) @ref)
(import_declaration) @import
(package_declaration) @import
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
"""
STATEMENT = re.compile(r"^(package|import)\s+(static\s+)?([\w.]+?)(\.\*)?\s*;", re.S)


def parse_import(text: str, line: int) -> list[Import]:
    match = STATEMENT.search(re.sub(r"^(?:@\w+\s*)+", "", text))
    if match is None:
        return []
    if match[1] == "package":
        return [Import(match[3], "", "", line, True)]
    if match[4]:
        return [Import(match[3], "*", "*", line)]
    module, _, name = match[3].rpartition(".")
    return [Import(module, name, name, line)]


class PackageResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.packages = manifests.packages
        self.types: dict[str, list[str]] = {}
        self.files: dict[str, list[str]] = {}
        for path in manifests.paths:
            package = self.packages.get(path, "")
            stem = path[path.rfind("/") + 1 :].rsplit(".", 1)[0]
            self.types.setdefault(f"{package}.{stem}", []).append(path)
            self.files.setdefault(package, []).append(path)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        if item.name == "*":
            return self.types.get(item.module, self.files.get(item.module, []))
        name = f"{item.module}.{item.name}"
        # An imported type, an inner type of one, or a static member.
        for tried in (name, item.module, item.module.rpartition(".")[0]):
            found = self.types.get(tried)
            if found:
                return found[:1]
        return ()

    def package(self, path: str) -> str:
        return self.packages.get(path, "") or "(default)"


LANGUAGE = Language(
    name="java",
    family="java",
    extensions=(".java",),
    grammar=("tree_sitter_java", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=PackageResolver,
    self_names=frozenset({b"this", b"super"}),
    implicit_self=True,
)

LANGUAGES = (LANGUAGE,)
