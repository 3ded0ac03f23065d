"""What DRF views stand on: authentication, permission, the team, cursor pages."""

from typing import TYPE_CHECKING, Any, cast

from rest_framework import authentication, permissions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from accounts.access import Principal
from accounts.models import Team
from accounts.rest.principals import CHALLENGE, ScopeMissing, bearer, principal_of_key, principal_of_session
from config.errors import Forbidden

if TYPE_CHECKING:  # rest_framework.views imports the classes of this module by itself
    from rest_framework.views import APIView


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer pare_…`. The key names the team."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        token = bearer(request)
        if token is None:
            return None
        principal = principal_of_key(token)
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class TeamSessionAuthentication(authentication.BaseAuthentication):
    """The browser's session, with its CSRF token; `X-Pare-Team: <slug>` chooses among several teams."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        user = request._request.user
        if not user.is_authenticated:
            return None
        principal = principal_of_session(request._request, user.pk)
        return principal, principal


class HasScope(permissions.BasePermission):
    """A view says `scope = Scope.X`, or `scopes = {"POST": Scope.Y}` for single methods; and `rights` for finer rights.

    A view that says nothing is refused: forgetting is safe.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        principal = request.auth
        if not isinstance(principal, Principal):
            return False
        # DRF answers HEAD by the view's `get`.
        method = "GET" if request.method == "HEAD" else request.method
        scope = getattr(view, "scopes", {}).get(method, getattr(view, "scope", None))
        if scope is None:
            raise Forbidden("This address is not open to the API.")
        if scope not in principal.scopes:
            raise ScopeMissing(scope)
        right = getattr(view, "rights", {}).get(method)
        if right is not None and not principal.has(right):
            raise Forbidden
        return True


class TeamAPIMixin:
    """For DRF views: `self.principal`, and `self.team`, the only door to rows."""

    request: Any  # a DRF Request; Django's View, beside which this stands, calls it an HttpRequest

    @property
    def principal(self) -> Principal:
        return cast(Principal, self.request.auth)

    @property
    def team(self) -> Team:
        if not hasattr(self, "_team"):
            self._team = Team.objects.get(pk=self.principal.team_id)
        return self._team


class Pages(CursorPagination):
    """Cursor pages: stable while rows come and go. `page_size` up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-pk"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """As OpenAPI 3.1 says "or null"; DRF's own says it as 3.0 did, which 3.1 does not know."""
        link = {"type": ["string", "null"], "format": "uri", "description": "null: there is no such page."}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }
