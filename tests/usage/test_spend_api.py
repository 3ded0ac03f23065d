"""`GET /api/v1/spend`."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Scope
from billing.services import change_plan
from tests.conftest import Cast
from tests.factories import make_api_key
from tests.usage.builders import make_record, send, yesterday
from usage.reports import GroupBy

URL = "/api/v1/spend"


def get(key: str, **query: str) -> Any:
    return Client().get(URL, query, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def month(cast: Cast) -> dict[str, str]:
    """Events of mei and olga yesterday, and the range that holds them."""
    send(cast.acme, make_record(occurred_at=yesterday(), billing="api"), member_id=cast.mei.pk)
    send(cast.acme, make_record(occurred_at=yesterday(), model="gpt-5.5"), member_id=cast.olga.pk)
    return {"from": str(yesterday().date()), "to": str(datetime.now(UTC).date())}


def test_it_gives_sums_by_day(cast: Cast, month: dict[str, str]) -> None:
    key = make_api_key(cast.acme, member=cast.olga)[1]
    answer = get(key, **month)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["start"], told["end"], told["group_by"]) == (month["from"], month["to"], "day")
    assert (told["sight"], told["limited_by_plan"]) == ("team", False)
    assert [group["key"] for group in told["groups"]] == [month["from"], month["to"]]
    totals = told["totals"]
    assert (totals["events"], totals["tokens"]["total"]) == (2, 220)
    assert Decimal(totals["api_usd"]) == Decimal("0.00075")
    assert Decimal(totals["list_price_usd"]) == Decimal(totals["api_usd"]) + Decimal(totals["unknown_list_price_usd"])
    assert totals["billed_usd"] == "0.0000000000"


@pytest.mark.parametrize("by", list(GroupBy))
def test_it_groups(cast: Cast, month: dict[str, str], by: GroupBy) -> None:
    key = make_api_key(cast.acme, member=cast.olga)[1]
    told = get(key, group_by=by.value, **month).json()
    assert told["group_by"] == by.value
    assert told["groups"]
    if by is GroupBy.TOKEN_CLASS:
        assert sum(group["tokens"] for group in told["groups"]) == told["totals"]["tokens"]["total"]
    else:
        assert sum(group["figures"]["events"] for group in told["groups"]) == told["totals"]["events"]


def test_a_members_key_sees_its_own(cast: Cast, month: dict[str, str]) -> None:
    told = get(make_api_key(cast.acme, member=cast.mei)[1], group_by="member", **month).json()
    assert (told["sight"], [group["label"] for group in told["groups"]]) == ("own", ["Mei"])


def test_a_service_key_sees_the_team(cast: Cast, month: dict[str, str]) -> None:
    told = get(make_api_key(cast.acme, scopes=[Scope.SPEND_READ])[1], **month).json()
    assert (told["sight"], told["totals"]["events"]) == ("team", 2)


def test_another_team_sees_nothing_of_it(cast: Cast, month: dict[str, str]) -> None:
    told = get(make_api_key(cast.rival, member=cast.mallory)[1], group_by="model", **month).json()
    assert (told["totals"]["events"], told["groups"]) == (0, [])


def test_a_session_may_ask(cast: Cast, month: dict[str, str]) -> None:
    assert cast.client(cast.olga).get(URL, month).json()["totals"]["events"] == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [({"group_by": "colour"}, "group_by"), ({"from": "yesterday"}, "from"), ({"to": "2026-02-30"}, "to")],
)
def test_a_query_it_cannot_read_is_refused(cast: Cast, query: dict[str, str], field: str) -> None:
    answer = get(make_api_key(cast.acme, member=cast.olga)[1], **query)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_a_range_that_ends_before_it_begins_is_refused(cast: Cast) -> None:
    answer = get(make_api_key(cast.acme, member=cast.olga)[1], **{"from": "2026-11-10", "to": "2026-11-01"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_range")


def test_the_plans_history_bounds_the_range(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    key = make_api_key(cast.acme, member=cast.olga)[1]
    today = datetime.now(UTC).date()
    cut = get(key, **{"from": str(today - timedelta(days=90))}).json()
    assert (cut["limited_by_plan"], cut["start"]) == (True, str(today - timedelta(days=29)))
    before = get(key, **{"from": str(today - timedelta(days=90)), "to": str(today - timedelta(days=60))})
    assert (before.status_code, before.json()["error"]["code"]) == (402, "history_not_in_plan")


def test_a_key_needs_the_scope(cast: Cast) -> None:
    answer = get(make_api_key(cast.acme, member=cast.olga, scopes=[Scope.USAGE_WRITE])[1])
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")
