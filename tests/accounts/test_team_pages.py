"""Who gets which page of people and teams; and how many queries the lists cost."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import audit, services
from accounts.models import Membership
from accounts.roles import Role
from tests.conftest import Cast
from tests.factories import make_api_key, make_membership, make_user

# Each path with the people of Acme who may see it.
ALL = {"olga", "adam", "mei", "vic"}
PAGES: list[tuple[str, set[str]]] = [
    ("team/", ALL),
    ("team/leave/", ALL),
    ("team/invite/", {"olga", "adam"}),
    ("team/{member}/remove/", {"olga", "adam"}),
    ("keys/", {"olga", "adam", "mei"}),
    ("keys/new/", {"olga", "adam", "mei"}),
    ("audit/", {"olga", "adam"}),
    ("settings/", {"olga", "adam"}),
    ("settings/delete/", {"olga"}),
]


@pytest.mark.parametrize(("path", "allowed"), PAGES)
def test_each_page_opens_for_its_roles_only(cast: Cast, path: str, allowed: set[str]) -> None:
    member = Membership.objects.for_team(cast.acme).get(user=cast.mei)
    url = "/t/acme/" + path.format(member=member.public_id)
    for name in ("olga", "adam", "mei", "vic"):
        answer = cast.client(getattr(cast, name)).get(url)
        assert answer.status_code == (200 if name in allowed else 403), (name, url)
    assert cast.client(cast.mallory).get(url).status_code == 404
    assert cast.client(cast.mallory).get(url.replace("acme", "no-such-team")).status_code == 404
    anonymous = cast.client(None).get(url)
    assert (anonymous.status_code, anonymous["Location"].split("?")[0]) == (302, "/account/login/")


def grow(cast: Cast) -> None:
    """Four more of everything that the lists show."""
    for _ in range(4):
        person = make_user()
        make_membership(cast.acme, person)
        make_api_key(cast.acme, member=person)
        make_api_key(cast.acme, created_by=person)
        services.invite(team=cast.acme, email=f"to-{person.email}", role=Role.MEMBER, actor=cast.olga)
        audit.record(team=cast.acme, actor=person, action="test.noted")


@pytest.mark.parametrize("path", ["team/", "keys/", "audit/"])
def test_a_list_costs_the_same_queries_however_long_it_is(
    cast: Cast, path: str, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    client = cast.client(cast.olga)
    grow(cast)
    client.get(f"/t/acme/{path}")  # the first request of a session notes the session
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/t/acme/{path}")
    grow(cast)
    with django_assert_num_queries(len(queries)):
        client.get(f"/t/acme/{path}")
    assert len(queries) <= 7  # the page of members counts those with a seat apart
