"""Answers against the SDK's resource classes: every key known, every required key there, every value of its type.

The annotations of the classes come from Stripe's own API description. Their enums are open (`Union[Literal, str]`)
so that old code can read new values; here they are closed, as a twin has no business inventing values.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin

from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._search_result_object import SearchResultObject
from stripe._stripe_object import StripeObject, UntypedStripeObject

from tests.twin.gate.contract import Name

SCALARS: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), bool: (bool,), float: (int, float)}
DECIMAL = re.compile(r"-?\d+(\.\d+)?")
IMPORT = re.compile(r"^    from (stripe\S*) import (\w+)(?: as (\w+))?$", re.MULTILINE)
IMPORTS = re.compile(r"^    from (stripe\S*) import \(([^)]*)\)", re.MULTILINE)
PAGES = (ListObject, SearchResultObject)
PAGE_KEYS, MAY = {"object", "data", "has_more", "url"}, {"total_count"}


class ContractError(Exception):
    """The twin made an object that the SDK's classes do not know."""


def check_object(value: dict[str, Any]) -> None:
    """Raises ContractError unless this is a correct object of the class that its `object` names."""
    kind = class_of(value)
    if kind is None:
        raise ContractError(f"{value.get('object')!r} is no object of Stripe's")
    _raise(list(_object(value, kind, kind.__name__)))


def class_of(value: dict[str, Any]) -> Any:
    """The SDK's class for an object, by its `object`; None for a plain hash."""
    known = OBJECT_CLASSES.get(str(value.get("object")))
    return None if known is None else load(known)


