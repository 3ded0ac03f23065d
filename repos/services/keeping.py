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
from billing.plans import BY_KEY, Plan, is_within
from billing.services import plan_of
from repos import pauses
from repos.errors import NotLinked, TooManyKept
from repos.models import Repository

NAMES_NOTED = 20


@dataclass(frozen=True, slots=True)
class Places:
    """How many repositories may stay active (None: all) under a plan, the present one when it `holds`.

    `at` is when a planned one comes; None when nobody has decided on it yet.
    """

    plan: Plan
    holds: bool = True
    at: datetime | None = None

    @property
    def cap(self) -> int | None:
        return self.plan.repositories


def places_of(team: Team, linked: int, under: str = "") -> Places:
    """What a choice is for: the present plan when the team is over it, else the plan `under`, else a planned one.

    `under` is the key of a plan to which somebody thinks of changing. Plans that are not smaller do not count.
    """
    plan = plan_of(team)
    if not is_within(linked, plan.repositories):
        return Places(plan)
    if under in BY_KEY and _is_smaller(BY_KEY[under], plan):
        return Places(BY_KEY[under], holds=False)
    planned = planned_plan(team)
    if planned and _is_smaller(planned.plan, plan):
        return Places(planned.plan, holds=False, at=planned.at)
    return Places(plan)


def _is_smaller(plan: Plan, than: Plan) -> bool:
    return plan.repositories is not None and (than.repositories is None or plan.repositories < than.repositories)


@transaction.atomic
def choose_kept(*, team: Team, chosen: Collection[UUID], actor: User, under: str = "") -> Places:
    """Store which repositories stay active, and pause and resume at once where the team is over its cap now.

    Places that are left go to those linked first. Raises NotFound, Forbidden, NotLinked (400), TooManyKept (402).
    """
    team, _ = lock_team_for(team, actor, Right.MANAGE_REPOSITORIES)
    mine = Repository.objects.for_team(team)
    names = dict(mine.order_by("name", "pk").values_list("public_id", "name"))
    if not names.keys() >= set(chosen):
        raise NotLinked
    places = places_of(team, len(names), under)
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
