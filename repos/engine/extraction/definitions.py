"""The definitions of a file, from the captures of its language's query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repos.engine.languages.base import CONTAINERS, KINDS, Language

if TYPE_CHECKING:
    from tree_sitter import Node

    from .parse import Captures, Lines

DEEPEST = 60  # definitions further inside are left to the block of an outer one
LONGEST_NAME = 200
NEWLINE = 10
GENERAL = {"type": 0, "class": 1}  # a definition captured as something more special is that
_LAST_NAME = re.compile(rb"[\w$\x80-\xff]+(?:[?!=](?=$))?(?=[^\w$\x80-\xff]*$)")  # Ruby's `empty?` and `name=` too
_OPERATOR = re.compile(rb"[-+*/%<>=!~^&|\[\]@]{1,4}$")  # `def <=>(other)`


@dataclass(slots=True)
class Definition:
    """Lines are 0-based; `start` includes decorators and leading comments. `type_name` is the type that a method
    belongs to when it does not stand inside it; `self_name` is what the method calls its instance. A `bare` one is
    only a name at a place: it owns no block and no references."""

    name: bytes
    kind: int
    start: int
    end: int
    name_line: int
    signature_end: int
    parent: int
    first_byte: int
    last_byte: int
    type_name: bytes = b""
    self_name: bytes = b""
    test: bool = False
    bare: bool = False
    name_column: int = 0

    @property
    def container(self) -> bool:
        return KINDS[self.kind] in CONTAINERS


def find_definitions(source: bytes, lines: Lines, language: Language, captures: Captures) -> list[Definition]:
    """In order of their first byte, outer before inner."""
    leading = _leading_lines(source, lines, captures)
    found: list[Definition] = []
    stack: list[int] = []
    for node, kind, name_node, bare in _nodes(language, captures):
        first = node.start_byte
        while stack and found[stack[-1]].last_byte <= first:
            stack.pop()
        if len(stack) >= DEEPEST:
            continue
        parent = stack[-1] if stack else -1
        definition = _definition(source, language, node, kind, name_node, parent, found, leading)
        if definition is None:
            continue
        definition.bare = bare
        found.append(definition)
        if not bare:
            stack.append(len(found) - 1)
    return found


def _nodes(language: Language, captures: Captures) -> list[tuple[Node, str, Node, bool]]:
    """(definition, kind, name, bare), sorted and each once."""
    seen: dict[tuple[int, int], tuple[Node, str, Node, bool]] = {}
    for capture, nodes in captures.items():
        if capture.startswith("def."):
            for node in nodes:
                name = _name_node(node, language)
                key = (node.start_byte, -node.end_byte)
                known = GENERAL.get(seen[key][1], 2) if key in seen else -1
                if name is not None and GENERAL.get(capture[4:], 2) > known:
                    seen[key] = (node, capture[4:], name, False)
    for capture, nodes in captures.items():
        kind = "constant" if capture == "const" else capture[5:] if capture.startswith("name.") else ""
        for node in nodes if kind else ():
            whole = node.parent or node
            key = (whole.start_byte, -whole.end_byte)
            if key in seen and seen[key][3]:  # one of several names in a list: Ruby's `attr_reader :name, :sum`
                whole, key = node, (node.start_byte, -node.end_byte)
            seen.setdefault(key, (whole, kind, node, True))
    return [seen[key] for key in sorted(seen)]


def _name_node(node: Node, language: Language) -> Node | None:
    if language.name_of is not None:
        return language.name_of(node)
    for field in language.name_fields:
        found = node.child_by_field_name(field)
        if found is not None:
            break
    else:
        return None
    value = node.child_by_field_name("right")
    own = value.child_by_field_name("name") if value is not None else None
    # `module.exports = function send() {}` is called send.
    return own if own is not None and (found.text or b"").endswith(b"exports") else found


def _definition(
    source: bytes,
    language: Language,
    node: Node,
    kind: str,
    name_node: Node,
    parent: int,
    found: list[Definition],
    leading: list[bool],
) -> Definition | None:
    name = _written_name(source[name_node.start_byte : name_node.end_byte][:LONGEST_NAME])
    if not name:
        return None
    own, type_name = (language.receiver(node) if language.receiver else None) or (b"", b"")
    within = parent >= 0 and found[parent].container and KINDS[found[parent].kind] != "module"
    if kind == "function" and (within or type_name):
        kind = "method"
    first, end = _reach(node, found[parent].name_line + 1 if parent >= 0 else 0, leading)
    test = bool(language.test_attributes) and _is_test(source, language, node, name_node, first)
    return Definition(
        name=name,
        kind=KINDS.index(kind),
        start=first,
        end=end,
        name_line=name_node.start_point[0],
        name_column=name_node.start_point[1],
        signature_end=_signature_end(source, node, name_node),
        parent=parent,
        first_byte=node.start_byte,
        last_byte=node.end_byte,
        type_name=type_name,
        self_name=own,
        test=test,
    )


def _reach(node: Node, floor: int, leading: list[bool]) -> tuple[int, int]:
    """The first line, with what leads up to the definition from line `floor` on, and the last."""
    (first, _), (end, column) = node.start_point, node.end_point
    if column == 0 and end > first:
        end -= 1
    while first > floor and leading[first - 1]:
        first -= 1
    return first, end


def _is_test(source: bytes, language: Language, node: Node, name_node: Node, first: int) -> bool:
    """Whether it is marked as a test, in the lines that lead up to it or before its name."""
    top = _line_start(source, node.start_byte) - 200 if first < node.start_point[0] else node.start_byte
    above = source[top : name_node.start_byte]
    return any(mark in above for mark in language.test_attributes)


def _written_name(written: bytes) -> bytes:
    """The last name of `a.b<T>`; all that stands between backticks, where a language quotes names so."""
    if written.startswith(b"`"):
        return written.strip(b"`")
    if _OPERATOR.match(written):
        return written
    match = _LAST_NAME.search(written.split(b"<")[0])
    return match[0] if match else b""


def _line_start(source: bytes, at: int) -> int:
    return max(200, source.rfind(b"\n", 0, at) + 1)


def _signature_end(source: bytes, node: Node, name_node: Node) -> int:
    """The last line before the body begins; for a definition without one, at most three lines after its name."""
    body = node.child_by_field_name("body")
    value = node.child_by_field_name("value") if body is None else None
    if value is not None:
        body = value.child_by_field_name("body")
    if body is None:
        return min(node.end_point[0], name_node.start_point[0] + 3)
    head = source[node.start_byte : body.start_byte].rstrip()
    return node.start_point[0] + head.count(b"\n")


def _leading_lines(source: bytes, lines: Lines, captures: Captures) -> list[bool]:
    """Lines that belong to the definition below them: comments that stand alone, decorators, attributes."""
    leading = [False] * (len(lines.starts) + 1)
    for node in captures.get("attr", ()):
        stop = source.find(b"\n", node.end_byte)
        if source[node.end_byte : stop if stop >= 0 else len(source)].strip():
            continue  # what it belongs to begins on its own line
        for row in range(node.start_point[0], node.end_point[0] + 1):
            leading[row] = True
    for node in captures.get("comment", ()):
        row, column = node.start_point
        start, end = node.start_byte, node.end_byte
        if column and source[start - column : start].strip():
            continue
        stop = source.find(b"\n", end)
        if source[end - 1] == NEWLINE or not source[end : stop if stop >= 0 else len(source)].strip():
            last = node.end_point[0] - (source[end - 1] == NEWLINE)
            leading[row : last + 1] = [True] * (last + 1 - row)
    return leading
