"""Every route, asked by every kind of caller, against the table in `access_table.py`. An unlisted route fails."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Team
from accounts.roles import Scope
from tests import access_table
from tests.access_world import BODIES, FORMS, KINDS, QUERIES, TOKEN, World
from tests.conftest import Cast
from tests.factories import make_api_key
from tests.routes import Route, account_routes, own_routes

ROUTES = {route.name: route for route in own_routes()}


@dataclass(frozen=True)
class Row:
    route: str
    method: str
    expected: dict[str, str] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.route}-{self.method}"


def rows_of(table: str, columns: tuple[str, ...]) -> list[Row]:
    lines = [line.split() for line in table.strip().splitlines() if line]
    assert tuple(lines[0]) == ("route", "method", *columns)
    return [Row(line[0], line[1], dict(zip(columns, line[2:], strict=True))) for line in lines[1:]]


PAGES = rows_of(access_table.PAGES, access_table.PEOPLE)
API = rows_of(access_table.API, access_table.CALLERS)


@pytest.fixture
def world(cast: Cast, tmp_path: Path, settings: Any) -> World:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True
    settings.STRIPE_SECRET_KEY = ""  # this is about who may; what the acts do has tests of its own
    return World(cast, tmp_path)


def test_the_table_names_every_route_and_no_other() -> None:
    assert {row.route for row in PAGES} == {route.name for route in own_routes() if not route.is_api}
    assert {row.route for row in API} == {route.name for route in own_routes() if route.is_api}


def test_the_table_names_every_method_of_the_api() -> None:
    served = {(route.name, method) for route in own_routes() if route.is_api for method in route.methods()}
    assert {(row.route, row.method) for row in API} == served


def test_the_table_asks_nothing_twice() -> None:
    asked = [str(row) for row in (*PAGES, *API)]
    assert sorted(asked) == sorted(set(asked))


def test_route_names_are_unique() -> None:
    names = [route.name for route in own_routes()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("row", PAGES, ids=str)
def test_pages(row: Row, world: World) -> None:
    place = address(world, row, world.cast.acme)
    check(row, lambda column: ask_page(world, row, column, place), secret="@acme.example")


@pytest.mark.parametrize("row", API, ids=str)
def test_api(row: Row, world: World) -> None:
    place = address(world, row, world.cast.acme)
    check(row, lambda column: ask_api(world, row, column, place), secret="acme")


@pytest.mark.parametrize("row", [row for row in API if row.method == "GET"], ids=str)
def test_head_opens_no_more_than_get(row: Row, world: World) -> None:
    place = address(world, row, world.cast.acme)
    head = replace(row, method="HEAD")
    check(head, lambda column: ask_api(world, head, column, place), secret="acme")


def test_another_team_looks_like_none(cast: Cast) -> None:
    client = cast.client(cast.olga)
    for route in own_routes():
        if route.places() == ["team"]:
            theirs, nobodys = (client.get(reverse(route.name, args=[slug])) for slug in ("rival", "nobody"))
            assert theirs.status_code == nobodys.status_code in {404, 405}, route
            assert without_token(theirs) == without_token(nobodys), route


@pytest.mark.parametrize("row", [row for row in PAGES if row.route in KINDS and row.route != "git_webhook"], ids=str)
def test_another_teams_id_is_404_on_a_page(row: Row, world: World) -> None:
    for place in (address(world, row, world.cast.rival), address(world, row, None)):
        assert ask_page(world, row, "owner", place).status_code == 404


@pytest.mark.parametrize("row", [row for row in API if row.route in KINDS], ids=str)
def test_another_teams_id_is_404_in_the_api(row: Row, world: World) -> None:
    places = address(world, row, world.cast.rival), address(world, row, None)
    callers = [column for column in ("owner", "scope", "personal") if row.expected[column] != "403"]
    answers = [ask_api(world, row, column, place) for place in places for column in callers]
    assert {answer.status_code for answer in answers} == {404}
    # Another's id and no one's: nothing in the answer tells them apart.
    assert len({answer.content for answer in answers}) == 1


def test_a_closed_team_is_gone_for_everyone(world: World) -> None:
    places = {row: address(world, row, world.cast.acme) for row in (*PAGES, *API)}
    keys = [make_api_key(world.cast.acme)[1], make_api_key(world.cast.acme, member=world.cast.mei)[1]]
    Team.objects.filter(pk=world.cast.acme.pk).update(closed_at=timezone.now())
    for row in PAGES:
        if "team" in ROUTES[row.route].places():
            assert ask_page(world, row, "owner", places[row]).status_code == 404, row
    for row in API:
        assert ask_api(world, row, "owner", places[row]).status_code == 404, row
        for key in keys:
            headers = {"Authorization": f"Bearer {key}"}
            answer = Client().generic(row.method, places[row], content_type="application/json", headers=headers)
            assert answer.status_code == 401, row


def test_a_person_who_left_or_was_shut_out_is_a_stranger(world: World) -> None:
    world.cast.mei.memberships.all().delete()
    world.cast.adam.is_active = False
    client = world.cast.client(world.cast.adam)
    world.cast.adam.save()
    assert outcome(client.get("/t/acme/")) == "login"
    assert client.get("/api/v1/team").status_code == 401
    assert world.cast.client(world.cast.mei).get("/t/acme/").status_code == 404
    assert world.cast.client(world.cast.mei).get("/api/v1/team", headers={"X-Pare-Team": "acme"}).status_code == 404


@pytest.mark.parametrize("path", ["admin/", "admin/accounts/team/", "admin/billing/billingaccount/"])
def test_the_admin_is_for_staff(cast: Cast, path: str) -> None:
    for person in (cast.olga, cast.mallory, None):
        assert cast.client(person).get(f"/{path}").status_code == 302
    cast.adam.is_staff = cast.adam.is_superuser = True
    cast.adam.save()
    assert cast.client(cast.adam).get(f"/{path}").status_code == 200


@pytest.mark.parametrize("route", account_routes(), ids=lambda route: route.name)
def test_account_pages_need_a_log_in_but_for_those_listed(db: None, route: Route) -> None:
    values = {"pk": 1, "uidb36": "1", "key": "not-a-key"}
    path = reverse(route.name, kwargs={name: values[name] for name in route.places()})
    is_open = outcome(Client().get(path)) != "login"
    assert is_open == (route.name in access_table.OPEN_ACCOUNT_PAGES)


def test_the_open_account_pages_are_routes() -> None:
    names = {route.name for route in account_routes()}
    assert names >= access_table.OPEN_ACCOUNT_PAGES


def check(row: Row, ask: Callable[[str], Any], *, secret: str) -> None:
    """Asks as everyone, each time with nothing done before, and compares the whole row at once."""
    answers = {column: undone(ask, column) for column in row.expected}
    asked = {column: cell for column, cell in row.expected.items() if cell != "-"}
    assert {column: outcome(answers[column]) for column in asked} == asked
    if "/<slug:team>/" in ROUTES[row.route].path or ROUTES[row.route].is_api:
        for stranger in ("rival", "nobody"):
            assert secret not in answers[stranger].content.decode().lower(), f"{stranger} learns of Acme"


def without_token(response: Any) -> str:
    """The page without its CSRF token, which is another one each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def undone(ask: Callable[[str], Any], column: str) -> Any:
    with transaction.atomic():
        answer = ask(column)
        transaction.set_rollback(True)
    return answer


