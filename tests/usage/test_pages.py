"""The pages of usage: what each person finds on them, what they refuse, and what they cost."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, User
from accounts.roles import Role
from billing.services import change_plan
from repos.models import Repository
from tests.conftest import Cast
from tests.factories import make_api_key, make_membership, make_user
from tests.usage.builders import make_record, send, yesterday
from usage.models import SkippedStep
from usage.sources import TokenCounts
from usage.templatetags.figures import tokens_text, usd_text


def record(**fields: Any) -> Any:
    return make_record(**{"occurred_at": yesterday(), "tokens": TokenCounts(cache_read=10**6, output=10**6), **fields})


def page(cast: Cast, user: User, path: str) -> str:
    answer = cast.client(user).get(f"/t/acme/{path}")
    assert answer.status_code == 200, answer
    return answer.content.decode()


def charts(html: str) -> dict[str, Any]:
    found = re.findall(r'<script id="(chart-[^"]+)" type="application/json">(.*?)</script>', html, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


# --- The spend board -------------------------------------------------------------------------------------------------


def test_the_board_shows_where_money_goes(cast: Cast) -> None:
    send(cast.acme, record(billing="api", repository="web"), member_id=cast.mei.pk)
    send(cast.acme, record(billing="subscription", model="claude-haiku-4-5"), member_id=cast.olga.pk)
    html = page(cast, cast.olga, "spend/?days=30")
    assert "$25.50" in html
    assert "list-price equivalent, which nobody paid" in html
    drawn = charts(html)
    assert set(drawn) == {
        "chart-time",
        "chart-member",
        "chart-repository",
        "chart-agent",
        "chart-model",
        "chart-token-class",
    }
    assert [series["name"] for series in drawn["chart-time"]["series"]] == ["claude-opus-4-5", "claude-haiku-4-5"]
    assert sum(v for series in drawn["chart-time"]["series"] for v in series["values"]) == pytest.approx(30.6)
    colors = {series["name"]: series["color"] for series in drawn["chart-time"]["series"]}
    assert {series["name"]: series["color"] for series in drawn["chart-model"]["series"]} == colors
    assert drawn["chart-member"]["labels"] == ["Mei", "Olga"]


def test_todays_bar_is_marked_as_not_over(cast: Cast) -> None:
    send(cast.acme, record())
    today = datetime.now(UTC)
    assert charts(page(cast, cast.olga, "spend/?days=7"))["chart-time"]["partial"] == f"{today.day} {today:%b}"


def test_charts_show_one_measure_at_a_time(cast: Cast) -> None:
    send(cast.acme, record(reported_cost=Decimal(4), reported_basis="billed"))
    for show, unit, total in (("billed", "usd", 4), ("tokens", "tokens", 2 * 10**6), ("list_price", "usd", 25.5)):
        chart = charts(page(cast, cast.olga, f"spend/?days=30&show={show}"))["chart-model"]
        assert (chart["unit"], chart["series"][0]["values"]) == (unit, [total])


def test_many_models_fold_into_other(cast: Cast) -> None:
    send(cast.acme, *(record(model=f"model-{n}", tokens=TokenCounts(output=100 - n)) for n in range(12)))
    chart = charts(page(cast, cast.olga, "spend/?days=30&show=tokens"))["chart-time"]
    assert [series["name"] for series in chart["series"]] == [*(f"model-{n}" for n in range(7)), "Other"]
    assert chart["series"][-1]["color"] == 8


def test_a_long_range_is_drawn_by_month(cast: Cast) -> None:
    send(cast.acme, record())
    chart = charts(page(cast, cast.olga, "spend/?days=300"))["chart-time"]
    assert len(chart["labels"]) in (10, 11)


def test_a_month_can_be_chosen(cast: Cast) -> None:
    send(cast.acme, record())
    html = page(cast, cast.olga, f"spend/?month={yesterday():%Y-%m}")
    assert f'<option value="{yesterday():%Y-%m}" selected>' in html
    assert "claude-opus-4-5" in html


def test_a_member_sees_their_own_board(cast: Cast) -> None:
    send(cast.acme, record(), member_id=cast.mei.pk)
    send(cast.acme, record(model="claude-haiku-4-5"), member_id=cast.olga.pk)
    html = page(cast, cast.mei, "spend/?days=30")
    assert "claude-opus-4-5" in html
    assert "claude-haiku-4-5" not in html
    assert "chart-member" not in html
    assert "Olga" not in html


def test_an_empty_board_says_what_to_do(cast: Cast) -> None:
    html = page(cast, cast.olga, "spend/")
    assert "No usage in this range" in html
    assert "/t/acme/agents/" in html


def test_unpriced_calls_are_counted_and_never_zero_dollars(cast: Cast) -> None:
    send(cast.acme, record(model="who-knows"))
    html = page(cast, cast.olga, "spend/?days=30")
    assert "1 unpriced" in html
    assert charts(html)["chart-model"]["unit"] == "tokens"


@pytest.mark.parametrize(
    "query",
    ["from=x", "month=2026-13", "month=99999-01", "days=-1", "days=0", "days=٣", "days=99999999", "from=9999-12-31"]
    + ["from=2026-11-20&to=2026-11-01", "month=0001-01", "from=%00"],
)
def test_a_range_that_makes_no_sense_is_explained(cast: Cast, query: str) -> None:
    for path in ("spend/", "spend.csv"):
        answer = cast.client(cast.olga).get(f"/t/acme/{path}?{query}")
        assert answer.status_code in (400, 402)
        assert answer.content


def test_what_is_before_the_plans_history_names_the_plan(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    answer = cast.client(cast.olga).get("/t/acme/spend/?from=2026-01-01&to=2026-01-31")
    assert answer.status_code == 402
    assert "Starter" in answer.content.decode()


def test_labels_cannot_break_out_of_the_page(cast: Cast) -> None:
    evil = "</script><script>alert(1)</script>"
    send(cast.acme, record(model=evil, repository=evil, agent=evil[:60]), member_label=evil)
    html = page(cast, cast.olga, "spend/?days=30")
    assert "<script>alert" not in html
    assert charts(html)["chart-model"]["labels"] == [evil]


def test_the_board_costs_the_same_queries_however_much_it_shows(cast: Cast) -> None:
    client = cast.client(cast.olga)
    used = []
    for size in (1, 40):
        for n in range(size):
            member = make_user()
            make_membership(cast.acme, member, Role.MEMBER)
            send(cast.acme, record(model=f"m{n}", repository=f"r{n}", agent=f"a{n}"), member_id=member.pk)
        client.get("/t/acme/spend/?days=30")
        with CaptureQueriesContext(connection) as queries:
            client.get("/t/acme/spend/?days=30")
        used.append(len(queries))
    assert used[0] == used[1] <= 24


# --- The export ------------------------------------------------------------------------------------------------------


def export(cast: Cast, user: User) -> list[dict[str, str]]:
    answer = cast.client(user).get("/t/acme/spend.csv?days=30")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="spend-acme-')
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_the_export_has_every_row_exactly(cast: Cast) -> None:
    tokens = TokenCounts(input_uncached=1, cache_write_1h=7, output=3, reasoning=2)
    send(cast.acme, record(tokens=tokens, repository="web", billing="api"), member_id=cast.mei.pk)
    [row] = export(cast, cast.olga)
    assert (row["member"], row["repository"], row["billing"], row["basis"]) == (
        "mei@acme.example",
        "web",
        "api",
        "computed",
    )
    assert (row["input_uncached"], row["cache_write_1h"], row["output"], row["reasoning"]) == ("1", "7", "3", "2")
    assert Decimal(row["list_price_usd"]) == Decimal("0.00015")


def test_the_export_runs_no_formulas(cast: Cast) -> None:
    send(cast.acme, record(model="=HYPERLINK(1)", repository="+1", agent="@sum"), member_label="-2\n3")
    [row] = export(cast, cast.olga)
    assert [row[name] for name in ("model", "repository", "agent", "member")] == [
        "'=HYPERLINK(1)",
        "'+1",
        "'@sum",
        "'-2\n3",
    ]


def test_a_member_exports_their_own(cast: Cast) -> None:
    send(cast.acme, record(), member_id=cast.olga.pk)
    assert export(cast, cast.mei) == []


# --- Overview --------------------------------------------------------------------------------------------------------


def test_overview_begins_with_the_checklist(cast: Cast) -> None:
    html = page(cast, cast.olga, "")
    assert html.count('<li class="is-done">') == 1  # the team has its name
    for words in ("Link a repository", "Connect an agent", "Get the first slice", "Send the first usage event"):
        assert words in html
    assert "no usage yet" in html


def test_steps_tick_themselves_off_real_rows(cast: Cast) -> None:
    make_api_key(cast.acme, member=cast.olga)
    Repository.objects.create(team=cast.acme, name="w", url="https://h.example/w", identity="h.example/w")
    send(cast.acme, record())
    assert page(cast, cast.olga, "").count('<li class="is-done">') == 4


def test_a_step_can_be_skipped_and_found_again(cast: Cast) -> None:
    client = cast.client(cast.mei)
    for step in ("repository", "agent", "slice", "usage"):
        assert client.post(f"/t/acme/setup/{step}/skip/").status_code == 302
    html = page(cast, cast.mei, "")
    assert "checklist" not in html
    assert "4 set-up steps skipped" in html
    assert "checklist" in page(cast, cast.olga, "")  # hers are her own
    client.post("/t/acme/setup/show/")
    assert not SkippedStep.objects.exists()
    assert "checklist" in page(cast, cast.mei, "")


def test_there_is_no_such_step(cast: Cast) -> None:
    assert cast.client(cast.mei).post("/t/acme/setup/nothing/skip/").status_code == 404
    assert cast.client(cast.mei).get("/t/acme/setup/agent/skip/").status_code == 405


def test_overview_shows_the_month_and_what_needs_somebody(cast: Cast) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    send(cast.acme, record(billing="api", occurred_at=now), member_label="who@acme.example")
    send(cast.acme, record(model="who-knows", occurred_at=now))
    html = page(cast, cast.olga, "")
    assert "$25.50" in html
    assert "Usage of people who are not in the team: who@acme.example." in html
    assert "1 call has no list price (who-knows)." in html
    assert "chart-recent" in html


def test_a_member_is_not_told_of_others_on_overview(cast: Cast) -> None:
    send(cast.acme, record(), member_label="who@acme.example")
    html = page(cast, cast.mei, "")
    assert "who@acme.example" not in html
    assert "Your spend this month" in html


# --- Agents ----------------------------------------------------------------------------------------------------------


def test_the_agents_page_has_snippets_that_work(cast: Cast) -> None:
    repository = Repository.objects.create(
        team=cast.acme, name="acme/w", url="https://h.example/w", identity="h.example/w"
    )
    html = page(cast, cast.mei, "agents/")
    assert f"/api/v1/repositories/{repository.public_id}/slices" in html
    sent = re.search(r"-d &#x27;(\{&quot;events.*?)&#x27;</code>", html, re.DOTALL)
    assert sent
    key = make_api_key(cast.acme, member=cast.mei)[1]
    answer = cast.client(None).post(
        "/api/v1/usage/events",
        sent[1].replace("&quot;", '"'),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.json()["accepted"] == 1


def test_the_agents_page_lists_who_reported(cast: Cast) -> None:
    send(cast.acme, record(agent="codex"), member_id=cast.olga.pk)
    assert '<th scope="row">Codex</th>' in page(cast, cast.olga, "agents/")
    assert "No agent has reported yet" in page(cast, cast.mei, "agents/")  # none of hers


def test_who_has_no_agents_is_told_so(cast: Cast) -> None:
    html = page(cast, cast.vic, "agents/")
    assert "Make API key" not in html
    assert "/slices" not in html


# --- Walls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "spend/", "spend.csv", "agents/"])
def test_strangers_find_nothing(cast: Cast, path: str) -> None:
    assert cast.client(cast.mallory).get(f"/t/acme/{path}").status_code == 404
    assert cast.client(None).get(f"/t/acme/{path}").status_code == 302


def test_every_role_may_open_every_page(cast: Cast) -> None:
    assert {Role(m.role) for m in Membership.objects.for_team(cast.acme)} == set(Role)
    for person in (cast.olga, cast.adam, cast.mei, cast.vic):
        for path in ("", "spend/", "spend.csv", "agents/"):
            assert cast.client(person).get(f"/t/acme/{path}").status_code == 200


# --- Words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [("0", "$0.00"), ("0.001", "under $0.01"), ("0.01", "$0.01"), ("1284.5", "$1,284.50"), ("0.999", "$1.00")],
)
def test_dollars_read_well(value: str, words: str) -> None:
    assert usd_text(Decimal(value)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (999, "999"), (1000, "1k"), (1234, "1.2k"), (999_499, "999k"), (999_960, "1M"), (1_203_411, "1.2M")]
    + [(123_456_789, "123M"), (2 * 10**12, "2T")],
)
def test_tokens_read_well(value: int, words: str) -> None:
    assert tokens_text(value) == words
