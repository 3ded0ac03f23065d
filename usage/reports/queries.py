"""The sums themselves: every read is over the daily rollups of a range. Raw events are never scanned for these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Case, Count, F, Max, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth

from accounts.models import Team, User
from repos.models import Repository
from usage.models import Agent, Basis, Billing, DailyRollup, DailySessions
from usage.places import match_members, match_repositories
from usage.reports.figures import AGGREGATES, Figures, Group, TokenClass, figures_of
from usage.reports.scope import Range, Sight

# Names come from whoever sends events: no report grows without end because somebody sends a new one each time.
MAX_GROUPS = 1000
MAX_ROWS = 100
LARGEST_FIRST = ("-sum_list_price", "-sum_output", "-sum_events")


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


def _within(sight: Sight, span: Range) -> QuerySet[DailyRollup]:
    return sight.rows().filter(day__gte=span.start, day__lte=span.end)


def totals(sight: Sight, span: Range) -> Figures:
    return figures_of(_within(sight, span).aggregate(**AGGREGATES))


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
        return _by_owner(sight, span, MEMBER)
    if by is GroupBy.REPOSITORY:
        return _by_owner(sight, span, REPOSITORY)
    rows = _within(sight, span).values(by.value).annotate(**AGGREGATES).order_by(*LARGEST_FIRST)[:MAX_GROUPS]
    groups = [Group(row[by.value], _word(by, row[by.value]), figures_of(row)) for row in rows]
    return _with_rest(sight, span, _sorted(groups))


def _with_rest(sight: Sight, span: Range, groups: list[Group]) -> list[Group]:
    """The groups, and what a full list of them had no room for as one more, so that they add up to the totals."""
    if len(groups) < MAX_GROUPS:
        return groups
    rest = sum((group.figures for group in groups), Figures())
    return [*groups, Group("(everything else)", "Everything else", totals(sight, span) - rest)]


def _by_time(sight: Sight, span: Range, by: GroupBy) -> list[Group]:
    moment = F("day") if by is GroupBy.DAY else TruncMonth("day")
    rows = _within(sight, span).values(moment=moment).annotate(**AGGREGATES).order_by("moment")
    found = {row["moment"]: figures_of(row) for row in rows}
    if by is GroupBy.DAY:
        found = {day: found.get(day, Figures()) for day in span.days}
    form = "%Y-%m-%d" if by is GroupBy.DAY else "%Y-%m"
    return [Group(f"{at:{form}}", f"{at:{form}}", figures) for at, figures in found.items()]


class Owner(NamedTuple):
    """How events belong to somebody or something: by id, or by a label that may have found its match since."""

    name: str
    unmatched: str
    match: Callable[[int, Iterable[str]], dict[str, int]]
    names: Callable[[Team, Iterable[int]], dict[int, tuple[str, str]]]


def _by_owner(sight: Sight, span: Range, owner: Owner) -> list[Group]:
    """By member or repository: one group for each known one, one for each label that matches none, one for no label."""
    id_field, label_field = f"{owner.name}_id", f"{owner.name}_label"
    rows = _within(sight, span).exclude(**{id_field: None}).values(id_field)
    known: dict[int, Figures] = {}
    sent_as: dict[int, str] = {}
    for row in rows.annotate(**AGGREGATES, sent_as=Max(label_field)):
        known[row[id_field]] = figures_of(row)
        sent_as[row[id_field]] = row["sent_as"]
    loose_rows = _within(sight, span).filter(**{id_field: None}).values(label_field).annotate(**AGGREGATES)
    loose = {row[label_field]: figures_of(row) for row in loose_rows.order_by(*LARGEST_FIRST)[:MAX_GROUPS]}
    for label, pk in owner.match(sight.team.pk, loose).items():
        known[pk] = known.get(pk, Figures()) + loose.pop(label)
    names = owner.names(sight.team, known)
    groups = []
    for pk, figures in known.items():
        key, words = names.get(pk, (f"former-{pk}", sent_as.get(pk) or f"Former {owner.name}"))
        groups.append(Group(key, words, figures))
    for label, figures in loose.items():
        groups.append(Group(label, f"{label} ({owner.unmatched})" if label else f"No {owner.name} given", figures))
    return _with_rest(sight, span, _sorted(groups))


def _member_names(team: Team, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    # Members who left keep their names: the ids come from the team's own rows.
    return {user.pk: (user.email, user.label) for user in User.objects.filter(pk__in=ids)}


def _repository_names(team: Team, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    rows = Repository.objects.for_team(team).filter(pk__in=ids).values_list("pk", "public_id", "name")
    return {pk: (str(public_id), name) for pk, public_id, name in rows}


MEMBER = Owner("member", "not in the team", match_members, _member_names)
REPOSITORY = Owner("repository", "not linked", match_repositories, _repository_names)


def _word(by: GroupBy, value: str) -> str:
    words: dict[GroupBy, dict[str, str]] = {
        GroupBy.AGENT: dict(Agent.choices),
        GroupBy.BILLING: dict(Billing.choices),
        GroupBy.BASIS: dict(Basis.choices),
    }
    return words.get(by, {}).get(value, value) or "Not known"


def _sorted(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.figures.list_price, -group.figures.tokens, group.label))


def by_day_and_model(sight: Sight, span: Range, models: Collection[str]) -> dict[tuple[date, str], Figures]:
    """What the stacked chart needs: a sum for each day and each of these models, all others together as ""."""
    named = Case(When(model__in=models, then=F("model")), default=Value(""))
    rows = _within(sight, span).values("day", named=named).annotate(**AGGREGATES)
    return {(row["day"], row["named"]): figures_of(row) for row in rows}


def reporting_agents(sight: Sight, span: Range) -> list[tuple[str, str, int, int, date]]:
    """(agent, its name, events, members, last day) of the agents that reported, most events first."""
    rows = (
        _within(sight, span)
        .values("agent")
        .annotate(total=Sum("events"), members=Count("member_id", distinct=True), last=Max("day"))
        .order_by("-total")[:MAX_ROWS]
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


def unknown_members(sight: Sight, span: Range) -> list[str]:
    """Labels that were sent for members and match nobody in the team."""
    rows = _within(sight, span).filter(member_id=None).exclude(member_label="")
    labels = list(rows.order_by("member_label").values_list("member_label", flat=True).distinct()[:MAX_ROWS])
    joined = match_members(sight.team.pk, labels)
    return [label for label in labels if label not in joined]


def unpriced_models(sight: Sight, span: Range) -> dict[str, int]:
    """Calls without a list price by model, most first."""
    rows = _within(sight, span).filter(unpriced_events__gt=0).values("model").annotate(calls=Sum("unpriced_events"))
    return {row["model"]: row["calls"] for row in rows.order_by("-calls", "model")[:MAX_ROWS]}
