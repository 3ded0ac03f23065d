"""`expand[]`: ids replaced by the objects they name, at most four levels deep. What can be expanded, the SDK knows."""

from typing import Any

from tests.twin.errors import TwinError, invalid
from tests.twin.gate.answers import class_of, fields, hash_of, is_expandable
from tests.twin.routing import INCLUDES
from tests.twin.world import World, public

DEEPEST = 4


def expand(world: World, answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """Expand these dotted paths in place and give the answer back. Raises TwinError 400 for one that cannot be."""
    for path in paths:
        parts = path.split(".")
        if len([part for part in parts if part != "data"]) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand")
        _walk(world, answer, None, parts, path)
    return answer


def _walk(world: World, value: Any, kind: Any, parts: list[str], path: str) -> None:
    """`kind` is the SDK's class of a hash without `object`, known from the field that holds it."""
    if isinstance(value, list):
        for item in value:
            _walk(world, item, kind, parts, path)
    elif isinstance(value, dict) and parts and not value.get("deleted"):
        if value.get("object") in ("list", "search_result"):
            if parts[0] != "data":
                raise _cannot(path)
            _walk(world, value["data"], kind, parts[1:], path)
        else:
            _field(world, value, class_of(value) or kind, parts, path)


def _field(world: World, value: dict[str, Any], kind: Any, parts: list[str], path: str) -> None:
    name = parts[0]
    annotation = fields(kind).get(name) if kind is not None else None
    if annotation is None:
        raise _cannot(path)
    if name not in value:
        make = INCLUDES.get((str(value.get("object")), name))
        if make is None:
            raise TwinError(501, "api_error", f"The twin does not include {value.get('object')}.{name} yet.")
        value[name] = public(make(world, value))
    inner = value[name]
    if is_expandable(annotation):
        inner = [_found(world, item) for item in inner] if isinstance(inner, list) else _found(world, inner)
        value[name] = inner
    elif len(parts) == 1 and not isinstance(inner, dict | list | None):
        raise _cannot(path)
    _walk(world, inner, hash_of(annotation), parts[1:], path)


def _found(world: World, value: Any) -> Any:
    """The object that an id names. One that was deleted since is shown as such, anything but an id as it is."""
    if not isinstance(value, str):
        return value
    row = world.find(value)
    if row is None:
        raise TwinError(501, "api_error", f"The twin holds no object {value} to expand.")
    return public(row)


def _cannot(path: str) -> TwinError:
    return invalid(f"This property cannot be expanded ({path}).", "expand")
