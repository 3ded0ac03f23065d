"""What the document says of refusals: each operation's, and all codes there are."""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.rest import InvalidBody, InvalidKey, NotAuthenticated, ScopeMissing, UnsupportedBody
from config.errors import CODES, BadBody, BodyTooLarge, DomainError, Forbidden, NotFound, RateLimited

ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string", "description": "For programs.", "examples": ["not_found"]},
                "message": {"type": "string", "description": "For people: what was wrong and what to do."},
                "fields": {
                    "type": "object",
                    "description": "What is wrong with single fields, by their path, such as events.3.model.",
                    "additionalProperties": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}

Errors = Iterable[type[DomainError]]


def refusals_of(own: Errors, *, has_body: bool, has_path: bool, has_right: bool) -> dict[str, dict[str, Any]]:
    """The OpenAPI responses of an operation's refusals: its own, and those that follow from what it takes."""
    errors: list[type[DomainError]] = [NotAuthenticated, InvalidKey, ScopeMissing, RateLimited, *own]
    if has_body:
        errors += [BadBody, InvalidBody, BodyTooLarge, UnsupportedBody]
    if has_path:
        errors.append(NotFound)
    if has_right:
        errors.append(Forbidden)
    by_status: dict[int, list[str]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error.code)
    return {str(status): _response(codes) for status, codes in sorted(by_status.items())}


def _response(codes: list[str]) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": ", ".join(dict.fromkeys(codes)), "content": {"application/json": {"schema": schema}}}


@dataclass(frozen=True, order=True, slots=True)
class Refusal:
    status: int
    code: str
    message: str


def all_refusals() -> list[Refusal]:
    """Every code that the code can answer with, by status; one row for each code and status."""
    found: dict[tuple[int, str], Refusal] = {}
    for error in _subclasses(DomainError):
        place = (error.status, error.code)
        if sentence := _sentence(error):
            found.setdefault(place, Refusal(*place, sentence))
    for kind, code in CODES.items():  # what DRF refuses by itself
        status: int = kind.status_code  # type: ignore[attr-defined]
        found.setdefault((status, code), Refusal(status, code, str(kind.default_detail)))  # type: ignore[attr-defined]
    return sorted(found.values())


def _sentence(error: type[DomainError]) -> str:
    """Its message; or what the class says of itself, where the message is made anew for each case."""
    if error.message != DomainError.message:
        return error.message
    return (inspect.cleandoc(error.__doc__) if error.__doc__ else "").split("\n\n")[0]


def _subclasses(kind: type[DomainError]) -> Iterable[type[DomainError]]:
    for error in kind.__subclasses__():
        yield error
        yield from _subclasses(error)
