"""Every page in a real browser, at both widths and in both themes: accessible, no wider than the window, no errors.

The pages come from the routes, so a new one is looked at without being listed. Needs a Chromium; PARE_REQUIRE_BROWSER
makes its absence a failure instead of a skip.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from tests.conftest import Cast

# Both widths and both themes, in two looks; tests/design proves the colours of both themes by arithmetic.
LOOKS = ((1440, "light"), (360, "dark"))
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Not pages of ours to look at: the admin is Django's, the rest answers with something else than a page.
OUTSIDE = re.compile(r"^(admin/|api/v1/|healthz|readyz|api/schema)")
# There only in a state that these tests do not bring about: an invitation, an authenticator app, a payment.
STATEFUL = {
    "invitation_offer",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "billing_return",
}
# Parts of pages, loaded into them.
FRAGMENTS = {"billing_progress", "billing_seat_preview"}


def pages(patterns: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every named route that takes nothing but a team."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from pages(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and entry.name and not OUTSIDE.match(route):
            path = route.replace("<slug:team>", "acme")
            if not re.search(r"[<(^]", path) and entry.name not in STATEFUL | FRAGMENTS:
                yield entry.name, f"/{path}"


def shown(client: Client) -> Iterator[tuple[str, str]]:
    """The pages among the routes: not the addresses that are posted to, lead elsewhere or give a file."""
    for name, path in pages():
        answer = client.get(path)
        assert answer.status_code in {200, 302, 405}, f"{name} answered {answer.status_code}"
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            yield name, path


@pytest.fixture
def olga(cast: Cast) -> Client:
    return cast.client(cast.olga)


def cookie_of(client: Client) -> str:
    return client.cookies["pare"].value


def rules(theme: str) -> dict[str, Any]:
    """axe's options. Contrast takes most of its time; the dark has the same pairs of tokens."""
    contrast = {"color-contrast": {"enabled": theme == "light"}}
    return {"runOnly": TAGS, "rules": contrast, "resultTypes": ["violations"]}


def open_context(browser: Browser, server: LiveServer, width: int, theme: str, cookie: str = "") -> BrowserContext:
    context = browser.new_context(
        base_url=server.url,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    if cookie:
        context.add_cookies([{"name": "pare", "value": cookie, "url": server.url}])
    return context


def faults(context: BrowserContext, theme: str, addresses: Iterable[tuple[str, str]]) -> list[str]:
    """What is wrong with pages: axe's findings, errors of the browser, a page that scrolls sideways."""
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    found = []
    for name, path in addresses:
        heard.clear()
        found += [f"{name}: {fault}" for fault in [*faults_at(page, path, theme), *heard]]
    return found


def faults_at(page: Page, path: str, theme: str) -> Iterator[str]:
    response = page.goto(path)
    if response is None or response.status >= 400:
        yield f"answered {response.status if response else 'nothing'}"
        return
    for violation in Axe().run(page, options=rules(theme)).response["violations"]:
        nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
        yield f"{violation['id']}: {violation['help']}: {nodes}"
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield "wider than the window"


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_of_a_member(browser: Browser, live_server: LiveServer, olga: Client, width: int, theme: str) -> None:
    context = open_context(browser, live_server, width, theme, cookie_of(olga))
    found = faults(context, theme, list(shown(olga)))
    context.close()
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_of_a_stranger(browser: Browser, live_server: LiveServer, width: int, theme: str) -> None:
    context = open_context(browser, live_server, width, theme)
    public = {
        "landing": "/",
        "login": "/account/login/",
        "signup": "/account/signup/",
        "reset": "/account/password/reset/",
    }
    found = faults(context, theme, public.items())
    context.close()
    assert found == [], "\n".join(found)


def test_a_phone_opens_the_menu_and_a_keyboard_closes_it(
    browser: Browser, live_server: LiveServer, olga: Client
) -> None:
    context = open_context(browser, live_server, 360, "light", cookie_of(olga))
    page = context.new_page()
    page.goto("/t/acme/team/")
    menu = page.get_by_role("button", name="Menu")
    entry = page.get_by_role("navigation", name="Team", exact=True).get_by_role("link", name="Billing")
    assert not entry.is_visible()
    menu.click()
    assert entry.is_visible() and menu.get_attribute("aria-expanded") == "true"
    account = page.locator("summary", has_text="Your account")
    account.click()
    assert page.get_by_role("button", name="Log out").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Log out").is_visible()
    context.close()


def test_a_chosen_theme_outlives_the_page(browser: Browser, live_server: LiveServer, olga: Client) -> None:
    context = open_context(browser, live_server, 1440, "light", cookie_of(olga))
    page = context.new_page()
    page.goto("/t/acme/team/")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Dark").click()
    page.goto("/t/acme/billing/")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (light, dark) == ("rgb(251, 250, 247)", "rgb(17, 20, 22)")
    context.close()
