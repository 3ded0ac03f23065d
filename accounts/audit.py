"""The audit trail: one row an act, written in the same transaction as the act."""

from typing import Any

from accounts.access import Principal
from accounts.models import AuditEntry, Team, User


def record(
    *,
    team: Team | int,
    actor: User | Principal | None,
    action: str,
    target: str = "",
    details: dict[str, Any] | None = None,
    ip: str | None = None,
) -> None:
    """Notes who did what. `action` is `<noun>.<past verb>`, such as `member.removed`; `actor=None` is Pare itself.

    `details` holds plain JSON and never a secret, a prompt or code.
    """
    user_id = actor.user_id if isinstance(actor, Principal) else actor.pk if actor else None
    AuditEntry.objects.create(
        team_id=team if isinstance(team, int) else team.pk,
        actor_id=user_id,
        actor_label=_label(actor)[:254],
        api_key_id_text=str(actor.key_id or "") if isinstance(actor, Principal) else "",
        action=action,
        target=target[:254],
        details=details or {},
        ip=ip,
    )


def _label(actor: User | Principal | None) -> str:
    if actor is None:
        return "Pare"
    if isinstance(actor, User):
        return actor.email
    return (
        f"key {actor.key_name}"
        if actor.key_id
        else str(User.objects.filter(pk=actor.user_id or 0).values_list("email", flat=True).first())
    )
