"""The graph in a real browser: accessible, usable with the keyboard, with and without scripts, on a phone."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from repos import indexing, progress, services
from repos.models import Repository
from tests.browser.test_every_page import LOOKS, cookie_of, faults, open_context
from tests.conftest import Cast
from tests.engine.git_server import make_repository

# Two packages in a cycle, one that uses both, tests, and a file with several symbols.
CODE: dict[str, str | bytes] = {
    **{f"money/part{n}/a.py": f"def part{n}():\n    return {n}\n" for n in range(12)},
    "shop/cart.py": "from money.rate import rate\n\n\nclass Cart:\n    def total(self):\n        return rate()\n\n\n"
    "def pay():\n    return Cart().total()\n",
    "shop/order.py": "from shop.cart import pay\n\n\ndef order():\n    return pay()\n",
    "money/rate.py": "def rate():\n    from shop.cart import pay\n\n    pay()\n    return 1\n",
    "money/tax.py": "from money.rate import rate\n\n\ndef tax():\n    return rate()\n",
    "web/views.py": "from shop.order import order\n\n\ndef view():\n    return order()\n",
    "tests/test_cart.py": "from shop.cart import pay\n\n\ndef test_pay():\n    assert pay()\n",
}


@pytest.fixture
def olga(cast: Cast) -> Client:
    return cast.client(cast.olga)


@pytest.fixture
def repository(cast: Cast, tmp_path: Path, settings: Any) -> Repository:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True
    make_repository(tmp_path / "shop", CODE)
    linked = services.link_repository(team=cast.acme, url=str(tmp_path / "shop"), actor=cast.olga)
    assert linked.latest_run is not None
    with patch.object(progress, "WRITE_EVERY", 3600.0):
        indexing.index(linked.latest_run.pk)
    return Repository.objects.with_state().get(pk=linked.pk)


def graph_of(repository: Repository) -> str:
    return f"/t/acme/repositories/{repository.public_id}/graph/"


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_its_pages_are_sound(
    browser: Browser, live_server: LiveServer, cast: Cast, olga: Client, repository: Repository, width: int, theme: str
) -> None:
    served = services.serve_slice(repository=repository, actor=cast.olga, task="Pay the cart", budget=2000)
    base = f"/t/acme/repositories/{repository.public_id}"
    addresses = {
        "repository": f"{base}/",
        "graph": f"{base}/graph/",
        "slice": f"{base}/graph/?slice={served.record.public_id}",
        "file": f"{base}/graph/?at=shop/cart.py",
        "symbol": f"{base}/symbol/?path=shop/cart.py&name=Cart",
        "callers": f"{base}/symbol/?path=shop/cart.py&name=pay&of=callers",
    }
    context = open_context(browser, live_server, width, theme, cookie_of(olga))
    found = faults(context, theme, addresses.items())
    context.close()
    assert found == [], "\n".join(found)


def box(page: Page, name: str) -> Any:
    return page.locator(f'.graph-node[aria-label^="{name},"]')


def test_a_click_goes_down_in_place_and_back(
    browser: Browser, live_server: LiveServer, olga: Client, repository: Repository
) -> None:
    context = open_context(browser, live_server, 1440, "light", cookie_of(olga))
    page = context.new_page()
    page.goto(graph_of(repository))
    page.evaluate("window.stays = true")
    box(page, "shop").click()
    box(page, "cart.py").wait_for()
    assert "?at=shop" in page.url and page.evaluate("window.stays") is True
    box(page, "cart.py").click()
    box(page, "Cart.total").wait_for()
    page.go_back()
    box(page, "cart.py").wait_for()
    assert page.url.endswith("?at=shop")
    page.goto(f"{graph_of(repository)}?at=shop/cart.py")
    box(page, "Cart.total").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cart.total")
    context.close()


def test_with_the_keyboard_alone(
    browser: Browser, live_server: LiveServer, olga: Client, repository: Repository
) -> None:
    context = open_context(browser, live_server, 1440, "light", cookie_of(olga))
    page = context.new_page()
    page.goto(graph_of(repository))
    node = box(page, "shop")
    node.focus()
    ring = "node => getComputedStyle(node.querySelector('rect')).strokeWidth"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert node.evaluate(ring) == "3px"
    assert page.locator(".graph-edge.is-near").count() > 0
    page.keyboard.press("Enter")
    box(page, "cart.py").wait_for()
    context.close()


def test_without_scripts_boxes_are_links(
    browser: Browser, live_server: LiveServer, olga: Client, repository: Repository
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies([{"name": "pare", "value": cookie_of(olga), "url": live_server.url}])
    page = context.new_page()
    page.goto(graph_of(repository))
    box(page, "shop").click()
    page.wait_for_url("**/graph/?at=shop")
    assert box(page, "cart.py").count() == 1
    context.close()


def test_on_a_phone_the_picture_scrolls_and_the_page_does_not(
    browser: Browser, live_server: LiveServer, olga: Client, repository: Repository
) -> None:
    context = open_context(browser, live_server, 360, "dark", cookie_of(olga))
    page = context.new_page()
    page.goto(graph_of(repository))
    wide = page.locator(".graph-box").evaluate("box => box.scrollWidth > box.clientWidth")
    assert wide and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.get_by_text("The picture scrolls sideways").is_visible()
    context.close()
