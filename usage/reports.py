"""Reads of spend: sums over the daily rollups of a range, seen by one person. Raw events are never scanned for these.

Five amounts of money stand side by side and are never added: what was billed; API use at list prices; what use under
a subscription would have cost at list prices; the same where nobody said how it is paid; and estimates by others for
calls we cannot price. `list_price` is a sixth view, over all calls with a price, to compare days, people and models.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, DecimalField, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, TruncMonth

from accounts.access import Principal
from accounts.models import Membership, Team, User
from accounts.roles import ROLE_RIGHTS, Right, Role
from billing.services import plan_of
from config.errors import DomainError
from repos.models import Repository
from usage.models import Agent, Basis, Billing, DailyRollup, DailySessions

ZERO = Decimal(0)


class BadRange(DomainError):
    code, status = "bad_range", 400
    message = "The range ends before it begins. Give from and to as days, like 2026-11-01."


class HistoryNotInPlan(DomainError):
    code, status = "history_not_in_plan", 402


class GroupBy(StrEnum):
    DAY = "day"
    MONTH = "month"
    MEMBER = "member"
    REPOSITORY = "repository"
    AGENT = "agent"
    MODEL = "model"
    PROVIDER = "provider"
    BILLING = "billing"
    BASIS = "basis"
    TOKEN_CLASS = "token_class"


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


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over some calls. Tokens are exclusive parts, `reasoning` is inside `output`; money as the module says."""

    events: int = 0
    unpriced_events: int = 0
    input_uncached: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_write_unsplit: int = 0
    output: int = 0
    reasoning: int = 0
    billed: Decimal = ZERO
    api: Decimal = ZERO
    subscription: Decimal = ZERO
    unknown: Decimal = ZERO
    estimated: Decimal = ZERO
    list_price: Decimal = ZERO
    cost_input: Decimal = ZERO
    cost_cache_read: Decimal = ZERO
    cost_cache_write: Decimal = ZERO
    cost_output: Decimal = ZERO

    @property
    def cache_write(self) -> int:
        return self.cache_write_5m + self.cache_write_1h + self.cache_write_unsplit

    @property
    def input(self) -> int:
        return self.input_uncached + self.cache_read + self.cache_write

    @property
    def tokens(self) -> int:
        return self.input + self.output


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a report; `key` is stable and for programs, `label` for people."""

    key: str
    label: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class TokenClass:
    """A class of token with its part of the list price."""

    key: str
    label: str
    tokens: int
    list_price: Decimal


def _money(column: str, **only: Any) -> Coalesce:
    total = Sum(column, filter=Q(**only)) if only else Sum(column)
    return Coalesce(total, Value(ZERO), output_field=DecimalField(max_digits=24, decimal_places=10))


_COUNTS = tuple(field.name for field in fields(Figures))[:9]
_PARTS = tuple(field.name for field in fields(Figures))[-4:]
_AGGREGATES: dict[str, Any] = {
    **{f"sum_{name}": Coalesce(Sum(name), Value(0)) for name in _COUNTS},
    **{f"sum_{name}": _money(name) for name in _PARTS},
    "sum_billed": _money("reported_cost", basis=Basis.BILLED),
    "sum_api": _money("computed_cost", basis=Basis.COMPUTED, billing=Billing.API),
    "sum_subscription": _money("computed_cost", basis=Basis.COMPUTED, billing=Billing.SUBSCRIPTION),
    "sum_unknown": _money("computed_cost", basis=Basis.COMPUTED, billing=Billing.UNKNOWN),
    "sum_estimated": _money("reported_cost", basis__in=(Basis.PROVIDER_ESTIMATED, Basis.CLIENT_ESTIMATED)),
    "sum_list_price": _money("computed_cost"),
}


def _figures(row: dict[str, Any]) -> Figures:
    return Figures(**{field.name: row[f"sum_{field.name}"] for field in fields(Figures)})


def _within(sight: Sight, span: Range) -> QuerySet[DailyRollup]:
    return sight.rows().filter(day__gte=span.start, day__lte=span.end)


def totals(sight: Sight, span: Range) -> Figures:
    return _figures(_within(sight, span).aggregate(**_AGGREGATES))


def token_classes(figures: Figures) -> list[TokenClass]:
    """The four classes of a sum, with what each costs at list prices."""
    return [
        TokenClass("input_uncached", "Input, not cached", figures.input_uncached, figures.cost_input),
        TokenClass("cache_read", "Cache read", figures.cache_read, figures.cost_cache_read),
        TokenClass("cache_write", "Cache write", figures.cache_write, figures.cost_cache_write),
        TokenClass("output", "Output", figures.output, figures.cost_output),
    ]


def grouped(sight: Sight, span: Range, by: GroupBy) -> list[Group]:
    """The range by one dimension: days and months in order, everything else by list price, largest first."""
    if by is GroupBy.TOKEN_CLASS:
        raise ValueError("token_class is a split of one sum: use token_classes(totals(...))")
    if by in (GroupBy.DAY, GroupBy.MONTH):
        return _by_time(sight, span, by)
    if by is GroupBy.MEMBER:
        return _by_owner(sight, span, "member", _member_names)
    if by is GroupBy.REPOSITORY:
        return _by_owner(sight, span, "repository", lambda ids: _repository_names(sight.team, ids))
    rows = _within(sight, span).values(by.value).annotate(**_AGGREGATES)
    return _sorted(Group(row[by.value], _word(by, row[by.value]), _figures(row)) for row in rows)


def _by_time(sight: Sight, span: Range, by: GroupBy) -> list[Group]:
    rows = _within(sight, span)
    timed = rows.values("day") if by is GroupBy.DAY else rows.values(month=TruncMonth("day"))
    found = {row[by.value]: _figures(row) for row in timed.annotate(**_AGGREGATES).order_by(by.value)}
    if by is GroupBy.DAY:
        found = {day: found.get(day, Figures()) for day in span.days}
    form = "%Y-%m-%d" if by is GroupBy.DAY else "%Y-%m"
    return [Group(f"{moment:{form}}", f"{moment:{form}}", figures) for moment, figures in found.items()]


def _by_owner(sight: Sight, span: Range, name: str, names: Any) -> list[Group]:
    """By member or repository: one group for each known one, one for each label that matches none, one for no label."""
    id_field, label_field = f"{name}_id", f"{name}_label"
    known = _within(sight, span).exclude(**{id_field: None}).values(id_field).annotate(**_AGGREGATES)
    loose = _within(sight, span).filter(**{id_field: None}).values(label_field).annotate(**_AGGREGATES)
    found = list(known)
    labels = names([row[id_field] for row in found])
    groups = [Group(*labels.get(row[id_field], ("", f"Former {name}")), _figures(row)) for row in found]
    for row in loose:
        label = row[label_field]
        groups.append(Group(label, f"{label} (not linked)" if label else f"No {name} given", _figures(row)))
    return _sorted(groups)


def _member_names(ids: list[int]) -> dict[int, tuple[str, str]]:
    return {user.pk: (user.email, user.label) for user in User.objects.filter(pk__in=ids)}


def _repository_names(team: Team, ids: list[int]) -> dict[int, tuple[str, str]]:
    rows = Repository.objects.for_team(team).filter(pk__in=ids).values_list("pk", "public_id", "name")
    return {pk: (str(public_id), name) for pk, public_id, name in rows}


def _word(by: GroupBy, value: str) -> str:
    words: dict[GroupBy, dict[str, str]] = {
        GroupBy.AGENT: dict(Agent.choices),
        GroupBy.BILLING: dict(Billing.choices),
        GroupBy.BASIS: dict(Basis.choices),
    }
    return words.get(by, {}).get(value, value) or "Not known"


def _sorted(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.figures.list_price, -group.figures.tokens, group.label))


def by_day_and_model(sight: Sight, span: Range) -> dict[tuple[date, str], Figures]:
    """What the stacked chart needs: a sum for each day and model that has one."""
    rows = _within(sight, span).values("day", "model").annotate(**_AGGREGATES)
    return {(row["day"], row["model"]): _figures(row) for row in rows}


def reporting_agents(sight: Sight, span: Range) -> list[tuple[str, str, int, int, date]]:
    """(agent, its name, events, members, last day) of the agents that reported, most events first."""
    rows = (
        _within(sight, span)
        .values("agent")
        .annotate(total=Sum("events"), members=Count("member_id", distinct=True), last=Max("day"))
        .order_by("-total")
    )
    names = dict(Agent.choices)
    return [
        (row["agent"], names.get(row["agent"], row["agent"]), row["total"], row["members"], row["last"]) for row in rows
    ]


def sessions(sight: Sight, span: Range) -> int:
    """Distinct sessions a day, added up over the range: a session over midnight counts on both days."""
    rows = DailySessions.objects.for_team(sight.team).filter(day__gte=span.start, day__lte=span.end)
    if sight.member_id is not None:
        rows = rows.filter(member_id=sight.member_id)
    return int(rows.aggregate(total=Coalesce(Sum("sessions"), Value(0)))["total"])
