"""Form encoding as Stripe's libraries write it: `items[0][price]=p&expand[]=customer&metadata[team]=7`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.twin.errors import invalid

KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
PART = re.compile(r"\[([^\[\]]*)\]")
LARGEST_FORM, DEEPEST = 2000, 12


def decode(text: str) -> dict[str, Any]:
    """Nested dicts and lists of strings. Raises TwinError 400 for a form that cannot be read."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=LARGEST_FORM)
    except ValueError as error:
        raise invalid(f"The form cannot be read: {error}.") from None
    tree: dict[str, Any] = {}
    for key, value in pairs:
        found = KEY.fullmatch(key)
        if found is None or found[2].count("[") > DEEPEST:
            raise invalid(f"Invalid parameter name: {key[:100]}", key[:100])
        _put(tree, [found[1], *PART.findall(found[2])], value, key)
    return {key: _lists(value, key) for key, value in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: str, key: str) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(_next(tree, part), {})
        if not isinstance(tree, dict):
            raise invalid(f"Invalid {key}: it is both a value and a hash.", key)
    last = _next(tree, path[-1])
    if isinstance(tree.get(last), dict):
        raise invalid(f"Invalid {key}: it is both a value and a hash.", key)
    tree[last] = value


def _next(tree: dict[str, Any], part: str) -> str:
    return part if part else str(len(tree))


def _lists(value: Any, name: str) -> Any:
    """Hashes with numbers for keys are lists; metadata never is."""
    if not isinstance(value, dict):
        return value
    if name == "metadata":
        return value
    if all(key.isdigit() for key in value):
        return [_lists(value[key], "") for key in sorted(value, key=int)]
    return {key: _lists(item, key) for key, item in value.items()}
