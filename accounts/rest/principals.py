"""From a key or a session to a principal, or the refusal that says why not."""

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import CSRFCheck
from rest_framework.request import Request

from accounts import api_keys
from accounts.access import Principal
from accounts.models import Membership
from accounts.roles import Role, Scope, scopes_of
from config.errors import DomainError

TEAM_HEADER = "X-Pare-Team"
CHALLENGE = 'Bearer realm="Pare"'


class InvalidKey(DomainError):
    code, status = "invalid_key", 401
    message = "This API key is not valid: check that it is whole, not revoked and not expired, or make a new one."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": CHALLENGE})


class NotAuthenticated(DomainError):
    code, status = "not_authenticated", 401
    message = "Send an API key: Authorization: Bearer pare_…"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": CHALLENGE})


class CsrfFailed(DomainError):
    code, status = "csrf_failed", 403
    message = "A browser's session needs the header X-CSRFToken for this. Load the page anew, or send an API key."


class TeamUnknown(DomainError):
    code, status = "team_unknown", 404
    message = f"Name one of your teams, by its slug, in the header {TEAM_HEADER}."


class ScopeMissing(DomainError):
    code, status = "scope_missing", 403
    message = "The key lacks the scope that this address needs."

    def __init__(self, scope: Scope):
        super().__init__(f"This needs the scope {scope}. Make a key that has it, or ask an admin of the team.")


def bearer(request: HttpRequest | Request) -> str | None:
    """The bearer token of the request, or None without one."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def principal_of_key(text: str) -> Principal:
    """Raises InvalidKey (401), the same for every reason."""
    principal = api_keys.authenticate(text)
    if principal is None:
        raise InvalidKey
    return principal


def principal_of_session(request: HttpRequest, user_id: int) -> Principal:
    """The logged-in person's standing in the team that the request names, or in their only one.

    Raises CsrfFailed (403), and TeamUnknown (404) when there is no such team or more than one to choose from.
    """
    _check_csrf(request)
    slug = request.headers.get(TEAM_HEADER)
    memberships = Membership.objects.select_related("team").filter(user_id=user_id, team__closed_at=None)
    found = list(memberships.filter(team__slug=slug) if slug else memberships[:2])
    if len(found) != 1:
        raise TeamUnknown("You are in no team of that name." if slug else "")
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


def _check_csrf(request: HttpRequest) -> None:
    """What Django does for forms. Views of the API are exempt from the middleware, because keys need no token."""
    check = CSRFCheck(lambda request: HttpResponse())  # what would come next; never called
    check.process_request(request)
    if check.process_view(request, lambda: HttpResponse(), (), {}):
        raise CsrfFailed
