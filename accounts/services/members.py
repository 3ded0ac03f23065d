"""Who is in a team, and as what. Every verb locks the team's row first, so that counts hold while it writes."""

from django.db import transaction

from accounts import audit
from accounts.models import ApiKey, Membership, Team, User
from accounts.roles import Right, Role
from accounts.services.errors import LastOwner, MemberCapReached, OwnersOnly
from accounts.services.teams import lock_team, lock_team_for
from config.errors import NotFound


def members_in_use(team: Team) -> int:
    """How many of the plan's members are taken: all but the billing role. Invitations count once they are accepted."""
    return Membership.objects.for_team(team).billable().count()


def check_place(team: Team, role: str) -> None:
    """Raises MemberCapReached when somebody more with this role finds no place. Call it with the team locked."""
    if role != Role.BILLING and team.member_cap is not None and team.is_full_with(members_in_use(team)):
        raise MemberCapReached(team.member_cap)


def may_touch_role(actor: Membership, *roles: str) -> bool:
    """Whether the actor may give, take or remove these roles: those of owners are the owners' alone."""
    return actor.role == Role.OWNER or Role.OWNER not in roles


def roles_to_give(actor: Membership) -> list[Role]:
    return [role for role in Role if may_touch_role(actor, role)]


@transaction.atomic
def change_role(*, membership: Membership, role: Role, actor: User) -> Membership:
    """Gives a member another role. Their personal keys do no more than the new role from then on (within 30 s).

    From the billing role to another takes a place in the plan, and back frees it.
    Raises NotFound, Forbidden, OwnersOnly, LastOwner, MemberCapReached.
    """
    team, acting = lock_team_for(membership.team, actor, Right.MANAGE_MEMBERS)
    membership = _reread(team, membership)
    before = Role(membership.role)
    if before == role:
        return membership
    if not may_touch_role(acting, before, role):
        raise OwnersOnly
    if before == Role.OWNER:
        _keep_one_owner(team)
    if before == Role.BILLING:
        check_place(team, role)
    membership.role = role
    membership.save(update_fields=["role"])
    details = {"before": before.value, "after": role.value}
    audit.record(team=team, actor=actor, action="member.role_changed", target=membership.user.email, details=details)
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, actor: User) -> int:
    """Ends somebody's membership and with it their personal keys; returns how many live keys ended.

    Raises NotFound, Forbidden, OwnersOnly, LastOwner.
    """
    team, acting = lock_team_for(membership.team, actor, Right.MANAGE_MEMBERS)
    membership = _reread(team, membership)
    if not may_touch_role(acting, membership.role):
        raise OwnersOnly
    return _end(team, membership, actor, "member.removed")


@transaction.atomic
def leave_team(*, membership: Membership) -> int:
    """Ends one's own membership and personal keys; returns how many live keys ended. Raises NotFound, LastOwner."""
    team = lock_team(membership.team)
    membership = _reread(team, membership)
    return _end(team, membership, membership.user, "member.left")


def _reread(team: Team, membership: Membership) -> Membership:
    """The membership as it is now that the team is locked. Raises NotFound when it ended meanwhile."""
    found = Membership.objects.for_team(team).select_related("user").filter(pk=membership.pk).first()
    if found is None:
        raise NotFound
    return found


def _keep_one_owner(team: Team) -> None:
    # The last owner stays, or nobody could ever pay for the team or delete it.
    if Membership.objects.for_team(team).owners().count() < 2:
        raise LastOwner


def _end(team: Team, membership: Membership, actor: User, action: str) -> int:
    if membership.role == Role.OWNER:
        _keep_one_owner(team)
    keys = ApiKey.objects.for_team(team).live().filter(membership=membership).count()
    details = {"role": membership.role, "keys_ended": keys}
    audit.record(team=team, actor=actor, action=action, target=membership.user.email, details=details)
    membership.delete()
    return keys
