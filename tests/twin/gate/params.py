"""Parameters against the SDK's TypedDicts, by pydantic, with everything closed that the SDK leaves open."""

import re
import sys
from decimal import Decimal
from functools import cache
from importlib import import_module
from textwrap import shorten
from typing import Any, Dict, ForwardRef, Literal, Mapping, Union, get_args, get_origin  # noqa: UP035 - the SDK's words

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

from tests.twin.errors import TwinError, invalid
from tests.twin.gate.contract import Name

# The SDK's enums take any string too, so that old code can send new values; Stripe itself takes only the listed ones.
# They are written in three ways: "Literal[...]|str" and "Union[Literal[...], str]" in strings, and the latter outside.
OPEN_ENUM = re.compile(r"(Literal\[(?!''\])[^\]]*\])\s*\|\s*str\b")
OPEN_UNION = re.compile(r"Union\[(Literal\[(?!''\])[^\]]*\]),\s*str\]")
OPTIONS = frozenset(RequestOptions.__annotations__)


class AnyMapping:
    """Stands in for the SDK's `UntypedStripeObject[T]`, which no form can hold: a plain mapping of strings to T."""

    def __class_getitem__(cls, item: Any) -> Any:
        return Dict[str, item]  # noqa: UP006 - what pydantic resolves inside the SDK's own strings


def check_params(name: Name | None, params: dict[str, Any]) -> dict[str, Any]:
    """These parameters with their types. Raises TwinError 400 with `param` for the first that does not fit."""
    if name is None:
        if params:
            raise _unknown(next(iter(params)))
        return {}
    try:
        checked: dict[str, Any] = adapter(name).validate_python(params)
    except ValidationError as error:
        raise _refusal(error, params) from None
    return {key: _plain(value) for key, value in checked.items()}


@cache
def adapter(name: Name) -> TypeAdapter[dict[str, Any]]:
    """The checker for one TypedDict of the SDK; made when first needed, as all 800 of them take seconds."""
    module = import_module(name[0])
    _close(module.__name__)
    made: TypeAdapter[dict[str, Any]] = TypeAdapter(getattr(module, name[1]))
    made.rebuild(raise_errors=True, force=True)
    return made


@cache
def _close(module_name: str) -> None:
    """Make every TypedDict of this module refuse unknown keys and unlisted values. Changes them in this process."""
    space = vars(sys.modules[module_name])
    space.update(StripeContext=str, Mapping=Mapping, UntypedStripeObject=AnyMapping)
    for kind in [item for item in space.values() if is_typeddict(item) and item.__module__ == module_name]:
        kind.__pydantic_config__ = ConfigDict(extra="forbid")
        for field in list(kind.__annotations__):
            if field in OPTIONS and kind.__name__.endswith("Params"):
                del kind.__annotations__[field]
            else:
                kind.__annotations__[field] = _closed(kind.__annotations__[field])


def _closed(annotation: Any) -> Any:
    if isinstance(annotation, ForwardRef):
        return ForwardRef(OPEN_UNION.sub(r"\1", OPEN_ENUM.sub(r"\1", annotation.__forward_arg__)))
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Union and str in inner and any(get_origin(part) is Literal for part in inner):
        return Union[tuple(part for part in inner if part is not str)]  # noqa: UP007 - made of a tuple
    if origin in (None, Literal):
        return annotation
    return annotation.copy_with(tuple(_closed(part) for part in inner))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _refusal(error: ValidationError, params: dict[str, Any]) -> TwinError:
    """The problem that lies deepest: of a union, the branch that came nearest."""
    problems = [(_path(item, params), item) for item in error.errors(include_url=False)]
    path, worst = max(problems, key=lambda pair: len(pair[0]))
    param = "".join(f"[{part}]" if place else str(part) for place, part in enumerate(path))
    kind, given = worst["type"], str(worst["input"])[:100]
    if kind == "extra_forbidden":
        return _unknown(param)
    if kind == "missing":
        return invalid(f"Missing required param: {param}.", param, code="parameter_missing")
    if kind.startswith("int"):
        return invalid(f"Invalid integer: {given}", param, code="parameter_invalid_integer")
    if kind == "literal_error":
        expected = worst["ctx"]["expected"].replace("'", "") or "an empty string"
        return invalid(f"Invalid {param}: must be one of {shorten(expected, 300)}", param)
    return invalid(f"Invalid {param}: {worst['msg']}", param)


def _path(problem: ErrorDetails, params: dict[str, Any]) -> list[int | str]:
    """The keys of its place alone: between them pydantic names the branches of unions."""
    path: list[int | str] = []
    here: Any = params
    for part in problem["loc"]:
        if isinstance(here, dict) and part in here or isinstance(here, list) and isinstance(part, int):
            path.append(part)
            here = here[part]  # type: ignore[index]
    return [*path, problem["loc"][-1]] if problem["type"] == "missing" else path


def _unknown(param: str) -> TwinError:
    return invalid(f"Received unknown parameter: {param}", param, code="parameter_unknown")

