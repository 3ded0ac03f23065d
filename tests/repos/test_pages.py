"""The browser's pages of repositories."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from billing.services import change_plan
from repos import services
from repos.models import IndexRun, Repository, SliceRecord, State
from tests.conftest import Cast
from tests.repos.conftest import give_snapshot

pytestmark = pytest.mark.django_db
LIST = "/t/acme/repositories/"
PUBLIC = "https://git.example.invalid/acme/shop.git"


def page(repository: Repository, rest: str = "") -> str:
    return f"{LIST}{repository.public_id}/{rest}"


@pytest.fixture
def olga(cast: Cast) -> Client:
    return cast.client(cast.olga)


@pytest.fixture
def mei(cast: Cast) -> Client:
    return cast.client(cast.mei)


def test_linking_leads_to_the_repositorys_page(olga: Client, shop: Path) -> None:
    assertContains(olga.get(LIST), "No repositories yet")
    assertContains(olga.get(f"{LIST}link/"), "Access token")
    answer = olga.post(f"{LIST}link/", {"url": str(shop), "auth": "none"})
    repository = Repository.objects.get()
    assertRedirects(answer, page(repository))
    shown = olga.get(page(repository))
    assertContains(shown, "Waiting for a worker")
    assertContains(shown, f'hx-get="{page(repository, "progress/")}"')


def test_what_is_wrong_is_said_at_the_field(olga: Client) -> None:
    answer = olga.post(f"{LIST}link/", {"url": "http://x/y", "auth": "none"})
    assertContains(answer, "Addresses with http are not allowed", status_code=400)
    answer = olga.post(f"{LIST}link/", {"url": PUBLIC, "auth": "token"})
    assertContains(answer, "An access token was chosen but not given", status_code=400)
    answer = olga.post(f"{LIST}link/", {"url": PUBLIC, "auth": "token", "token": "tok-7 x"})
    assertNotContains(answer, "tok-7", status_code=400)


def test_at_the_cap_the_page_says_so(cast: Cast, olga: Client, indexed: Repository) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    assertContains(olga.get(LIST), "Your plan is full")
    answer = olga.post(f"{LIST}link/", {"url": PUBLIC, "auth": "none"})
    assertContains(answer, "allows 1 linked repository", status_code=402)


def test_the_page_of_an_indexed_one(olga: Client, mei: Client, indexed: Repository) -> None:
    shown = olga.get(page(indexed))
    for text in ("Indexed", "python", "Left out", "calls", "Last index runs", "Succeeded", "Webhook secret"):
        assertContains(shown, text)
    assertContains(shown, indexed.webhook_secret)
    assertNotContains(shown, "progress/\"")  # nothing to follow but the proof
    for_member = mei.get(page(indexed))
    assertNotContains(for_member, indexed.webhook_secret)
    assertNotContains(for_member, "Unlink")
    assertContains(for_member, "Try a slice")


def test_progress_is_counted_and_polling_stops(mei: Client, link: Callable[..., Repository]) -> None:
    repository = link()
    IndexRun.objects.update(state=State.RUNNING, phase="parse", done=3, total=12)
    shown = mei.get(page(repository, "progress/"))
    assertContains(shown, "Parsing files")
    assertContains(shown, "3 of 12 files")
    assert "HX-Refresh" not in shown.headers and b"hx-trigger" in shown.content
    IndexRun.objects.update(state=State.FAILED, error="The disk is full.")
    shown = mei.get(page(repository, "progress/"))
    assertContains(shown, "The disk is full.")
    assert shown.headers["HX-Refresh"] == "true" and b"hx-trigger" not in shown.content


def test_a_failed_one_says_why(mei: Client, link: Callable[..., Repository]) -> None:
    repository = link()
    IndexRun.objects.update(state=State.FAILED, error="The host shows this only with a token.")
    assertContains(mei.get(page(repository)), "The host shows this only with a token.", count=2)
    assertContains(mei.get(LIST), "Failed")


def test_a_deploy_key_is_shown(cast: Cast, mei: Client) -> None:
    repository = services.link_repository(team=cast.acme, url="git@git.example.invalid:a/b", actor=cast.olga)
    assertContains(mei.get(page(repository)), "ssh-ed25519")


def test_index_again(olga: Client, indexed: Repository) -> None:
    assertRedirects(olga.post(page(indexed, "reindex/")), page(indexed))
    assert IndexRun.objects.filter(state=State.QUEUED, trigger="manual").count() == 1
    assert olga.get(page(indexed, "reindex/")).status_code == 405


def test_another_token(olga: Client, cast: Cast) -> None:
    repository = services.link_repository(team=cast.acme, url=PUBLIC, token="a", actor=cast.olga)
    assertContains(olga.get(page(repository)), "Store another access token")
    assertContains(olga.post(page(repository, "token/"), {"token": "a b"}), "Copy it again", status_code=400)
    assertRedirects(olga.post(page(repository, "token/"), {"token": "b"}), page(repository))


def test_unlinking_needs_the_name(olga: Client, indexed: Repository) -> None:
    assertContains(olga.get(page(indexed, "unlink/")), "What goes")
    wrong = olga.post(page(indexed, "unlink/"), {"name": "shopp"})
    assertContains(wrong, "This is not the name", status_code=400)
    assertRedirects(olga.post(page(indexed, "unlink/"), {"name": "shop"}), LIST)
    assert not Repository.objects.exists()


def test_symbols_with_and_without_htmx(mei: Client, indexed: Repository) -> None:
    whole = mei.get(page(indexed, "symbols/"), {"q": "total"})
    assertContains(whole, "shop/cart.py:5-7")
    assertContains(whole, "<h1>")
    part = mei.get(page(indexed, "symbols/"), {"q": "total"}, headers={"HX-Request": "true"})
    assertContains(part, "shop/cart.py:5-7")
    assertNotContains(part, "<h1>")
    assertContains(mei.get(page(indexed, "symbols/"), {"q": "<b>nothing"}), "No symbol fits &lt;b&gt;nothing")


def test_a_slice_as_an_agent_gets_it(mei: Client, cast: Cast, indexed: Repository) -> None:
    assertContains(mei.get(page(indexed, "try/")), "Task")
    given = {"task": "the cart total forgets the tax", "budget": "2000"}
    shown = mei.post(page(indexed, "try/"), given)
    for text in ("def total", "of 2,000", "Confidence", "Coverage", "old", "ms"):
        assertContains(shown, text)
    part = mei.post(page(indexed, "try/"), given, headers={"HX-Request": "true"})
    assertContains(part, "def total")
    assertNotContains(part, "<h1>")
    assert SliceRecord.objects.for_team(cast.acme).filter(user=cast.mei).count() == 2


@pytest.mark.parametrize("given", [{"task": "", "budget": "2000"}, {"task": "x", "budget": "7"}, {}])
def test_a_bad_slice_form_says_what_is_wrong(mei: Client, indexed: Repository, given: dict[str, str]) -> None:
    assert mei.post(page(indexed, "try/"), given).status_code == 400
    part = mei.post(page(indexed, "try/"), given, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assertContains(part, "alert")
    assert not SliceRecord.objects.exists()


def test_a_slice_before_the_first_index(mei: Client, link: Callable[..., Repository]) -> None:
    repository = link()
    shown = mei.post(page(repository, "try/"), {"task": "x", "budget": "2000"})
    assertContains(shown, "is waiting to be indexed", status_code=409)
    assertContains(mei.get(page(repository, "symbols/"), {"q": "x"}), "is waiting to be indexed")


def test_a_paused_one_is_shown_as_paused(olga: Client, indexed: Repository) -> None:
    Repository.objects.update(paused_at=indexed.created_at)
    shown = olga.get(page(indexed))
    assertContains(shown, "This repository is paused")
    assertNotContains(shown, "Index again</button>")


PAGES = ["", "progress/", "symbols/", "try/", "token/", "unlink/"]


@pytest.mark.parametrize("rest", PAGES)
def test_another_teams_page_is_not_there(cast: Cast, indexed: Repository, rest: str) -> None:
    mallory = cast.client(cast.mallory)
    assert mallory.get(page(indexed, rest)).status_code == 404
    assert mallory.get(page(indexed, rest).replace("/acme/", "/rival/")).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("olga", 200), ("adam", 200), ("mei", 403), ("vic", 403)])
def test_who_may_manage(cast: Cast, indexed: Repository, who: str, status: int) -> None:
    client = cast.client(getattr(cast, who))
    for rest in ("token/", "unlink/"):
        assert client.get(page(indexed, rest)).status_code == status
    assert client.get(f"{LIST}link/").status_code == status


def test_billing_sees_no_code(cast: Cast, indexed: Repository) -> None:
    vic = cast.client(cast.vic)
    for path in (LIST, page(indexed), page(indexed, "try/"), page(indexed, "symbols/")):
        assert vic.get(path).status_code == 403


def test_the_list_costs_the_same_for_many(cast: Cast, mei: Client) -> None:
    counts = []
    for number in range(1, 9):
        give_snapshot(services.link_repository(team=cast.acme, url=f"{PUBLIC}{number}", actor=cast.olga))
        if number in (1, 8):
            mei.get(LIST)
            with CaptureQueriesContext(connection) as queries:
                shown: Any = mei.get(LIST)
            assert len(re.findall(rb"git.example.invalid", shown.content)) == number
            counts.append(len(queries))
    assert counts[0] == counts[1]
