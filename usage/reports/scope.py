"""Whose spend, and which days of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from accounts.access import Principal
from accounts.models import Membership, Team
from accounts.roles import ROLE_RIGHTS, Right, Role
from billing.services import plan_of
from config.errors import DomainError
from usage.models import DailyRollup


class BadRange(DomainError):
    code, status = "bad_range", 400
    message = "The range ends before it begins. Give from and to as days, like 2026-11-01."


class HistoryNotInPlan(DomainError):
    """The whole range is before the history that the plan gives."""

    code, status = "history_not_in_plan", 402


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose spend is looked at: the whole team's, or one member's own."""

    team: Team
    member_id: int | None

    @property
    def word(self) -> str:
        return "team" if self.member_id is None else "own"

    def rows(self) -> QuerySet[DailyRollup]:
        rows = DailyRollup.objects.for_team(self.team)
        return rows if self.member_id is None else rows.filter(member_id=self.member_id)


def sight_of_membership(membership: Membership) -> Sight:
    """Who may see the team's spend sees all of it; everybody else sees their own."""
    whole = Right.SEE_TEAM_SPEND in ROLE_RIGHTS[Role(membership.role)]
    return Sight(membership.team, None if whole else membership.user_id)


def sight_of_principal(principal: Principal, team: Team) -> Sight:
    whole = principal.has(Right.SEE_TEAM_SPEND)
    # A key of nobody without the right for the team sees nobody's: no row has this id.
    return Sight(team, None if whole else principal.user_id or -1)


@dataclass(frozen=True, slots=True)
class Range:
    """Whole UTC days, both ends included; `limited` says that the plan's history cut its beginning off."""

    start: date
    end: date
    limited: bool = False

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]


def history_start(team: Team, today: date) -> date:
    """The first day that the team's plan lets reports reach back to."""
    return today - timedelta(days=plan_of(team).history_days - 1)


def range_of(team: Team, *, start: date | None, end: date | None, today: date) -> Range:
    """The range asked for (by default the current month), cut to the plan's history.

    Raises BadRange, and HistoryNotInPlan when no day of it is within the plan's history.
    """
    end = min(end or today, today + timedelta(days=1))
    start = start or end.replace(day=1)
    if start > end:
        raise BadRange
    oldest = history_start(team, today)
    if end < oldest:
        plan = plan_of(team)
        raise HistoryNotInPlan(f"The plan {plan.name} keeps {plan.history} of usage: nothing before {oldest} is shown.")
    return Range(max(start, oldest), end, limited=start < oldest)
