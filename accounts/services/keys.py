"""Making and revoking API keys. Checking one is `accounts.api_keys`."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import api_keys, audit
from accounts.access import check_right, holds
from accounts.models import ApiKey, ApiKeyQuerySet, Membership, Team, User
from accounts.roles import Right, Role, Scope, scopes_of
from accounts.services.errors import BadExpiry, KeyLimitReached, NoScopes, ScopeNotAllowed, ServiceKeysNotInPlan
from accounts.services.teams import lock_team_for
from config.errors import NotFound

PERSONAL_KEYS_LIMIT = 50  # live keys of one member
SERVICE_KEYS_LIMIT = 200  # live keys of one team


def keys_seen_by(membership: Membership) -> ApiKeyQuerySet:
    """The keys a member may see and revoke: all of the team for those who manage service keys, else their own."""
    keys = ApiKey.objects.for_team(membership.team_id).select_related("membership__user", "created_by")
    return keys if holds(membership, Right.MANAGE_SERVICE_KEYS) else keys.filter(membership=membership)


@transaction.atomic
def create_key(
    *,
    team: Team,
    name: str,
    scopes: Collection[Scope],
    service: bool,
    actor: User,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its full text, which is shown once and stored nowhere.

    Raises NotFound, Forbidden, NoScopes, ScopeNotAllowed, BadExpiry, ServiceKeysNotInPlan, KeyLimitReached.
    """
    right = Right.MANAGE_SERVICE_KEYS if service else Right.MANAGE_OWN_KEYS
    team, membership = lock_team_for(team, actor, right)
    if service and not team.service_keys_allowed:
        raise ServiceKeysNotInPlan
    _check_scopes(scopes, Role(membership.role))
    if expires_at is not None and expires_at <= timezone.now():
        raise BadExpiry
    _check_limit(team, None if service else membership)
    new = api_keys.generate()
    key = ApiKey.objects.create(
        team=team,
        membership=None if service else membership,
        name=name,
        key_id=new.key_id,
        secret_digest=new.digest,
        last_four=new.last_four,
        scopes=[scope.value for scope in Scope if scope in scopes],
        created_by=actor,
        expires_at=expires_at,
    )
    details = {"key": key.key_id, "scopes": key.scopes, "service": service}
    audit.record(team=team, actor=actor, action="api_key.created", target=name, details=details)
    return key, new.text


@transaction.atomic
def revoke_key(*, key: ApiKey, actor: User) -> None:
    """Ends a key: at once in the database, and within 30 s in every process that knows it. Twice is once.

    Raises NotFound, Forbidden for somebody else's key without the right to manage the team's keys.
    """
    team, membership = lock_team_for(key.team, actor, Right.SEE_TEAM)
    key = _reread(team, key)
    if key.membership_id != membership.pk:
        check_right(membership, Right.MANAGE_SERVICE_KEYS)
    if key.revoked_at is not None:
        return
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    audit.record(team=team, actor=actor, action="api_key.revoked", target=key.name, details={"key": key.key_id})


def _reread(team: Team, key: ApiKey) -> ApiKey:
    found = ApiKey.objects.for_team(team).filter(pk=key.pk).first()
    if found is None:
        raise NotFound
    return found


def _check_scopes(scopes: Collection[Scope], role: Role) -> None:
    if not scopes:
        raise NoScopes
    if beyond := set(scopes) - scopes_of(role):
        raise ScopeNotAllowed(beyond)


def _check_limit(team: Team, membership: Membership | None) -> None:
    limit = SERVICE_KEYS_LIMIT if membership is None else PERSONAL_KEYS_LIMIT
    if ApiKey.objects.for_team(team).live().filter(membership=membership).count() >= limit:
        raise KeyLimitReached(limit)
