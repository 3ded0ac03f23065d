"""The graph's page: levels down to symbols, a slice lit up, states without a picture, and the walls between teams."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Team
from repos import indexing, services
from repos.models import Repository, SliceRecord
from tests.conftest import Cast
from tests.engine.git_server import make_repository

pytestmark = pytest.mark.django_db
HOSTILE = '<img src=x onerror="alert(1)">'
RTL = "\u202egnp.exe"


def page(repository: Repository, rest: str = "") -> str:
    return f"/t/acme/repositories/{repository.public_id}/graph/{rest}"


@pytest.fixture
def mei(cast: Cast) -> Client:
    return cast.client(cast.mei)


@pytest.fixture
def index(link: Callable[..., Repository], tmp_path: Path) -> Callable[[dict[str, str]], Repository]:
    def indexed_(files: dict[str, str]) -> Repository:
        make_repository(tmp_path / "other", dict(files))
        repository = link(tmp_path / "other")
        assert repository.latest_run is not None
        indexing.index(repository.latest_run.pk)
        return Repository.objects.with_state().get(pk=repository.pk)

    return indexed_


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def test_packages_are_drawn_and_listed(mei: Client, indexed: Repository) -> None:
    response = mei.get(page(indexed))
    assertContains(response, "<svg")
    text = text_of(response)
    assert "shop/cart.py" in text and "?at=shop%2Fcart.py" in text
    assert "shop/cart.py uses shop/tax.py" in text
    assert text.count("<table") == 2


def test_the_repositorys_own_page_shows_it_too(mei: Client, indexed: Repository) -> None:
    response = mei.get(f"/t/acme/repositories/{indexed.public_id}/")
    assertContains(response, "<svg class=\"graph-picture\"")
    text = text_of(response)
    assert text.index("Files in the index") < text.index(">Graph</h2>") < text.index("Last index runs")


def test_down_to_the_symbols_of_a_file(mei: Client, indexed: Repository) -> None:
    response = mei.get(page(indexed, "?at=shop/cart.py"))
    text = text_of(response)
    assert f"/t/acme/repositories/{indexed.public_id}/symbol/?path=shop%2Fcart.py&name=Cart.total&line=5" in text
    assert 'aria-label="Cart.total, method, 3 lines' in text


@pytest.mark.parametrize("rest", ["?at=gone", "?at=shop/../shop", "?at=" + "a/" * 3000, "?at=%00", "?at=%FF"])
def test_nothing_at_a_path_is_said_clearly(mei: Client, indexed: Repository, rest: str) -> None:
    response = mei.get(page(indexed, rest))
    assertContains(response, "Not in this snapshot", status_code=404)


@pytest.mark.parametrize("rest", ["part=0", "part=-1", "part=999999", "part=x", "part=", "guesses=1", "guesses=x"])
def test_odd_numbers_do_no_harm(mei: Client, indexed: Repository, rest: str) -> None:
    assert mei.get(page(indexed, f"?{rest}")).status_code == 200


def test_a_slice_lights_up_what_it_touched(mei: Client, cast: Cast, indexed: Repository) -> None:
    served = services.serve_slice(repository=indexed, actor=cast.mei, task="Total of the cart with tax", budget=4000)
    assert served.record.touched
    response = mei.get(page(indexed, f"?slice={served.record.public_id}"))
    text = text_of(response)
    assertContains(response, 'class="graph-node graph-lit"')
    assert "% of the slice" in text.replace(" %", "%")
    assert f"slice={served.record.public_id}" in text.split("graph-picture")[1]  # links keep it
    asked = {"task": "Total of the cart", "budget": 2000}
    answer = mei.post(f"/t/acme/repositories/{indexed.public_id}/try/", asked)
    assertContains(answer, "/graph/?slice=")


def a_slice(team: Team, repository: Repository | None) -> SliceRecord:
    return SliceRecord.objects.create(
        team=team, repository=repository, commit="a" * 40, budget=1, tokens=1, milliseconds=1
    )


def test_only_slices_of_this_team_and_repository(
    mei: Client, cast: Cast, indexed: Repository, link: Callable[..., Repository]
) -> None:
    theirs = a_slice(cast.rival, link(team=cast.rival)).public_id
    elsewhere = a_slice(cast.acme, None).public_id
    for wanted in (theirs, elsewhere, uuid4(), "x", "1" * 500):
        assert mei.get(page(indexed, f"?slice={wanted}")).status_code == 404


def test_a_slice_of_before_says_so(mei: Client, cast: Cast, indexed: Repository) -> None:
    record = a_slice(cast.acme, indexed)
    assertContains(mei.get(page(indexed, f"?slice={record.public_id}")), "before what a slice touches was kept")


def test_names_are_text_and_hide_nothing(mei: Client, index: Callable[[dict[str, str]], Repository]) -> None:
    name = HOSTILE.replace("/", "")
    repository = index({
        f"{name}/a.py": "def one():\n    return 1\n",
        f"{RTL}/b.py": "def two():\n    return 2\n",
        "n" * 200 + "/" + "m" * 200 + "/c.py": "def three():\n    return 3\n",
        "plain/d.py": "def four():\n    return 4\n",
    })  # fmt: skip
    response = mei.get(page(repository))
    raw = response.content.decode()
    assert name not in raw and "\u202e" not in raw
    assert r"\u202egnp.exe" in raw
    assertContains(mei.get(page(repository, f"?at={quote(name)}")), "a.py")
    assertContains(mei.get(page(repository, f"?at={quote(RTL)}/b.py")), "two")


def test_a_symbols_name_of_four_kilobytes(mei: Client, index: Callable[[dict[str, str]], Repository]) -> None:
    name = "x" * 4000
    lines = "# short\n" * 100  # files of long lines only are left out
    repository = index({"a.py": f"def {name}():\n    return 1\n\n\ndef two():\n    return {name}()\n{lines}"})
    text = text_of(mei.get(page(repository, "?at=a.py")))
    assert ">…" + "x" * 25 + "<" in text
    addresses = re.findall(r'href="([^"]*/symbol/[^"]*name=xxx[^"]*)"', text)
    assert addresses
    assert mei.get(addresses[0]).status_code == 200


def test_a_tree_without_symbols(mei: Client, index: Callable[[dict[str, str]], Repository]) -> None:
    repository = index({"notes.txt": "one\n", "a/b.md": "# two\n"})
    response = mei.get(page(repository))
    assertContains(response, "Nothing to draw")
    assertNotContains(response, "<svg class=\"graph-picture\"")
    assertContains(mei.get(page(repository, "?at=notes.txt")), "No symbols in this file")
    assertNotContains(mei.get(f"/t/acme/repositories/{repository.public_id}/"), "graph-picture")


def test_not_indexed_yet_and_paused(mei: Client, link: Callable[..., Repository], indexed: Repository) -> None:
    Repository.objects.filter(pk=indexed.pk).update(paused_at=timezone.now())
    assertContains(mei.get(page(indexed)), "This repository is paused")
    Repository.objects.filter(pk=indexed.pk).update(paused_at=None, snapshot=None)
    assertContains(mei.get(page(indexed)), "No graph")


def test_queries_do_not_grow_with_the_tree(mei: Client, indexed: Repository) -> None:
    mei.get(page(indexed))
    with CaptureQueriesContext(connection) as few:
        mei.get(page(indexed))
    assert len(few) <= 6


def test_another_teams_repository_is_not_there(cast: Cast, indexed: Repository) -> None:
    mallory = cast.client(cast.mallory)
    for address in (page(indexed), f"/t/acme/repositories/{indexed.public_id}/symbol/?path=shop/cart.py&name=Cart"):
        assert mallory.get(address).status_code == 404
        own = address.replace("/t/acme/", f"/t/{cast.rival.slug}/")
        assert mallory.get(own).status_code == 404
        assert cast.client(cast.vic).get(address).status_code == 403
