"""The verbs of people and teams: keyword-only, atomic, each refusal a DomainError of `accounts.services.errors`."""

from accounts.services.invitations import (
    accept_invitation,
    has_verified,
    invitation_of,
    invite,
    resend_invitation,
    revoke_invitation,
)
from accounts.services.keys import create_key, keys_seen_by, revoke_key
from accounts.services.members import change_role, leave_team, members_in_use, remove_member, roles_to_give
from accounts.services.teams import close_team, create_team, rename_team, suggest_slug

__all__ = [
    "accept_invitation",
    "change_role",
    "close_team",
    "create_key",
    "create_team",
    "has_verified",
    "invitation_of",
    "invite",
    "keys_seen_by",
    "leave_team",
    "members_in_use",
    "remove_member",
    "rename_team",
    "resend_invitation",
    "revoke_invitation",
    "revoke_key",
    "roles_to_give",
    "suggest_slug",
]
