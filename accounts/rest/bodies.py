"""Reading JSON bodies: one way for DRF views and hot views, with one set of refusals."""

import re
from collections.abc import Mapping
from typing import IO, Any, TypeVar

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from rest_framework import parsers

from config.errors import BadBody, BodyTooLarge, DomainError

T = TypeVar("T")
JSON = "application/json"
# msgspec ends its sentences with the place: " - at `$.events[3].model`"
PLACE = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<where>[^`]*)`$", re.DOTALL)


class InvalidBody(DomainError):
    code, status, message = "invalid", 400, "Some fields need another value."


class UnsupportedBody(DomainError):
    code, status, message = "unsupported_media_type", 415, f"Send the body as plain {JSON}."


def read_json(request: HttpRequest, kind: type[T], *, limit: int | None = None) -> T:
    """The body as a `kind` (a msgspec.Struct, a dataclass, ...), checked against its types.

    Takes bodies up to `limit` bytes (DATA_UPLOAD_MAX_MEMORY_SIZE when None). Raises UnsupportedBody (415), BodyTooLarge
    (413), BadBody (400) and InvalidBody (400, with the field).
    """
    check_is_json(request)
    return decode(read_body(request, limit), kind)


def check_is_json(request: HttpRequest) -> None:
    if request.content_type != JSON or request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedBody


def read_body(request: HttpRequest, limit: int | None = None) -> bytes:
    """The whole body. Raises BodyTooLarge (413), or BadBody (400) when the sender went away."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if limit is None else limit
    try:
        body = read_at_most(request, limit) if not hasattr(request, "_body") else request.body
    except UnreadablePostError as error:
        raise BadBody("The body broke off before its end.") from error
    except RequestDataTooBig as error:
        raise too_large(limit) from error
    if len(body) > limit:
        raise too_large(limit)
    return body


def read_at_most(source: HttpRequest | IO[bytes], limit: int) -> bytes:
    """Reads one byte more than allowed and no further, whatever length was announced."""
    return source.read(limit + 1)


def too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {limit} bytes. Send it in smaller parts.")


def decode(body: bytes, kind: type[T]) -> T:
    """Raises BadBody when the bytes are no JSON, InvalidBody when the JSON is no `kind`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except msgspec.DecodeError as error:
        raise BadBody(f"The body is not JSON. {error}.") from error
    except UnicodeDecodeError as error:
        raise BadBody("The body is not UTF-8 text.") from error
    except RecursionError as error:
        raise BadBody("The body is nested too deeply.") from error


def _invalid(sentence: str) -> InvalidBody:
    place = PLACE.match(sentence)
    what, where = (place["what"], place["where"]) if place else (sentence, "")
    field = re.sub(r"\[(\d+)\]", r".\1", where).lstrip(".")
    return InvalidBody(fields={field or "non_field_errors": [f"{what}."]})


class JSONParser(parsers.BaseParser):
    """JSON for DRF views, read by the same rules; DRF's own takes bodies of any length and fails on deep nesting."""

    media_type = JSON

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if parser_context:
            check_is_json(parser_context["request"]._request)
        try:
            body = read_at_most(stream, limit)
        except UnreadablePostError as error:
            raise BadBody("The body broke off before its end.") from error
        if len(body) > limit:
            raise too_large(limit)
        return decode(body, object)
