"""The page of one symbol: found by an address that outlives a snapshot, with all that stands round it."""

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from repos import indexing
from repos.models import Repository
from tests.conftest import Cast
from tests.engine.git_server import commit_files, make_repository

pytestmark = pytest.mark.django_db


def page(repository: Repository, path: str, name: str, rest: str = "") -> str:
    return f"/t/acme/repositories/{repository.public_id}/symbol/?path={path}&name={name}{rest}"


@pytest.fixture
def mei(cast: Cast) -> Client:
    return cast.client(cast.mei)


def test_definition_callers_and_callees(mei: Client, indexed: Repository) -> None:
    text = unescape(mei.get(page(indexed, "shop/tax.py", "tax_of")).content.decode())
    assert 'data-line="4">def tax_of(prices):' in text
    assert "Called by" in text and "Cart.total" in text
    assert "tax_of(prices)" in text and "shop/cart.py:7" in text
    assert "?at=shop%2Ftax.py" in text
    assert "?path=shop%2Fcart.py&name=Cart.total&line=5" in text


def test_members_of_a_class(mei: Client, indexed: Repository) -> None:
    assertContains(mei.get(page(indexed, "shop/cart.py", "Cart")), "Inside it")


def test_search_and_slices_lead_to_it(mei: Client, indexed: Repository) -> None:
    address = f"/t/acme/repositories/{indexed.public_id}/symbol/?path=shop%2Ftax.py&amp;name=tax_of"
    assertContains(mei.get(f"/t/acme/repositories/{indexed.public_id}/symbols/?q=tax_of"), address)
    assertContains(mei.get("/t/acme/search/?q=tax_of"), address)
    answer = mei.post(f"/t/acme/repositories/{indexed.public_id}/try/", {"task": "Change tax_of", "budget": 2000})
    assertContains(answer, address)


def test_the_address_outlives_a_snapshot(mei: Client, indexed: Repository, shop: Path) -> None:
    before = mei.get(page(indexed, "shop/tax.py", "tax_of", "&line=4")).content.decode()
    commit_files(shop, {"shop/tax.py": "# moved down\n\n\nRATE = 0.19\n\n\ndef tax_of(prices):\n    return RATE\n"})
    run = indexed.runs.create(trigger="manual")
    indexing.index(run.pk)
    after = mei.get(page(indexed, "shop/tax.py", "tax_of", "&line=4")).content.decode()
    assert 'data-line="4">def tax_of' in before and 'data-line="7">def tax_of' in after


def test_a_gone_symbol_says_so_and_where_its_name_is(mei: Client, indexed: Repository) -> None:
    response = mei.get(page(indexed, "shop/old.py", "Old.total"))
    assertContains(response, "Not in this snapshot", status_code=404)
    assertContains(response, "Cart.total", status_code=404)
    for odd in (page(indexed, "", ""), page(indexed, "%00", "%FF"), page(indexed, "shop/cart.py", "x" * 9000)):
        assertContains(mei.get(odd), "Not in this snapshot", status_code=404)


def test_long_lists_and_long_definitions_come_in_pages(
    mei: Client, link: Callable[..., Repository], tmp_path: Path
) -> None:
    body = "".join(f"    a{n} = {n}\n" for n in range(900))
    callers = "".join(f"def f{n}():\n    big()\n\n\n" for n in range(120))
    make_repository(tmp_path / "big", {"big.py": f"def big():\n{body}\n\n{callers}"})
    repository = link(tmp_path / "big")
    assert repository.latest_run is not None
    indexing.index(repository.latest_run.pk)
    first = mei.get(page(repository, "big.py", "big")).content.decode()
    assert 'data-line="400"' in first and 'data-line="401"' not in first and "Later lines" in first
    assert 'data-line="901"' in mei.get(page(repository, "big.py", "big", "&page=3")).content.decode()
    assert "All 120" in first
    last = mei.get(page(repository, "big.py", "big", "&of=callers&page=3")).content.decode()
    assert last.count("big()") == 20 and 'rel="next"' not in last and 'rel="prev"' in last
    for odd in ("&of=callers&page=99999", "&page=4000", "&of=nothing", "&line=x"):
        assert mei.get(page(repository, "big.py", "big", odd)).status_code == 200


def test_over_the_api(cast: Cast, indexed: Repository) -> None:
    client = cast.client(cast.mei)
    base = f"/api/v1/repositories/{indexed.public_id}"
    symbol = client.get(f"{base}/symbol?path=shop/tax.py&qualified=tax_of").json()
    caller = symbol["relations"]["callers"]["items"][0]
    assert (caller["symbol"]["qualified"], caller["line"], caller["confidence"]) == ("Cart.total", 7, "certain")
    assert caller["expression"] == "tax_of(prices)" and symbol["definition"].startswith("def tax_of")
    graph = client.get(f"{base}/graph").json()
    names = [box["name"] for box in graph["boxes"]]
    uses = {(names[one["user"]], names[one["used"]]) for one in graph["dependencies"]}
    assert ("shop/cart.py", "shop/tax.py") in uses
    for refused in ("symbol?path=gone&qualified=x", "graph?at=gone"):
        assert client.get(f"{base}/{refused}").status_code == 404
    for bad in ("graph?part=0", "graph?part=x", "symbol?path=a&qualified=b&of=x", "symbol?path=a&qualified=b&line=-1"):
        assert client.get(f"{base}/{bad}").status_code == 400
