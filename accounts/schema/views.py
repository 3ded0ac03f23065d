"""`/api/schema/` for programs, `/api/` for people; both are public and say nothing of any team."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from accounts.api_keys import CACHE_SECONDS
from accounts.rest import TEAM_HEADER, MethodNotAllowed, Pages
from accounts.roles import Scope
from accounts.schema.document import document, document_bytes
from accounts.schema.page import groups
from accounts.schema.refusals import all_refusals


@login_not_required
@csrf_exempt
def schema(request: HttpRequest) -> HttpResponse:
    _refuse_writes(request)
    return HttpResponse(document_bytes(), content_type="application/vnd.oai.openapi+json; version=3.1; charset=utf-8")


@login_not_required
@csrf_exempt
def api_docs(request: HttpRequest) -> HttpResponse:
    _refuse_writes(request)
    return render(request, "accounts/api_docs.html", page_context())


def _refuse_writes(request: HttpRequest) -> None:
    # Not `require_safe`: below /api/ a 405, too, has the one shape of refusals.
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(headers={"Allow": "GET, HEAD"})


@cache
def page_context() -> dict[str, Any]:
    return {
        "groups": groups(document()),
        "scopes": Scope.choices,
        "refusals": all_refusals(),
        "site_root": settings.SITE_ROOT,
        "team_header": TEAM_HEADER,
        "cache_seconds": CACHE_SECONDS,
        "page_size": Pages.page_size,
        "max_page_size": Pages.max_page_size,
        "rate": settings.PARE_RATE_PER_MINUTE,
        "hot_rate": settings.PARE_HOT_RATE_PER_MINUTE,
    }
