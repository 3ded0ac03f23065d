"""`expand[]`: ids replaced by the objects they name, at most four levels deep."""

from typing import Any

from tests.twin.errors import invalid
from tests.twin.routing import INCLUDES
from tests.twin.world import World, public

DEEPEST = 4


def expand(world: World, answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """Expand these dotted paths in place and give the answer back. Raises TwinError 400 for one that cannot be."""
    for path in paths:
        parts = path.split(".")
        if len([part for part in parts if part != "data"]) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property: {path}", "expand")
        _walk(world, answer, parts, path)
    return answer


def _walk(world: World, value: Any, parts: list[str], path: str) -> None:
    if not parts or value is None:
        return
    if isinstance(value, list):
        for item in value:
            _walk(world, item, parts, path)
        return
    if not isinstance(value, dict):
        raise _cannot(path)
    name = parts[0]
    make = INCLUDES.get((str(value.get("object")), name))
    if name not in value:
        if make is None:
            if value.get("deleted"):
                return
            raise _cannot(path)
        value[name] = make(world, value)
    inner = value[name]
    if isinstance(inner, str):
        row = world.find(inner)
        if row is None:
            raise _cannot(path)
        value[name] = inner = public(row)
    _walk(world, inner, parts[1:], path)


def _cannot(path: str) -> Exception:
    return invalid(f"This property cannot be expanded ({path}).", "expand")
