"""C#: namespaces that many files share, `using` of namespaces, static types and aliases, partial classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from repos.engine.languages.base import EVERYWHERE, Import, Language, Manifests
from repos.engine.languages.conditionals import without_conditionals

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = """
(class_declaration) @def.class
(record_declaration) @def.class
(struct_declaration) @def.struct
(interface_declaration) @def.interface
(enum_declaration) @def.enum
(delegate_declaration name: (identifier) @name.type)
(method_declaration) @def.function
(constructor_declaration) @def.function
(destructor_declaration) @def.function
(operator_declaration) @def.function
(conversion_operator_declaration) @def.function
(indexer_declaration) @def.function
(local_function_statement) @def.function
(property_declaration accessors: (accessor_list (accessor_declaration body: (_)))) @def.property
(event_declaration accessors: (_)) @def.property
(property_declaration name: (identifier) @name.property)
(event_field_declaration (variable_declaration (variable_declarator name: (identifier) @name.property)))
(enum_member_declaration name: (identifier) @const)
(field_declaration (modifier "const") (variable_declaration (variable_declarator name: (identifier) @const)))
(field_declaration (modifier "static") (modifier "readonly")
  (variable_declaration (variable_declarator name: (identifier) @const)))
(invocation_expression function: [
  (identifier) @call
  (generic_name (identifier) @call)
  (member_access_expression name: [(identifier) @call (generic_name (identifier) @call)])
  (conditional_access_expression (member_binding_expression name: [
    (identifier) @call (generic_name (identifier) @call)]))])
(object_creation_expression type: [
  (identifier) @call
  (generic_name (identifier) @call)
  (qualified_name name: [(identifier) @call (generic_name (identifier) @call)])])
(base_list [
  (identifier) @base
  (generic_name (identifier) @base)
  (qualified_name name: [(identifier) @base (generic_name (identifier) @base)])
  (primary_constructor_base_type type: [(identifier) @base (generic_name (identifier) @base)])])
(attribute name: [(identifier) @ref (qualified_name name: (identifier) @ref)])
(_ type: [
  (identifier) @ref
  (generic_name (identifier) @ref)
  (qualified_name name: [(identifier) @ref (generic_name (identifier) @ref)])])
(_ returns: [(identifier) @ref (generic_name (identifier) @ref)])
(type_argument_list [(identifier) @ref (generic_name (identifier) @ref)])
(as_expression right: (identifier) @ref)
(is_expression right: (identifier) @ref)
(type_parameter_constraint (identifier) @ref)
(catch_declaration type: (identifier) @ref)
(argument [(identifier) @ref (member_access_expression name: (identifier) @ref)])
(return_statement [(identifier) @ref (member_access_expression name: (identifier) @ref)])
(assignment_expression right: [(identifier) @ref (member_access_expression name: (identifier) @ref)])
(arrow_expression_clause [(identifier) @ref (member_access_expression name: (identifier) @ref)])
(constant_pattern [(identifier) @ref (member_access_expression name: (identifier) @ref)])
(binary_expression [(identifier) @ref (member_access_expression name: (identifier) @ref)])
(using_directive) @import
(namespace_declaration name: (_) @import)
(file_scoped_namespace_declaration name: (_) @import)
(comment) @comment
(string_literal) @string
(verbatim_string_literal) @string
(raw_string_literal) @string
(interpolated_string_expression (string_content) @string)
(variable_declaration type: [
  (identifier) (generic_name) (qualified_name) (nullable_type) (array_type) (predefined_type) (tuple_type)] @bind.type
  (variable_declarator name: (identifier) @bind.name)) @bind
(variable_declaration type: (implicit_type) (variable_declarator name: (identifier) @bind.name (_) @bind.value)) @bind
(parameter type: (_) @bind.type name: (identifier) @bind.name) @bind
(parameter !type name: (identifier) @bind.name) @bind
(class_declaration (parameter_list (parameter name: (identifier) @bind.field)))
(record_declaration (parameter_list (parameter name: (identifier) @bind.field)))
(property_declaration type: (_) @bind.type name: (identifier) @bind.name) @bind
(foreach_statement type: [
  (identifier) (generic_name) (qualified_name) (nullable_type) (array_type) (predefined_type)] @bind.type
  left: (identifier) @bind.name) @bind
