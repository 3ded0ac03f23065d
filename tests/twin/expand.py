"""`expand[]`: ids replaced by the objects they name, at most four levels deep. What can be expanded, the SDK knows."""

from typing import Any

from tests.twin import gate
from tests.twin.errors import TwinError, invalid
from tests.twin.gate.answers import class_of, fields, is_expandable
from tests.twin.routing import INCLUDES, Call
from tests.twin.world import World, public

DEEPEST = 4


def check_paths(call: Call, paths: list[str]) -> None:
    """Raises TwinError 400 for a path that cannot be expanded in the answer to this call."""
    for path in paths:
        parts = path.split(".")
        if len([part for part in parts if part != "data"]) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand")
        if not gate.can_expand(call.method, call.path, parts):
            raise invalid(f"This property cannot be expanded ({path}).", "expand")


def expand(world: World, answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """Expand these dotted paths in place and give the answer back. Raises TwinError 501 for what the twin lacks."""
    for path in paths:
        _walk(world, answer, path.split("."))
    return answer


def _walk(world: World, value: Any, parts: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _walk(world, item, parts)
    elif isinstance(value, dict) and parts and not value.get("deleted"):
        name, kind = parts[0], class_of(value)
        if name not in value and kind is not None and name in fields(kind):
            value[name] = _included(world, value, name)
        if name not in value:
            return
        inner = value[name]
        if kind is None or name not in fields(kind) or is_expandable(fields(kind)[name]):
            inner = [_found(world, item) for item in inner] if isinstance(inner, list) else _found(world, inner)
            value[name] = inner
        _walk(world, inner, parts[1:])


def _included(world: World, value: dict[str, Any], name: str) -> Any:
    """A property that is there only when it was asked for."""
    make = INCLUDES.get((value["object"], name))
    if make is None:
        raise TwinError(501, "api_error", f"The twin does not include {value['object']}.{name} yet.")
    return public(make(world, value))


def _found(world: World, value: Any) -> Any:
    """The object that an id names; anything but an id as it is."""
    if not isinstance(value, str):
        return value
    row = world.find(value)
    if row is None:
        raise TwinError(501, "api_error", f"The twin holds no object {value} to expand.")
    return public(row)
