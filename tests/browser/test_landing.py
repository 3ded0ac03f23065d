"""The first page, in a real browser, from the real server."""

from playwright.sync_api import Page


def test_it_shows_the_landing_page(page: Page) -> None:
    answer = page.goto("/")
    assert answer is not None and answer.status == 200
    assert "Pare" in page.title()
