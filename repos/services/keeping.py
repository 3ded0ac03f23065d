"""Which repositories stay active when the plan has too few places for all that are linked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Team, User
from accounts.roles import Right
from accounts.services.teams import lock_team_for
from billing.planned import planned_plan
from billing.plans import Plan, is_within
from billing.services import plan_of
from repos import pauses
from repos.errors import NotLinked, TooManyKept
from repos.models import Repository

NAMES_NOTED = 20


@dataclass(frozen=True, slots=True)
class Places:
    """How many repositories may stay active (None: all) under a plan. `at`: when that plan comes; None: it holds."""

    plan: Plan
    cap: int | None
    at: datetime | None


def places_of(team: Team, linked: int) -> Places:
    """What a choice is for: the present plan when the team is over it, else a smaller one that is planned."""
    plan = plan_of(team)
    if is_within(linked, plan.repositories) and (planned := planned_plan(team)):
        cap = planned.plan.repositories
        if cap is not None and (plan.repositories is None or cap < plan.repositories):
            return Places(planned.plan, cap, planned.at)
    return Places(plan, plan.repositories, None)


@transaction.atomic
def choose_kept(*, team: Team, chosen: Collection[UUID], actor: User) -> Places:
    """Store which repositories stay active, and pause and resume at once where the team is over its cap now.

    Places that are left go to those linked first. Raises NotFound, Forbidden, NotLinked (400), TooManyKept (402).
    """
    team, _ = lock_team_for(team, actor, Right.MANAGE_REPOSITORIES)
    mine = Repository.objects.for_team(team)
    names = dict(mine.order_by("name", "pk").values_list("public_id", "name"))
    if not names.keys() >= set(chosen):
        raise NotLinked
    places = places_of(team, len(names))
    if not is_within(len(set(chosen)), places.cap):
        raise TooManyKept(places.plan)
    # Who was chosen before keeps the time of that choice, which decides if the plan becomes smaller still.
    added = mine.filter(public_id__in=chosen, kept_at=None).update(kept_at=timezone.now())
    dropped = mine.exclude(public_id__in=chosen).exclude(kept_at=None).update(kept_at=None)
    if added or dropped:
        kept = [name for public_id, name in names.items() if public_id in chosen]
        details = {"count": len(kept), "kept": kept[:NAMES_NOTED]}
        audit.record(team=team, actor=actor, action="repository.kept_chosen", details=details)
    pauses.settle(team)
    return places
