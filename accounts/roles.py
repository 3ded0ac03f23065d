"""Roles, rights and scopes: one table each of who may do what."""

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    BILLING = "billing", "Billing"


class Scope(models.TextChoices):
    """What an API key may be used for."""

    CONTEXT_READ = "context:read", "Read context: repositories, symbols, slices"
    USAGE_WRITE = "usage:write", "Send usage events"
    SPEND_READ = "spend:read", "Read spend, billing, team and members"
    REPOS_WRITE = "repos:write", "Link, re-index and unlink repositories"


class Right(StrEnum):
    SEE_TEAM = "see_team"
    SEE_CODE = "see_code"
    SEE_OWN_SPEND = "see_own_spend"
    SEE_TEAM_SPEND = "see_team_spend"
    SEND_USAGE = "send_usage"
    MANAGE_REPOSITORIES = "manage_repositories"
    MANAGE_OWN_KEYS = "manage_own_keys"
    MANAGE_SERVICE_KEYS = "manage_service_keys"
    MANAGE_MEMBERS = "manage_members"
    SEE_AUDIT = "see_audit"
    SEE_BILLING = "see_billing"
    MANAGE_BILLING = "manage_billing"
    MANAGE_TEAM = "manage_team"
    CLOSE_TEAM = "close_team"


_MEMBER = {Right.SEE_TEAM, Right.SEE_CODE, Right.SEE_OWN_SPEND, Right.SEND_USAGE, Right.MANAGE_OWN_KEYS}
_ADMIN = _MEMBER | {
    Right.SEE_TEAM_SPEND,
    Right.MANAGE_REPOSITORIES,
    Right.MANAGE_SERVICE_KEYS,
    Right.MANAGE_MEMBERS,
    Right.MANAGE_TEAM,
    Right.SEE_AUDIT,
    Right.SEE_BILLING,
}
ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMIN: frozenset(_ADMIN),
    Role.MEMBER: frozenset(_MEMBER),
    # Sees money and seats, never code.
    Role.BILLING: frozenset(
        {Right.SEE_TEAM, Right.SEE_OWN_SPEND, Right.SEE_TEAM_SPEND, Right.SEE_BILLING, Right.MANAGE_BILLING}
    ),
}

# A key of a person may never do more than the person: each scope needs its right in the member's role of today.
SCOPE_RIGHTS: dict[Scope, Right] = {
    Scope.CONTEXT_READ: Right.SEE_CODE,
    Scope.USAGE_WRITE: Right.SEND_USAGE,
    Scope.SPEND_READ: Right.SEE_OWN_SPEND,
    Scope.REPOS_WRITE: Right.MANAGE_REPOSITORIES,
}


def scopes_of(role: Role) -> frozenset[Scope]:
    """The scopes that a person with this role can give to a personal key, or use through a session."""
    return frozenset(scope for scope, right in SCOPE_RIGHTS.items() if right in ROLE_RIGHTS[role])
