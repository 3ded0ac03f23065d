"""The product's routes and, in front of them, one hot view and one DRF view that echo, one that breaks."""

from typing import Any

import msgspec
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.rest import HotRequest, TeamAPIMixin, hot_api, read_json
from accounts.roles import Scope
from billing.caps import RepositoryCapReached
from billing.plans import STARTER
from config import urls
from config.errors import Forbidden, NotFound

LIMIT = 1000


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    task: str
    budgets: list[int] = []


@hot_api(scope=Scope.CONTEXT_READ, body=Wanted, answer=Wanted)
def hot(request: HotRequest) -> HttpResponse:
    wanted = read_json(request, Wanted, limit=LIMIT)
    return JsonResponse({"task": wanted.task, "team": request.principal.team_slug})


class Slow(TeamAPIMixin, APIView):
    scope = Scope.CONTEXT_READ

    def get(self, request: Request) -> Response:
        return Response({"team": self.team.slug})

    def post(self, request: Request) -> Response:
        data: Any = request.data
        return Response({"got": data})


class Forgotten(APIView):
    def get(self, request: Request) -> Response:
        return Response({"leaked": True})


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


@hot_api(scope=Scope.CONTEXT_READ, methods=("GET",))
def cut_off(request: HotRequest) -> HttpResponse:
    """Loses its database in the middle, as when PostgreSQL restarts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return HttpResponse()


def refusing(request: HttpRequest, code: str) -> HttpResponse:
    raise REFUSALS[code]


REFUSALS = {"cap": RepositoryCapReached(STARTER), "forbidden": Forbidden("Only on Sundays."), "gone": NotFound()}
urlpatterns = [
    path("refusing/<str:code>", refusing),
    path("api/v1/sample/hot", hot),
    path("api/v1/sample/slow", Slow.as_view()),
    path("api/v1/sample/forgotten", Forgotten.as_view()),
    path("api/v1/sample/broken", broken),
    path("api/v1/sample/cut-off", cut_off),
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = (urls.handler400, urls.handler403, urls.handler404, urls.handler500)
