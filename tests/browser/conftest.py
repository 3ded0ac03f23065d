"""A real Chromium, driven by Playwright: whichever the machine has. Nothing but this machine may be asked for anything."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from tests.live import LivePare

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
HERE = {"127.0.0.1", "localhost", "::1"}
WAIT = 15_000  # milliseconds that Playwright waits for what a test asks for
FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium. Without one the test is skipped, or fails when PARE_REQUIRE_BROWSER is set."""
    named = os.environ.get("PARE_CHROMIUM")
    if found := named or next(filter(None, map(shutil.which, PROGRAMS)), None):
        return found
    reason = f"No Chromium here ({', '.join(PROGRAMS)}); install one, or name it in PARE_CHROMIUM."
    if os.environ.get("PARE_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


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
