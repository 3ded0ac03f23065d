"""Repositories over a plan's cap are paused, newest first, and resumed, oldest first, when there is room again."""

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Team
from billing.services import plan_of
from repos.models import Repository


@transaction.atomic
def settle(team: Team) -> int:
    """Make what is paused agree with the team's plan; gives how many repositories changed. Nothing is deleted."""
    team = Team.objects.select_for_update().get(pk=team.pk)
    cap = plan_of(team).repositories
    changed = 0
    for place, repository in enumerate(Repository.objects.for_team(team).order_by("created_at", "pk")):
        should_pause = cap is not None and place >= cap
        if should_pause == bool(repository.paused_at):
            continue
        now = timezone.now()
        Repository.objects.filter(pk=repository.pk).update(paused_at=now if should_pause else None, next_poll_at=now)
        action = "repository.paused" if should_pause else "repository.resumed"
        audit.record(team=team, actor=None, action=action, target=repository.identity)
        changed += 1
    return changed
