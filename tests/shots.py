"""Pictures of pages at two widths and in both themes: `python -m tests.shots --base URL --out FOLDER path [path ...]`.

Not a test: a person looks at what it makes. With `--email` and `--password` it logs in first. It also prints what a
picture may hide: a page wider than the window, errors in the browser's console, and answers other than 200.
"""

import argparse
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import find_chromium

WIDTHS = (1440, 360)
THEMES = ("light", "dark")


def main() -> int:
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        problems = [
            problem
            for width in options.widths
            for theme in options.themes
            for problem in take_all(browser, options, width, theme)
        ]
        browser.close()
    print("\n".join(problems) or "No page is too wide, none has errors in the console.")
    return 1 if problems else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", help="/path or name=/path; the name is the picture's file name")
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    parser.add_argument("--email")
    parser.add_argument("--password")
    parser.add_argument("--widths", type=int, nargs="*", default=WIDTHS)
    parser.add_argument("--themes", nargs="*", choices=THEMES, default=THEMES)
    parser.add_argument("--window", action="store_true", help="only what the first screen shows, not the whole page")
    return parser.parse_args()


def take_all(browser: Browser, options: argparse.Namespace, width: int, theme: str) -> list[str]:
    context = browser.new_context(
        base_url=options.base,
        viewport={"width": width, "height": 900 if width > 600 else 740},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    if options.email:
        log_in(page, options.email, options.password)
    found = [line for path in options.paths for line in take(page, path, options, f"{width}-{theme}", problems)]
    context.close()
    return found


def log_in(page: Page, email: str, password: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: "/login" not in url)


def take(page: Page, path: str, options: argparse.Namespace, kind: str, problems: list[str]) -> list[str]:
    name, _, address = path.partition("=") if "=/" in path else ("", "", path)
    problems.clear()
    response = page.goto(address, wait_until="networkidle")
    name = name or re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-") or "start"
    page.screenshot(path=options.out / f"{name}-{kind}.png", full_page=not options.window)
    found = [f"{kind} {address}: {problem}" for problem in problems]
    if response is None or response.status != 200:
        found.append(f"{kind} {address}: answered {response.status if response else 'nothing'}")
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        found.append(f"{kind} {address}: {over} px wider than the window")
    return found


if __name__ == "__main__":
    sys.exit(main())
