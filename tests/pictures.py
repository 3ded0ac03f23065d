"""`make pictures`: the pictures in docs/, taken from a demonstration that is started for them and ended after.

Not a test: a person looks at what it makes. Takes a few minutes, mostly for indexing this repository.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from config.processes import free_port
from tests.browser.chromium import find_chromium
from tests.shots import log_in

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "pictures"
TEAM = "/t/acme-demo"
TASK = "A revoked API key must stop working within thirty seconds"
WIDE = (1280, 860)
TALL = (1280, 1330)


@dataclass(frozen=True)
class Demonstration:
    url: str
    email: str
    password: str


@contextmanager
def demonstration() -> Iterator[Demonstration]:
    """Pare with its demonstration team, as committed: from a clone called `pare`, since pages show a folder's name.

    A twin of Stripe runs on the next port, so that a plan can be paid.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pare-pictures-") as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), f"{folder}/pare"], check=True)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), "--demo"],
            cwd=f"{folder}/pare",
            env={**os.environ, "PARE_DATA": f"{folder}/data", "PARE_STRIPE": "twin"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            email, password = log_in_of(process)
            yield Demonstration(f"http://127.0.0.1:{port}", email, password)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def log_in_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Reads the log until the demonstration has said whom to log in as. Raises SystemExit when it never does."""
    assert process.stdout
    email = ""
    for line in process.stdout:
        print(line, end="")
        if found := re.search(r"e-?mail +(\S+@\S+)", line):
            email = found[1]
        elif email and (found := re.search(r"password +(\S+)", line)):
            return email, found[1]
    raise SystemExit("The demonstration ended before it was ready; the lines above say why.")


def page_of(browser: Browser, demo: Demonstration, size: tuple[int, int]) -> Page:
    viewport = ViewportSize(width=size[0], height=size[1])
    context = browser.new_context(base_url=demo.url, viewport=viewport, color_scheme="light", reduced_motion="reduce")
    return context.new_page()


def shoot(page: Page, name: str, path: str | None = None) -> None:
    if path:
        page.goto(path, wait_until="networkidle")
    page.screenshot(path=OUT / f"{name}.png")
    print(f"docs/pictures/{name}.png")


def try_slice(page: Page) -> None:
    page.goto(f"{TEAM}/repositories/")
    page.get_by_role("main").get_by_role("table").get_by_role("link").first.click()
    page.get_by_role("link", name="Try a slice").first.click()
    page.get_by_label("Task").fill(TASK)
    page.get_by_role("button", name="Get slice").click()
    page.get_by_role("heading", name="The text an agent gets").wait_for()
    page.evaluate("scrollTo(0, document.querySelector('#slice').getBoundingClientRect().top + scrollY - 72)")


def light_up(page: Page) -> None:
    """From the slice just made to the graph."""
    page.get_by_role("link", name="See it in the graph").click()
    page.locator(".graph-lit").first.wait_for()


def pay_for_team(page: Page) -> None:
    """Choose the Team plan and pay for it at the twin."""
    page.goto(f"{TEAM}/billing/plan/team/month/", wait_until="networkidle")
    page.get_by_role("button", name="Go to payment").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expiry (MM/YY)").fill("04/30")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    page.get_by_text("You are on Team.").wait_for()


def take(browser: Browser, demo: Demonstration) -> None:
    """The pictures that README.md and the pages in docs/ show."""
    page = page_of(browser, demo, TALL)
    log_in(page, demo.email, demo.password)
    shoot(page, "spend", f"{TEAM}/spend/")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    try_slice(page)
    shoot(page, "slice")
    page.set_viewport_size({"width": TALL[0], "height": TALL[1]})
    light_up(page)
    shoot(page, "graph")
    pay_for_team(page)
    shoot(page, "billing", f"{TEAM}/billing/")


def main() -> None:
    if find_chromium() is None:
        raise SystemExit("No Chromium was found. Install one, or set PARE_CHROMIUM to its path.")
    OUT.mkdir(parents=True, exist_ok=True)
    with demonstration() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        take(browser, demo)
        browser.close()


if __name__ == "__main__":
    main()