def outcome(response: Any) -> str:
    is_login = response.status_code == 302 and response.url.startswith(reverse(settings.LOGIN_URL))
    return "login" if is_login else str(response.status_code)


def ask_page(world: World, row: Row, column: str, place: str) -> Any:
    client = world.cast.client(world.person(column))
    client.raise_request_exception = False
    headers = {"Authorization": f"Bearer {world.key('personal', Scope.SPEND_READ)}"} if column == "key" else {}
    if row.method == "POST":
        return client.post(place, FORMS.get(row.route, {}), headers=headers)
    return client.get(place, headers=headers)


def ask_api(world: World, row: Row, column: str, place: str) -> Any:
    client = world.cast.client(world.person(column))
    client.raise_request_exception = False
    is_key = column in {"scope", "others", "personal"}
    scope = ROUTES[row.route].scope(row.method)
    headers = {"Authorization": f"Bearer {world.key(column, scope)}"} if is_key else {}
    body = BODIES.get(row.route, b"")
    return client.generic(row.method, place, body, content_type="application/json", headers=headers)


def address(world: World, row: Row, owner: Team | None) -> str:
    """The route's URL, always below Acme, with the id of a thing of `owner` in it; of nobody's, for None."""
    kind = KINDS.get(row.route)
    if row.route == "invitation":
        world.thing("invitation", world.cast.acme)
    public_id = world.thing(kind, owner) if owner else uuid.uuid4()
    places = {
        "team": world.cast.acme.slug,
        "token": TOKEN,
        "public_id": public_id,
        "step": "repository",
        "plan": "pro",
        "interval": "month",
    }
    path = reverse(row.route, kwargs={name: places[name] for name in ROUTES[row.route].places()})
    return path + QUERIES.get(row.route, "")
