"""What the verbs of people and teams refuse, each with a code that a program can act on.

DomainError
├── LastOwner, OwnersOnly                    who may act on whom
├── MemberCapReached, ServiceKeysNotInPlan   402: the plan does not give it
├── AlreadyMember, AlreadyInvited, InvitationNotOpen, WrongAddress, ResentTooSoon, InvitationLimitReached
├── SlugTaken, SlugReserved, NoSlug, TeamLimitReached
└── ScopeNotAllowed, NoScopes, KeyLimitReached, BadExpiry
"""

from collections.abc import Iterable

from config.errors import DomainError, Forbidden


class LastOwner(DomainError):
    code, status = "last_owner", 409
    message = "A team always has at least one owner, and this is the last. Make somebody else an owner first."


class OwnersOnly(Forbidden):
    code = "owners_only"
    message = "Only an owner can make, change or remove an owner. Ask one of the owners of this team."


class MemberCapReached(DomainError):
    """Every place that the team's plan allows is taken."""

    code, status = "member_cap_reached", 402

    def __init__(self, cap: int) -> None:
        seats = "1 member" if cap == 1 else f"{cap} members"
        super().__init__(
            f"The team's plan allows {seats}, and every place is taken. Once an owner adds seats or changes the plan, "
            "or a member leaves, this works."
        )


class ServiceKeysNotInPlan(DomainError):
    code, status = "service_keys_not_in_plan", 402
    message = "Service keys are part of the Team plan. Make a personal key, or ask an owner to change the plan."


class AlreadyMember(DomainError):
    """The address belongs to a member of the team already."""

    code, status = "already_member", 409

    def __init__(self, email: str) -> None:
        message = f"{email} is a member of this team already."
        super().__init__(message, fields={"email": [message]})


class AlreadyInvited(DomainError):
    """The address has an open invitation to the team already."""

    code, status = "already_invited", 409

    def __init__(self, email: str) -> None:
        message = f"{email} has an open invitation already. Send that one again, or revoke it first."
        super().__init__(message, fields={"email": [message]})


class InvitationNotOpen(DomainError):
    code, status = "invitation_not_open", 410
    message = "This invitation cannot be used any more. Ask the team for a new one."


class WrongAddress(DomainError):
    code, status = "invitation_for_another_address", 403
    message = (
        "This invitation was sent to another email address. Log in with the address it was sent to, or add that "
        "address to your account and verify it."
    )


class ResentTooSoon(DomainError):
    code, status = "invitation_resent_too_soon", 429
    message = "This invitation was sent less than five minutes ago. Wait a little, then send it again."


class InvitationLimitReached(DomainError):
    code, status = "invitation_limit_reached", 429
    message = "Too many invitations were sent. Try again tomorrow."


class SlugTaken(DomainError):
    """Another team has this address."""

    code, status = "slug_taken", 409

    def __init__(self, slug: str) -> None:
        message = f"The address “{slug}” is taken. Choose another one."
        super().__init__(message, fields={"slug": [message]})


class SlugReserved(DomainError):
    """The address is kept for Pare itself."""

    code, status = "slug_reserved", 400

    def __init__(self, slug: str) -> None:
        message = f"The address “{slug}” is kept for Pare itself. Choose another one."
        super().__init__(message, fields={"slug": [message]})


class NoSlug(DomainError):
    """No address can be made from the name."""

    code, status = "slug_missing", 400

    def __init__(self) -> None:
        message = "No address can be made from this name. Type one of small letters, digits and hyphens."
        super().__init__(message, fields={"slug": [message]})


class TeamLimitReached(DomainError):
    """One person can own no more teams than this."""

    code, status = "team_limit_reached", 409

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"You own {limit} teams, and that is as many as one person can own. Delete one you do not use."
        )


class ScopeNotAllowed(DomainError):
    """The role does not allow a key to have this scope."""

    code, status = "scope_not_allowed", 403

    def __init__(self, scopes: Iterable[str]) -> None:
        message = f"Your role does not allow a key to have: {', '.join(sorted(scopes))}. Leave that out."
        super().__init__(message, fields={"scopes": [message]})


class NoScopes(DomainError):
    """A key needs at least one scope."""

    code, status = "scopes_missing", 400

    def __init__(self) -> None:
        message = "A key needs at least one scope."
        super().__init__(message, fields={"scopes": [message]})


class BadExpiry(DomainError):
    """The key would have expired already."""

    code, status = "bad_expiry", 400

    def __init__(self) -> None:
        message = "The key would have expired already. Choose a later day, or leave it empty."
        super().__init__(message, fields={"expires_at": [message]})


class KeyLimitReached(DomainError):
    """There are as many live keys as there can be."""

    code, status = "key_limit_reached", 409

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit} live keys already. Revoke those that are not used, then make a new one.")
