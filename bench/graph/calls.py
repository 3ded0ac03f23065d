"""Calls and names in Python sources, by the standard library's own parser."""

from __future__ import annotations

import ast
from pathlib import Path

End = tuple[int, int]


def names_of_calls(path: Path) -> dict[End, tuple[int, int]]:
    """Where the text of each call ends -> where the name that it calls stands: line from 1, column in bytes."""
    found: dict[End, tuple[int, int]] = {}
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call) and node.end_lineno is not None and node.end_col_offset is not None:
            place = _name(node.func)
            if place is not None:
                found[node.end_lineno, node.end_col_offset] = place
    return found


def _name(function: ast.expr) -> tuple[int, int] | None:
    if isinstance(function, ast.Name):
        return function.lineno, function.col_offset
    if isinstance(function, ast.Attribute) and function.end_lineno is not None and function.end_col_offset is not None:
        return function.end_lineno, function.end_col_offset - len(function.attr.encode())
    return None
