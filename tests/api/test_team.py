"""`GET /api/v1/team` and `GET /api/v1/team/members`."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership
from accounts.roles import Scope
from billing.services import change_plan
from tests.api.test_errors import refusal
from tests.conftest import Cast
from tests.factories import make_api_key, make_membership

TEAM, MEMBERS = "/api/v1/team", "/api/v1/team/members"


def get(url: str, key: str) -> Any:
    return Client().get(url, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def key(cast: Cast) -> str:
    return make_api_key(cast.acme, scopes=[Scope.SPEND_READ])[1]


def test_it_says_plan_and_use(cast: Cast, key: str) -> None:
    team = get(TEAM, key).json()
    assert (team["id"], team["name"], team["slug"]) == (str(cast.acme.public_id), "Acme", "acme")
    assert team["plan"] == {"key": "team", "name": "Team", "price": "$29 a member and month"}
    assert team["caps"] == [
        {"name": "members", "used": 3, "cap": 5},
        {"name": "repositories", "used": 0, "cap": None},
        {"name": "slices", "used": 0, "cap": None},
    ]
    assert (team["symbols_per_repository"], team["history_days"]) == (None, 762)


def test_it_follows_the_plan(cast: Cast, key: str) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    team = get(TEAM, key).json()
    assert [cap["cap"] for cap in team["caps"]] == [1, 1, 500]
    assert team["symbols_per_repository"] == 10_000


def test_it_lists_the_members(cast: Cast, key: str) -> None:
    page = get(MEMBERS, key).json()
    assert (page["next"], page["previous"]) == (None, None)
    emails = [member["email"] for member in page["results"]]
    assert emails == ["olga@acme.example", "adam@acme.example", "mei@acme.example", "vic@acme.example"]
    mei = Membership.objects.get(user=cast.mei)
    assert page["results"][2] == {
        "id": str(mei.public_id),
        "name": "Mei",
        "email": "mei@acme.example",
        "role": "member",
        "joined_at": mei.created_at.isoformat().replace("+00:00", "Z"),
    }


def test_pages_hold_while_members_come_and_go(cast: Cast, key: str) -> None:
    first = get(f"{MEMBERS}?page_size=2", key).json()
    Membership.objects.get(user=cast.adam).delete()
    newcomer = make_membership(cast.acme)
    second = get(first["next"], key).json()
    rest = [member["email"] for member in second["results"]]
    third = get(second["next"], key).json() if second["next"] else {"results": []}
    rest += [member["email"] for member in third["results"]]
    assert rest == ["mei@acme.example", "vic@acme.example", newcomer.user.email]


@pytest.mark.parametrize("query", ["page_size=0", "page_size=-1", "page_size=x", "page_size=99999", "page_size="])
def test_odd_page_sizes_get_the_usual_page(cast: Cast, key: str, query: str) -> None:
    response = get(f"{MEMBERS}?{query}", key)
    assert response.status_code == 200
    assert len(response.json()["results"]) == 4


@pytest.mark.parametrize("cursor", ["x", "%00", "%ff", "cD0tMQ==", "cD0x", "bz05OTk5OTk5OTk5", "a" * 3000])
def test_a_made_up_cursor_is_no_fault_of_ours(cast: Cast, key: str, cursor: str) -> None:
    response = get(f"{MEMBERS}?cursor={cursor}", key)
    if response.status_code != 200:
        refusal(response, 404, "not_found")


def test_a_list_costs_the_same_for_more_members(cast: Cast, key: str, django_assert_num_queries: Any) -> None:
    get(MEMBERS, key)
    for _ in range(3):
        make_membership(cast.acme)
    with django_assert_num_queries(2):  # the team, the members
        assert len(get(MEMBERS, key).json()["results"]) == 7


def test_a_key_shows_its_own_team(cast: Cast) -> None:
    _, text = make_api_key(cast.rival, scopes=[Scope.SPEND_READ])
    assert get(TEAM, text).json()["slug"] == "rival"
    assert [member["email"] for member in get(MEMBERS, text).json()["results"]] == ["mallory@rival.example"]