(foreach_statement type: (implicit_type) left: (identifier) @bind.unknown)
(catch_declaration type: (_) @bind.type name: (identifier) @bind.name) @bind
(declaration_pattern type: (_) @bind.type name: (identifier) @bind.name) @bind
(declaration_expression type: [(identifier) (generic_name) (qualified_name) (predefined_type)] @bind.type
  name: (identifier) @bind.name) @bind
(declaration_expression type: (implicit_type) name: (identifier) @bind.unknown)
(implicit_parameter) @bind.unknown
(lambda_expression parameters: (identifier) @bind.unknown)
(method_declaration returns: (_) @return)
(local_function_statement type: (_) @return)
"""
USING = re.compile(r"^(?:global\s+)?using\s+(static\s+)?(?:unsafe\s+)?(?:(\w+)\s*=\s*)?(?:global::)?([\w.]+)")
TYPE = re.compile(rb"^this\s+(?:(?:ref|in|scoped)\s+)*(?:[\w.]*\.)?(\w+)")
DEEPEST = 20  # namespaces round one
WRAPPERS = frozenset((b"Task", b"ValueTask", b"Nullable"))


def parse_import(text: str, line: int) -> list[Import]:
    """A `using`; or the name of a namespace, which also brings the names of the namespaces round it."""
    match = USING.match(text)
    if match is None:
        parts = re.sub(r"\s", "", text).split(".")
        outer = [Import(".".join(parts[:end]), "*", "*", line) for end in range(min(len(parts) - 1, DEEPEST), 0, -1)]
        return [Import(".".join(parts), "", "", line, True), *outer]
    if match[2]:
        module, _, name = match[3].rpartition(".")
        return [Import(module, name, match[2], line)]
    return [Import(match[3], "*", EVERYWHERE if text.startswith("global") else "*", line)]


def name_of(node: Node) -> Node | None:
    """An operator is called `operator`, an indexer `this`, a conversion as the type it makes."""
    found = node.child_by_field_name("name")
    if found is not None:
        return found
    return next((child for child in node.children if child.type in ("operator", "this")), None)


def receiver(node: Node) -> tuple[bytes, bytes] | None:
    """The type that an extension method belongs to: of its first parameter, after `this`."""
    parameters = node.child_by_field_name("parameters") if node.type == "method_declaration" else None
    first = next((child for child in parameters.children if child.type == "parameter"), None) if parameters else None
    if first is None or not (first.text or b"").startswith(b"this "):
        return None
    match = TYPE.search(first.text or b"")
    return (b"", match[1]) if match else None


class NamespaceResolver:
    def __init__(self, manifests: Manifests) -> None:
        self.packages = manifests.packages
        self.files: dict[str, list[str]] = {}
        self.types: dict[str, list[str]] = {}
        for path in manifests.paths:
            package = self.packages.get(path, "")
            stem = path[path.rfind("/") + 1 :].split(".", 1)[0]
            self.files.setdefault(package, []).append(path)
            self.types.setdefault(f"{package}.{stem}", []).append(path)

    def targets(self, path: str, item: Import) -> Sequence[str]:
        if item.name == "*":
            return self.types.get(item.module) or self.files.get(item.module) or ()
        return self.types.get(f"{item.module}.{item.name}") or self.files.get(item.module) or ()

    def package(self, path: str) -> str:
        return self.packages.get(path, "") or "(default)"


LANGUAGE = Language(
    name="csharp",
    family="csharp",
    extensions=(".cs",),
    grammar=("tree_sitter_c_sharp", "language"),
    query=QUERY,
    parse_import=parse_import,
    resolver=NamespaceResolver,
    name_of=name_of,
    receiver=receiver,
    self_names=frozenset({b"this"}),
    super_names=frozenset({b"base"}),
    type_wrappers=WRAPPERS,
    test_attributes=(b"[Fact", b"[Theory", b"[Test", b"[TestCase"),
    blank=without_conditionals,
    implicit_self=True,
    open_types=True,
    declares_all=True,
    imports_members=True,
)

LANGUAGES = (LANGUAGE,)
