"""What reports say: amounts of different kinds stay apart, everything adds up, and each person sees what they may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from accounts.models import Membership
from billing.services import change_plan
from repos.models import Repository
from tests.conftest import Cast
from tests.factories import make_membership, make_user
from tests.usage.builders import make_record, send, yesterday
from usage import reports
from usage.models import DailyRollup, DailySessions
from usage.reports import BadRange, GroupBy, HistoryNotInPlan, Range, Sight
from usage.sources import TokenCounts

OUTPUT = TokenCounts(output=1000)  # $0.025 on claude-opus-4-5


def record(**fields: Any) -> Any:
    return make_record(**{"occurred_at": yesterday(), "tokens": OUTPUT, **fields})


@pytest.fixture
def span() -> Range:
    today = datetime.now(UTC).date()
    return Range(today - timedelta(days=29), today)


def test_kinds_of_money_stay_apart(cast: Cast, span: Range) -> None:
    send(
        cast.acme,
        record(billing="api"),
        record(billing="subscription"),
        record(billing="unknown"),
        record(billing="api", reported_cost=Decimal("9"), reported_basis="billed"),
        record(billing="api", reported_cost=Decimal("7"), reported_basis="client-estimated"),
        record(model="who-knows", reported_cost=Decimal("3"), reported_basis="client-estimated"),
        record(model="who-knows"),
    )
    figures = reports.totals(Sight(cast.acme, None), span)
    one = Decimal("0.025")
    assert [figures.billed, figures.api, figures.subscription, figures.unknown] == [Decimal(9), 2 * one, one, one]
    assert [figures.estimated, figures.list_price] == [Decimal(3), 5 * one]
    assert (figures.events, figures.unpriced_events) == (7, 2)
    bases = {group.key: group.figures.events for group in reports.grouped(Sight(cast.acme, None), span, GroupBy.BASIS)}
    assert bases == {"billed": 1, "computed": 4, "client-estimated": 1, "unpriced": 1}


@pytest.mark.parametrize("by", [by for by in GroupBy if by is not GroupBy.TOKEN_CLASS])
def test_every_grouping_adds_up_to_the_totals(cast: Cast, span: Range, by: GroupBy) -> None:
    send(cast.acme, record(repository="web", model="gpt-5.5", agent="codex"), member_id=cast.mei.pk)
    send(
        cast.acme,
        record(occurred_at=yesterday() - timedelta(days=3)),
        record(model="no-such"),
        member_label="x@y.example",
    )
    sight = Sight(cast.acme, None)
    totals = reports.totals(sight, span)
    groups = reports.grouped(sight, span, by)
    assert sum(group.figures.events for group in groups) == totals.events == 3
    assert sum(group.figures.list_price for group in groups) == totals.list_price > 0
    assert len({group.key for group in groups}) == len(groups)


@pytest.mark.parametrize("by", [GroupBy.MODEL, GroupBy.MEMBER, GroupBy.REPOSITORY])
def test_endless_names_do_not_make_endless_reports(
    cast: Cast, span: Range, by: GroupBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usage.reports.queries.MAX_GROUPS", 3)
    for n in range(8):
        send(cast.acme, record(model=f"m{n}", repository=f"r{n}"), member_label=f"who{n}@acme.example")
    sight = Sight(cast.acme, None)
    groups = reports.grouped(sight, span, by)
    assert (len(groups), groups[-1].label) == (4, "Everything else")
    assert sum(group.figures.events for group in groups) == reports.totals(sight, span).events == 8


def test_token_classes_add_up(cast: Cast, span: Range) -> None:
    tokens = TokenCounts(
        input_uncached=1, cache_read=2, cache_write_5m=3, cache_write_1h=4, cache_write_unsplit=5, output=6
    )
    send(cast.acme, record(tokens=tokens))
    figures = reports.totals(Sight(cast.acme, None), span)
    classes = reports.token_classes(figures)
    assert [part.tokens for part in classes] == [1, 2, 12, 6]
    assert sum(part.list_price for part in classes) == figures.list_price


def test_who_and_where_have_names(cast: Cast, span: Range) -> None:
    linked = Repository.objects.create(
        team=cast.acme, name="acme/web", url="https://h.example/w", identity="h.example/w"
    )
    send(cast.acme, record(repository="web"), member_id=cast.mei.pk, repository_id=linked.pk)
    send(cast.acme, record(repository="elsewhere"), member_label="who@acme.example")
    send(cast.acme, record(repository="old"), repository_id=10**9)
    send(cast.acme, record())
    sight = Sight(cast.acme, None)
    members = {group.label for group in reports.grouped(sight, span, GroupBy.MEMBER)}
    assert members == {"Mei", "who@acme.example (not in the team)", "No member given"}
    places = {group.label for group in reports.grouped(sight, span, GroupBy.REPOSITORY)}
    assert places == {"acme/web", "elsewhere (not linked)", "old", "No repository given"}


def test_labels_find_their_match_later(cast: Cast, span: Range) -> None:
    send(cast.acme, record(repository="acme/web"), member_label="new@acme.example")
    send(cast.acme, record(repository="acme/web"))
    web = Repository.objects.create(team=cast.acme, name="acme/web", url="https://h.example/w", identity="h.example/w")
    sight = Sight(cast.acme, None)
    assert reports.unknown_members(sight, span) == ["new@acme.example"]
    new = make_user("new@acme.example", name="New")
    make_membership(cast.acme, new)
    send(cast.acme, record(repository="acme/web"), member_id=new.pk, repository_id=web.pk)
    members = {group.label: group.figures.events for group in reports.grouped(sight, span, GroupBy.MEMBER)}
    assert members == {"New": 2, "No member given": 1}
    places = {group.label: group.figures.events for group in reports.grouped(sight, span, GroupBy.REPOSITORY)}
    assert places == {"acme/web": 3}
    assert reports.unknown_members(sight, span) == []


def test_a_member_sees_their_own_and_the_others_see_all(cast: Cast, span: Range) -> None:
    send(cast.acme, record(), member_id=cast.mei.pk)
    send(cast.acme, record(), record(), member_id=cast.olga.pk)
    seen = {}
    for person in (cast.olga, cast.adam, cast.vic, cast.mei):
        sight = reports.sight_of_membership(Membership.objects.get(team=cast.acme, user=person))
        seen[person.name] = reports.totals(sight, span).events
    assert seen == {"Olga": 3, "Adam": 3, "Vic": 3, "Mei": 1}


def test_another_team_sees_nothing(cast: Cast, span: Range) -> None:
    send(cast.acme, record(), member_id=cast.mallory.pk)
    for member_id in (None, cast.mallory.pk):
        assert reports.totals(Sight(cast.rival, member_id), span).events == 0


def test_sessions_are_counted_once_a_day(cast: Cast, span: Range) -> None:
    send(
        cast.acme,
        *(record(session_id="s1") for _ in range(3)),
        record(session_id="s2"),
        record(),
        member_id=cast.mei.pk,
    )
    assert DailySessions.objects.get().sessions == 2
    assert reports.sessions(Sight(cast.acme, cast.mei.pk), span) == 2
    assert reports.sessions(Sight(cast.acme, cast.olga.pk), span) == 0


def test_long_labels_of_any_script_fit(cast: Cast, span: Range) -> None:
    label = "".join(chr(0x1F300 + n) for n in range(300))
    send(cast.acme, record(repository=label, model=label[:200], agent=label[:60]), member_label=label[:254])
    assert DailyRollup.objects.get().repository_label == label


# --- Ranges ----------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 22, tzinfo=UTC).date()


def test_the_range_is_the_current_month_by_default(cast: Cast) -> None:
    span = reports.range_of(cast.acme, start=None, end=None, today=NOW)
    assert (span.start, span.end, span.limited) == (NOW.replace(day=1), NOW, False)


def test_a_range_is_cut_to_the_history_of_the_plan(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    span = reports.range_of(cast.acme, start=NOW - timedelta(days=60), end=NOW, today=NOW)
    assert (span.start, span.limited) == (NOW - timedelta(days=29), True)


def test_a_range_wholly_before_the_history_is_refused(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    with pytest.raises(HistoryNotInPlan, match="30 days"):
        reports.range_of(cast.acme, start=NOW - timedelta(days=60), end=NOW - timedelta(days=40), today=NOW)


def test_a_range_that_ends_before_it_begins_is_refused(cast: Cast) -> None:
    with pytest.raises(BadRange):
        reports.range_of(cast.acme, start=NOW, end=NOW - timedelta(days=1), today=NOW)


def test_daily_sums_are_those_of_the_hours(cast: Cast) -> None:
    from usage.models import HourlyRollup

    send(cast.acme, *(record(occurred_at=yesterday(hour)) for hour in (0, 5, 23)))
    assert HourlyRollup.objects.count() == 3
    assert DailyRollup.objects.aggregate(n=Sum("events")) == HourlyRollup.objects.aggregate(n=Sum("events")) == {"n": 3}
