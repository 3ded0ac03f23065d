"""Inviting people by email. The link's token is made by the mail task, so that only its digest is ever stored."""

import secrets
from datetime import timedelta
from functools import partial
from hashlib import sha256

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from accounts import audit
from accounts.models import INVITATION_LIFETIME, Invitation, Membership, Team, User
from accounts.roles import Right, Role
from accounts.services.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationLimitReached,
    InvitationNotOpen,
    OwnersOnly,
    ResentTooSoon,
    WrongAddress,
)
from accounts.services.members import check_place, may_touch_role
from accounts.services.teams import lock_team, lock_team_for
from accounts.tasks import send_invitation
from config.errors import NotFound

RESEND_AFTER = timedelta(minutes=5)
SENDS_PER_ADDRESS = 5  # mails of one team to one address within a day
INVITATIONS_PER_DAY = 100  # of one team


def invitation_of(token: str) -> Invitation | None:
    """The invitation with this token, whatever its state; None when there is none or its team was closed."""
    digest = sha256(token.encode("utf-8", "replace")).digest()
    found = Invitation.objects.select_related("team", "invited_by").filter(token_digest=digest, team__closed_at=None)
    return found.first()


@transaction.atomic
def invite(*, team: Team, email: str, role: Role, actor: User) -> Invitation:
    """Offers an address a place in the team for seven days; the mail goes out once this is committed.

    Raises NotFound, Forbidden, OwnersOnly, AlreadyMember, AlreadyInvited, InvitationLimitReached.
    """
    team, acting = lock_team_for(team, actor, Right.MANAGE_MEMBERS)
    if not may_touch_role(acting, role):
        raise OwnersOnly
    email = email.lower()
    if _is_member(team, email):
        raise AlreadyMember(email)
    _check_not_invited(team, email)
    _check_sends(team, email)
    invitation = Invitation.objects.create(
        team=team, email=email, role=role, token_digest=secrets.token_bytes(32), invited_by=actor
    )
    _send_on_commit(invitation)
    audit.record(team=team, actor=actor, action="invitation.created", target=email, details={"role": role.value})
    return invitation


@transaction.atomic
def resend_invitation(*, invitation: Invitation, actor: User) -> Invitation:
    """Sends a new link that again works for seven days; the link of the earlier mail stops.

    Raises NotFound, Forbidden, OwnersOnly, InvitationNotOpen, ResentTooSoon, InvitationLimitReached.
    """
    team, acting = lock_team_for(invitation.team, actor, Right.MANAGE_MEMBERS)
    invitation = _reread(team, invitation)
    if not may_touch_role(acting, invitation.role):
        raise OwnersOnly
    now = timezone.now()
    if invitation.accepted_at or invitation.revoked_at:
        raise InvitationNotOpen
    if invitation.sent_at > now - RESEND_AFTER:
        raise ResentTooSoon
    if invitation.times_sent >= SENDS_PER_ADDRESS:
        raise InvitationLimitReached(
            f"This invitation was sent {SENDS_PER_ADDRESS} times, and that is the limit. Revoke it and ask for the "
            "right address."
        )
    invitation.sent_at, invitation.expires_at = now, now + INVITATION_LIFETIME
    invitation.times_sent += 1
    invitation.save(update_fields=["sent_at", "expires_at", "times_sent"])
    _send_on_commit(invitation)
    audit.record(team=team, actor=actor, action="invitation.resent", target=invitation.email)
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, actor: User) -> None:
    """Ends an invitation that was not accepted yet. Raises NotFound, Forbidden, OwnersOnly, InvitationNotOpen."""
    team, acting = lock_team_for(invitation.team, actor, Right.MANAGE_MEMBERS)
    invitation = _reread(team, invitation)
    if not may_touch_role(acting, invitation.role):
        raise OwnersOnly
    if invitation.accepted_at or invitation.revoked_at:
        raise InvitationNotOpen
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    audit.record(team=team, actor=actor, action="invitation.revoked", target=invitation.email)


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User) -> Membership:
    """Makes the person a member, once: the address must be theirs and verified, and a place must be free.

    The billing role needs no place.

    Raises NotFound, InvitationNotOpen, WrongAddress, AlreadyMember, MemberCapReached.
    """
    team = lock_team(invitation.team)
    invitation = _reread(team, invitation)
    if not invitation.is_open:
        raise InvitationNotOpen
    if not has_verified(user, invitation.email):
        raise WrongAddress
    if Membership.objects.for_team(team).filter(user=user).exists():
        raise AlreadyMember(user.email)
    check_place(team, invitation.role)
    membership = Membership.objects.create(team=team, user=user, role=invitation.role)
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    details = {"role": invitation.role}
    audit.record(team=team, actor=user, action="invitation.accepted", target=invitation.email, details=details)
    return membership


def has_verified(user: User, email: str) -> bool:
    """Whether this address is the person's and they proved it with a code."""
    # Addresses are stored in small letters and compared as they are: by the database's upper case, a dotless ı is an I,
    # and whoever has such a domain would pass for somebody else.
    return bool(EmailAddress.objects.filter(user=user, email=email.lower(), verified=True).exists())


def _reread(team: Team, invitation: Invitation) -> Invitation:
    """The invitation as it is now that the team is locked."""
    found = Invitation.objects.for_team(team).filter(pk=invitation.pk).first()
    if found is None:
        raise NotFound
    return found


def _is_member(team: Team, email: str) -> bool:
    own = Q(user__email=email)
    verified = Q(user__emailaddress__email=email, user__emailaddress__verified=True)
    return Membership.objects.for_team(team).filter(own | verified).exists()


def _check_not_invited(team: Team, email: str) -> None:
    """Raises AlreadyInvited. An invitation that ran out makes way for the new one."""
    pending = Invitation.objects.for_team(team).filter(email=email, accepted_at=None, revoked_at=None)
    if pending.open().exists():
        raise AlreadyInvited(email)
    pending.update(revoked_at=timezone.now())


def _check_sends(team: Team, email: str) -> None:
    """Raises InvitationLimitReached: nobody's mailbox can be filled by inviting and revoking over and over."""
    today = Invitation.objects.for_team(team).filter(sent_at__gt=timezone.now() - timedelta(days=1))
    to_address = today.filter(email=email).aggregate(sent=Sum("times_sent"))["sent"] or 0
    if to_address >= SENDS_PER_ADDRESS:
        raise InvitationLimitReached(
            f"{email} was sent {SENDS_PER_ADDRESS} invitations within a day, and that is the limit. Try again tomorrow."
        )
    if today.count() >= INVITATIONS_PER_DAY:
        raise InvitationLimitReached(
            f"This team sent {INVITATIONS_PER_DAY} invitations within a day, and that is the limit. Try again tomorrow."
        )


def _send_on_commit(invitation: Invitation) -> None:
    # The present digest is the ticket: only the first task that shows it can put a token of its own in its place.
    ticket = bytes(invitation.token_digest).hex()
    transaction.on_commit(partial(send_invitation.delay, invitation.pk, ticket))
