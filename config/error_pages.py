"""What a refused or failed request gets: the API's error shape below /api/, a page everywhere else."""

import logging
from collections.abc import Callable

import psycopg
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from config.errors import BadBody, DomainError, Forbidden, NotFound, error_response

log = logging.getLogger(__name__)
API = "/api/"
# The database is away, restarts, or ended the transaction to solve a deadlock: the same request may succeed later.
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)


class InternalError(DomainError):
    code, status = "internal_error", 500
    message = "The request failed because of a fault in Pare, and is in its log. Try again in a minute."


class Unavailable(DomainError):
    code, status = "unavailable", 503
    message = "The database does not answer just now. Try again in a few seconds."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return error_response(BadBody("The request could not be read."))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return error_response(Forbidden())
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return error_response(NotFound())
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return error_response(InternalError())
    return defaults.server_error(request)


@login_not_required
@csrf_exempt
def unknown_api_path(request: HttpRequest) -> HttpResponse:
    """The last route below /api/: in every method, and for everyone alike."""
    return error_response(NotFound("The API has no such address: see /api/ for those it has."))


class RefusalMiddleware:
    """Turns a DomainError that a view let through into an answer, so that a refusal is never a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DATABASE_AWAY) and request.path.startswith(API):
            log.error("The database did not answer %s: %s", request.path, exception)
            return error_response(Unavailable(headers={"Retry-After": "5"}))
        if not isinstance(exception, DomainError):
            return None
        if request.path.startswith(API):
            return error_response(exception)
        if exception.status == 404:
            return defaults.page_not_found(request, Http404())
        if exception.status == 403:
            return defaults.permission_denied(request, PermissionDenied(exception.message))
        return render(request, "refused.html", {"error": exception}, status=exception.status)
