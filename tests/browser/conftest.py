"""A real Chromium, driven by Playwright. Nothing but this machine may be asked for anything."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.browser.chromium import open_chromium
from tests.live import LivePare

HERE = {"127.0.0.1", "localhost", "::1"}
WAIT = 15_000  # milliseconds that Playwright waits for what a test asks for


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for the run: Playwright's sync interface cannot be opened twice in a thread."""
    with open_chromium() as running:
        yield running


@pytest.fixture
def context(browser: Browser, live_pare: LivePare) -> Iterator[BrowserContext]:
    """A fresh person's browser. Fails the test on a request to another machine, a script error or a CSP violation."""
    with guarded(browser, live_pare.url) as fresh:
        yield fresh


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def second_page(browser: Browser, live_pare: LivePare) -> Iterator[Page]:
    """A page of somebody else: other cookies, same guards."""
    with guarded(browser, live_pare.url) as fresh:
        yield fresh.new_page()


class guarded:  # noqa: N801 - used like a function
    """A browser context that keeps to this machine and remembers what went wrong in its pages."""

    def __init__(self, browser: Browser, base_url: str):
        self.context = browser.new_context(base_url=base_url)
        self.context.set_default_timeout(WAIT)
        self.trouble: list[str] = []
        self.context.route("**/*", self.allow)
        self.context.on("weberror", lambda error: self.trouble.append(f"script error: {error.error}"))
        self.context.on("console", lambda message: self.note(message.text))

    def allow(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.hostname in HERE or parts.scheme in {"data", "blob", "about"}:
            route.continue_()
        else:
            self.trouble.append(f"asked another machine: {route.request.url}")
            route.abort()

    def note(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.trouble.append(text)

    def __enter__(self) -> BrowserContext:
        return self.context

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        self.context.close()
        if kind is None:
            assert not self.trouble, self.trouble