def can_expand(annotation: Any, parts: list[str], module: str = "") -> bool:
    """Whether an answer of this type has a property under this path that `expand[]` may name."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, ForwardRef | str):
        return can_expand(_resolve(annotation, module), parts, module)
    if origin in (Union, list):
        return any(can_expand(part, parts, module) for part in inner)
    if origin in PAGES:
        return parts[:1] in ([], ["data"]) and can_expand(inner[0], parts[1:], module)
    if not _is_class(annotation) or not parts:
        return _is_class(annotation)
    found = fields(annotation).get(parts[0])
    if found is None or len(parts) == 1 and not (is_expandable(found) or _holds_objects(found)):
        return False
    return can_expand(found, parts[1:], annotation.__module__)


def is_expandable(annotation: Any) -> bool:
    """Whether a field of this type holds an id (or ids) that Stripe replaces by the object when asked to."""
    inner = get_args(annotation)
    if get_origin(annotation) is Union and str in inner:
        return any(isinstance(part, ForwardRef) or get_origin(part) is Union or _is_class(part) for part in inner)
    return any(is_expandable(part) for part in inner if not isinstance(part, ForwardRef | str))


def _holds_objects(annotation: Any) -> bool:
    if get_origin(annotation) in PAGES or isinstance(annotation, ForwardRef):
        return True
    return any(_holds_objects(part) for part in get_args(annotation))


def _is_class(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, StripeObject)


def check_answer(name: Name | None, wrapper: str | None, answer: dict[str, Any]) -> None:
    """Raises ContractError unless this is what the SDK says the operation answers."""
    if name is None:
        return
    kind = load(name)
    if wrapper is None:
        _raise(list(_object(answer, kind, kind.__name__)))
    else:
        _raise(list(_page(answer, kind, "list" if wrapper == "ListObject" else "search_result", wrapper)))


def load(name: Name) -> type[StripeObject]:
    return getattr(import_module(name[0]), name[1])  # type: ignore[no-any-return]


def _raise(problems: list[str]) -> None:
    if problems:
        raise ContractError("; ".join(problems[:12]))


@cache
def fields(kind: type[StripeObject]) -> dict[str, Any]:
    """Name -> annotation of the fields of this class (those that JSON can have)."""
    return {
        name: annotation
        for base in reversed(kind.__mro__)
        if base.__module__.startswith("stripe.") and base is not StripeObject and base not in PAGES
        for name, annotation in vars(base).get("__annotations__", {}).items()
        if get_origin(annotation) is not ClassVar and not name.startswith("_")
    }


def is_optional(annotation: Any) -> bool:
    return get_origin(annotation) is Union and type(None) in get_args(annotation)


def _problems(value: Any, annotation: Any, at: str, module: str = "") -> list[str]:
    return list(check(value, annotation, at, module))


def check(value: Any, annotation: Any, at: str, module: str) -> Iterator[str]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return
    if isinstance(annotation, ForwardRef | str):
        yield from check(value, _resolve(annotation, module), at, module)
    elif origin is Union:
        yield from _union(value, inner, at, module)
    elif origin is Literal:
        if value not in inner or isinstance(value, bool) != isinstance(inner[0], bool):
            yield f"{at} is {value!r}, not one of {', '.join(map(repr, inner[:20]))}"
    elif origin is list:
        yield from _each(value, list, at, lambda item, place: check(item, inner[0], f"{at}[{place}]", module))
    elif origin in (dict, UntypedStripeObject):
        yield from _each(value, dict, at, lambda item, key: check(item, inner[-1], f"{at}.{key}", module))
    elif origin is ListObject:
        yield from _page(value, inner[0], "list", at, module)
    elif annotation is Decimal:
        if not isinstance(value, str) or not DECIMAL.fullmatch(value):
            yield f"{at} is {value!r}, not a decimal number in a string"
    elif annotation in SCALARS:
        if type(value) not in SCALARS[annotation]:
            yield f"{at} is {value!r}, not {annotation.__name__}"
    else:
        yield from _object(value, annotation, at)


def _each(
    value: Any, kind: type[list[Any]] | type[dict[Any, Any]], at: str, check: Callable[[Any, Any], Iterator[str]]
) -> Iterator[str]:
    if not isinstance(value, kind):
        yield f"{at} is {value!r}, not a {kind.__name__}"
        return
    keys: Iterable[Any] = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield from check(value[key], key)


def _union(value: Any, inner: tuple[Any, ...], at: str, module: str) -> Iterator[str]:
    """The branch with the fewest problems speaks; strings beside a Literal do not count."""
    if value is None and type(None) in inner:
        return
    branches = [branch for branch in inner if branch is not type(None)]
    if any(get_origin(branch) is Literal for branch in branches):
        branches = [branch for branch in branches if branch is not str]
    found = [_problems(value, branch, at, module) for branch in branches]
    yield from min(found, key=len)


def _object(value: Any, kind: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at} is {value!r}, not a {kind.__name__}"
        return
    known = fields(kind)
    if value.get("deleted") is True and "deleted" in known:
        yield from (f"{at}.{key} of a deleted object" for key in sorted(set(value) - {"id", "object", "deleted"}))
        return
    yield from (f"{at}.{key} is unknown to {kind.__name__}" for key in value if key not in known)
    for name, annotation in known.items():
        if name in value:
            yield from check(value[name], annotation, f"{at}.{name}", kind.__module__)
        elif not is_optional(annotation):
            yield f"{at}.{name} is missing"


def _page(value: Any, kind: Any, object: str, at: str, module: str = "") -> Iterator[str]:
    if not isinstance(value, dict) or value.get("object") != object or not isinstance(value.get("data"), list):
        yield f"{at} is no {object}"
        return
    if set(value) - PAGE_KEYS - MAY or type(value.get("has_more")) is not bool or not isinstance(value.get("url"), str):
        yield f"{at} has the keys {sorted(value)} instead of {sorted(PAGE_KEYS)}"
    for place, item in enumerate(value["data"]):
        yield from check(item, kind, f"{at}.data[{place}]", module)


def _resolve(reference: ForwardRef | str, module: str) -> Any:
    name = reference if isinstance(reference, str) else reference.__forward_arg__
    here = vars(sys.modules[module])
    return here[name] if name in here else load(_imports(module)[name])


@cache
def _imports(module: str) -> dict[str, Name]:
    """What this module of the SDK imports for type checkers only: name there -> module and class."""
    text = Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8")
    found = {match[3] or match[2]: (match[1], match[2]) for match in IMPORT.finditer(text)}
    for match in IMPORTS.finditer(text):
        for part in match[2].split(","):
            words = part.split()
            if words:
                found[words[-1]] = (match[1], words[0])
    return found
