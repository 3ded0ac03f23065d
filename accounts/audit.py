"""The audit trail: one row an act, written in the same transaction as the act."""

from typing import Any

from accounts.access import Principal
from accounts.models import ApiKey, AuditEntry, Team, User


def record(
    *,
    team: Team | int,
    actor: User | Principal | None,
    action: str,
    target: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Notes who did what. `action` is `<noun>.<past verb>`, such as `member.removed`; `actor=None` is Pare itself.

    `details` holds plain JSON and never a secret, a prompt or code.
    """
    user_id = actor.user_id if isinstance(actor, Principal) else actor.pk if actor else None
    AuditEntry.objects.create(
        team_id=team if isinstance(team, int) else team.pk,
        actor_id=user_id,
        actor_label=_label(actor)[:254],
        action=action,
        target=target[:254],
        details=details or {},
    )


def _label(actor: User | Principal | None) -> str:
    """Kept as text, so that the entry still says who it was when the person or the key is gone."""
    if actor is None:
        return "Pare"
    if isinstance(actor, User):
        return actor.email
    if actor.key_id:
        key_id = ApiKey.objects.for_team(actor.team_id).values_list("key_id", flat=True).get(pk=actor.key_id)
        return f"key {actor.key_name} (pare_{key_id})"
    return User.objects.values_list("email", flat=True).get(pk=actor.user_id or 0)
