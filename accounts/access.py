"""The principal of an API request, and the guard of every team page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts.models import Membership, Team, User
from accounts.roles import ROLE_RIGHTS, SCOPE_RIGHTS, Right, Role, Scope
from config.errors import Forbidden

P = ParamSpec("P")
LAST_TEAM_SECONDS = 90 * 86400


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request of the API speaks for: a team, and either a member (by key or session) or a service key."""

    team_id: int
    team_slug: str
    scopes: frozenset[Scope]
    key_id: int | None = None
    key_name: str = ""
    user_id: int | None = None
    membership_id: int | None = None
    role: Role | None = None

    # DRF asks these of `request.user`.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_service(self) -> bool:
        return self.membership_id is None

    def has(self, right: Right) -> bool:
        """Whether the right is held; a service key holds those its scopes stand for, for the whole team."""
        if self.role is not None:
            return right in ROLE_RIGHTS[self.role]
        granted = {SCOPE_RIGHTS[scope] for scope in self.scopes}
        if Scope.SPEND_READ in self.scopes:
            granted |= {Right.SEE_TEAM, Right.SEE_TEAM_SPEND, Right.SEE_BILLING}
        return right in granted

    def rate_key(self) -> str:
        return f"key:{self.key_id}" if self.key_id else f"user:{self.user_id}:{self.team_id}"


class PersonRequest(HttpRequest):
    """A request of somebody logged in, which the middleware makes sure of."""

    user: User


class TeamRequest(HttpRequest):
    """A request that passed `team_view`: it carries the team and the membership that lets it in."""

    team: Team
    membership: Membership
    user: User


def holds(membership: Membership, right: Right) -> bool:
    return right in ROLE_RIGHTS[Role(membership.role)]


def check_right(membership: Membership, right: Right) -> None:
    """Raises Forbidden (403) unless the membership's role holds the right."""
    if not holds(membership, right):
        raise Forbidden(
            f"Your role in this team ({Role(membership.role).label}) does not allow this. Ask an owner or admin."
        )


View = Callable[..., HttpResponseBase]


def team_view(right: Right) -> Callable[[Callable[Concatenate[TeamRequest, P], HttpResponseBase]], View]:
    """Guards a page below `/t/<team>/`: no such team or not a member is 404, a role without the right is 403.

    The view is called without the slug: `request.team` and `request.membership` are set.
    """

    def decorate(view: Callable[Concatenate[TeamRequest, P], HttpResponseBase]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, team: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            enter_team(request, team)
            entered = cast(TeamRequest, request)
            if not holds(entered.membership, right):
                raise PermissionDenied
            return view(entered, *args, **kwargs)

        guarded.team_right = right  # type: ignore[attr-defined]  # read by the access matrix
        return guarded

    return decorate


def enter_team(request: HttpRequest, slug: str) -> None:
    """Sets `request.team` and `request.membership`, or raises Http404 when this person is not a member."""
    membership = (
        Membership.objects.select_related("team")
        .filter(team__slug=slug, team__closed_at=None, user_id=request.user.pk or 0)
        .first()
    )
    if membership is None:
        raise Http404
    entered = cast(TeamRequest, request)
    entered.membership = membership
    entered.team = membership.team
    cache.set(last_team_key(membership.user_id), slug, LAST_TEAM_SECONDS)


def last_team_key(user_id: int) -> str:
    """Where the cache holds the slug of the team somebody used last: a log-in leads back to it."""
    return f"last-team:{user_id}"
