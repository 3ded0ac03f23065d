"""Who and where an event belongs to: labels as sent, matched to the team's own members and repositories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.access import Principal
from accounts.models import Membership
from repos.models import Repository
from usage.ingest import NewEvent
from usage.sources import EventError, UsageRecord


def resolve(
    principal: Principal, records: Sequence[tuple[int, UsageRecord]]
) -> tuple[list[NewEvent], list[EventError]]:
    """Attach member and repository ids. What matches nothing keeps its label; it is never dropped.

    A personal key speaks for its member alone: an event that names somebody else is refused.
    """
    members = match_members(principal.team_id, {record.member for _, record in records})
    repositories = match_repositories(principal.team_id, {record.repository for _, record in records})
    events, errors = [], []
    for index, record in records:
        member_id = members.get(record.member)
        if not principal.is_service:
            if record.member and member_id != principal.user_id:
                message = (
                    "A personal key reports its own member only. Send this with a service key, or leave member out."
                )
                errors.append(EventError(index, "member_not_allowed", message, "member"))
                continue
            member_id = principal.user_id
        events.append(
            NewEvent(
                record,
                member_id=member_id,
                member_label="" if member_id else record.member,
                repository_id=repositories.get(record.repository),
                api_key_id=principal.key_id,
            )
        )
    return events, errors


def match_members(team_id: int, emails: Iterable[str]) -> dict[str, int]:
    """User ids of the team's members by e-mail address in small letters."""
    wanted = {email for email in emails if email}
    if not wanted:
        return {}
    found = Membership.objects.for_team(team_id).filter(user__email__in=wanted)
    return dict(found.values_list("user__email", "user_id"))


def match_repositories(team_id: int, labels: Iterable[str]) -> dict[str, int]:
    """Ids of the team's repositories by label; the one linked first wins a name that several have."""
    wanted = {label for label in labels if label}
    if not wanted:
        return {}
    known: dict[str, int] = {}
    for pk, name, url, public_id in (
        Repository.objects.for_team(team_id).order_by("pk").values_list("pk", "name", "url", "public_id")
    ):
        address = repository_key(url)
        for key in (str(public_id), repository_key(name), address, "/".join(address.split("/")[-2:])):
            known.setdefault(key, pk)
    keys = {label: repository_key(label) for label in wanted}
    return {label: known[key] for label, key in keys.items() if key in known}


def repository_key(label: str) -> str:
    """`https://github.com/acme/Shop.git`, `git@github.com:acme/shop` and `github.com/acme/shop` have one key."""
    text = label.strip().lower().rstrip("/").removesuffix(".git")
    text = text.partition("://")[2] or text
    before, at, rest = text.partition("@")
    if at and "/" not in before:
        text = rest
    return text.replace(":", "/", 1)
