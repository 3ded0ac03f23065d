"""One error shape for every refusal: `{"error": {"code", "message", "fields"}}`. A leaf: imports no app."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

Fields = Mapping[str, list[str]]


class DomainError(Exception):
    """A refusal that a program can act on. Subclasses set `code`, `status` and, mostly, `message`."""

    code = "refused"
    status = 400
    message = "The request was refused."

    def __init__(self, message: str = "", *, fields: Fields | None = None, headers: Mapping[str, str] | None = None):
        self.message = message or self.message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        super().__init__(self.message)


class NotFound(DomainError):
    code, status, message = "not_found", 404, "There is nothing here, or you cannot see it."


class Forbidden(DomainError):
    code, status, message = "forbidden", 403, "Your role does not allow this."


class BodyTooLarge(DomainError):
    code, status, message = "body_too_large", 413, "The body is larger than this address takes."


class BadBody(DomainError):
    code, status, message = "bad_body", 400, "The body could not be read."


class RateLimited(DomainError):
    code, status, message = "rate_limited", 429, "Too many requests. Wait as long as Retry-After says, then try again."


# One code for each kind of refusal that Django or DRF raises by themselves.
CODES: dict[type[Exception], str] = {
    exceptions.AuthenticationFailed: "invalid_key",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.PermissionDenied: "forbidden",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.Throttled: "rate_limited",
    exceptions.ParseError: "bad_body",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.ValidationError: "invalid",
}


def error_body(code: str, message: str, fields: Fields | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "fields": dict(fields or {})}}


def error_response(error: DomainError) -> JsonResponse:
    """The refusal as a response, for plain Django views."""
    body = error_body(error.code, error.message, error.fields)
    return JsonResponse(body, status=error.status, headers=error.headers)


def handle_api_error(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: everything that is a refusal in the one shape, everything else left to Django (500)."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound(NotFound.message)
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied(str(exc) or Forbidden.message)
    elif isinstance(exc, DjangoValidationError):
        exc = exceptions.ValidationError(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
    if isinstance(exc, DomainError):
        return Response(error_body(exc.code, exc.message, exc.fields), status=exc.status, headers=exc.headers)
    if not isinstance(exc, exceptions.APIException):
        return None
    return Response(_api_body(exc), status=exc.status_code, headers=_api_headers(exc))


def _api_body(exc: exceptions.APIException) -> dict[str, Any]:
    code = next((CODES[kind] for kind in type(exc).__mro__ if kind in CODES), "refused")
    if isinstance(exc, exceptions.ValidationError):
        fields = flatten(exc.detail)
        return error_body(code, "Some fields need another value.", fields)
    return error_body(code, str(exc.detail))


def _api_headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return headers


def flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """DRF's nested error detail as `{"events.3.model": ["..."]}`."""
    if isinstance(detail, Mapping):
        pairs = [(f"{prefix}{key}", value) for key, value in detail.items()]
    elif isinstance(detail, list | tuple) and any(isinstance(item, Mapping | list) for item in detail):
        pairs = [(f"{prefix}{index}", value) for index, value in enumerate(detail) if value]
    else:
        items = detail if isinstance(detail, list | tuple) else [detail]
        return {prefix.rstrip(".") or "non_field_errors": [str(item) for item in items]}
    flat: dict[str, list[str]] = {}
    for key, value in pairs:
        flat.update(flatten(value, f"{key}."))
    return flat
