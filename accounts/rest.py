"""Doors of the API: who is asking, for which team, and what they may do. DRF classes; a decorator for hot views."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework import authentication, exceptions, permissions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from accounts import api_keys, rate_limit
from accounts.access import Principal
from accounts.models import Membership, Team
from accounts.roles import Role, Scope, scopes_of
from config.errors import DomainError, Forbidden, error_response

if TYPE_CHECKING:  # rest_framework.views imports the classes of this module by itself
    from rest_framework.views import APIView

P = ParamSpec("P")
TEAM_HEADER = "X-Pare-Team"


class InvalidKey(DomainError):
    code, status = "invalid_key", 401
    message = "This API key is not valid: check that it is whole, not revoked and not expired, or make a new one."


class NotAuthenticated(DomainError):
    code, status = "not_authenticated", 401
    message = "Send an API key: Authorization: Bearer pare_…"


class ScopeMissing(DomainError):
    code, status = "scope_missing", 403

    def __init__(self, scope: Scope):
        super().__init__(f"This needs the scope {scope}. Make a key that has it, or ask an admin of the team.")


class MethodNotAllowed(DomainError):
    code, status = "method_not_allowed", 405


def bearer(request: HttpRequest) -> str | None:
    """The bearer token of the request, or None without one."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def principal_of_key(text: str) -> Principal:
    """Raises InvalidKey (401), the same for every reason."""
    principal = api_keys.authenticate(text)
    if principal is None:
        raise InvalidKey(headers={"WWW-Authenticate": 'Bearer realm="Pare"'})
    return principal


def principal_of_session(user_id: int, team_slug: str | None) -> Principal | None:
    """The person's standing in the named team, or in their only one; None when there is no such (or no one) team."""
    memberships = Membership.objects.select_related("team").filter(user_id=user_id, team__closed_at=None)
    found = list(memberships.filter(team__slug=team_slug) if team_slug else memberships[:2])
    if len(found) != 1:
        return None
    membership = found[0]
    role = Role(membership.role)
    return Principal(
        team_id=membership.team_id,
        team_slug=membership.team.slug,
        scopes=scopes_of(role),
        user_id=user_id,
        membership_id=membership.pk,
        role=role,
    )


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer pare_…`. The key names the team."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        token = bearer(request)
        if token is None:
            return None
        principal = principal_of_key(token)
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Pare"'


class TeamSessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with its CSRF token; `X-Pare-Team: <slug>` chooses among several teams."""

    def authenticate(self, request: Request) -> tuple[Principal, Principal] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        slug = request.headers.get(TEAM_HEADER)
        principal = principal_of_session(found[0].pk, slug)
        if principal is None:
            unnamed = f"Name one of your teams in the header {TEAM_HEADER}."
            raise exceptions.NotFound("You are in no team of that name." if slug else unnamed)
        return principal, principal


class HasScope(permissions.BasePermission):
    """A view says `scope = Scope.X`, or `scopes = {"POST": Scope.Y}` for single methods; and `right` for a finer right.

    A view that says nothing is refused: forgetting is safe.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        principal = request.auth
        if not isinstance(principal, Principal):
            return False
        scope = getattr(view, "scopes", {}).get(request.method, getattr(view, "scope", None))
        if scope is None and request.method != "OPTIONS":
            raise Forbidden("This address is not open to the API.")
        if scope is not None and scope not in principal.scopes:
            raise ScopeMissing(scope)
        right = getattr(view, "rights", {}).get(request.method)
        if right is not None and not principal.has(right):
            raise Forbidden
        return True


class TeamAPIMixin:
    """For DRF views: `self.principal`, and `self.team`, the only door to rows."""

    request: Request

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


class HotRequest(HttpRequest):
    principal: Principal


View = Callable[..., HttpResponseBase]
HotView = Callable[Concatenate[HotRequest, P], HttpResponseBase]


def hot_api(
    *, scope: Scope, methods: tuple[str, ...] = ("POST",)
) -> Callable[[HotView[P]], Callable[..., HttpResponseBase]]:
    """For the two hot paths: a plain Django view with a bearer key (no SQL to check it) or a session with CSRF token.

    The view gets `request.principal`; a DomainError it raises becomes the one error shape.
    """

    def decorate(view: HotView[P]) -> View:
        @login_not_required
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise MethodNotAllowed(f"Use {' or '.join(methods)}.", headers={"Allow": ", ".join(methods)})
                principal = _principal(request)
                if scope not in principal.scopes:
                    raise ScopeMissing(scope)
                rate_limit.check(principal, hot=True)
                hot = cast(HotRequest, request)
                hot.principal = principal
                return view(hot, *args, **kwargs)
            except DomainError as error:
                return error_response(error)

        guarded.api_scope = scope  # type: ignore[attr-defined]  # read by the access matrix
        guarded.api_methods = methods  # type: ignore[attr-defined]
        return guarded

    return decorate


def _principal(request: HttpRequest) -> Principal:
    token = bearer(request)
    if token is not None:
        return principal_of_key(token)
    if not request.user.is_authenticated:
        raise NotAuthenticated(headers={"WWW-Authenticate": 'Bearer realm="Pare"'})
    try:
        TeamSessionAuthentication().enforce_csrf(cast(Request, request))  # only reads headers and cookies
    except exceptions.PermissionDenied as error:
        raise Forbidden(str(error.detail)) from None
    principal = principal_of_session(request.user.pk, request.headers.get(TEAM_HEADER))
    if principal is None:
        raise NotAuthenticated(f"Name one of your teams in the header {TEAM_HEADER}.")
    return principal
