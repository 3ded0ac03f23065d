"""The search box of a team: what it finds, and what it hides."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import User
from repos import storage
from repos.models import Repository
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def ask(cast: Cast, who: User, query: str) -> Any:
    return cast.client(who).get("/t/acme/search/", {"q": query})


def test_it_finds_repositories_members_and_symbols(cast: Cast, indexed: Repository) -> None:
    assertContains(ask(cast, cast.mei, "shop"), f'href="{indexed.get_absolute_url()}"')
    assertContains(ask(cast, cast.mei, "olga"), "olga@acme.example")
    assertContains(ask(cast, cast.mei, "tax_of"), "shop/tax.py:4")


def test_the_billing_role_finds_members_but_no_code(cast: Cast, indexed: Repository) -> None:
    assertContains(ask(cast, cast.vic, "mei"), "mei@acme.example")
    assertNotContains(ask(cast, cast.vic, "tax_of"), "shop/tax.py")
    assertNotContains(ask(cast, cast.vic, "shop"), str(indexed.public_id))


def test_another_team_finds_nothing_of_it(cast: Cast, indexed: Repository) -> None:
    client: Client = cast.client(cast.mallory)
    for query in ("shop", "olga", "tax_of"):
        assertContains(client.get("/t/rival/search/", {"q": query}), "Nothing fits")
    assert client.get("/t/acme/search/", {"q": "shop"}).status_code == 404


@pytest.mark.parametrize("query", ["", " ", "\0", "%", "_", "\\", "x" * 10_000, "<script>", "ключ", "' OR 1=1 --"])
def test_odd_queries_are_answered(cast: Cast, indexed: Repository, query: str) -> None:
    response = ask(cast, cast.mei, query)
    assert response.status_code == 200
    assertNotContains(response, "<script>alert")
    assertNotContains(response, "<script></")


def test_a_damaged_index_leaves_the_rest_of_the_answer(cast: Cast, indexed: Repository) -> None:
    assert indexed.snapshot is not None
    storage.file_of(indexed.snapshot).write_bytes(b"damaged")
    assertContains(ask(cast, cast.mei, "shop"), f'href="{indexed.get_absolute_url()}"')
