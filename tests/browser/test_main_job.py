"""The whole main job in a real browser: sign up, link a repository, get a slice, send usage, see the spend."""

import json
import re
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from tests.browser.mailbox import mail_to
from tests.live import LivePare

PASSWORD = "a long enough passphrase"
CODE = r"^\s*([A-Z0-9]{3,5}-[A-Z0-9]{3,5})\s*$"
SOURCE = '''\
class Basket:
    """What a customer is about to buy."""

    def add(self, item: str, price: int) -> None:
        self.items.append((item, price))

    def total(self) -> int:
        return apply_discount(sum(price for _, price in self.items))


def apply_discount(total: int) -> int:
    """Ten percent off above one hundred."""
    return total * 9 // 10 if total > 100 else total
'''


@pytest.fixture
def webshop(tmp_path: Path) -> Path:
    """A real git repository of one file."""
    root = tmp_path / "webshop"
    root.mkdir()
    (root / "basket.py").write_text(SOURCE)
    identity = ["-c", "user.name=Mei", "-c", "user.email=mei@acme.example"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-qm", "Sell things"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def test_from_sign_up_to_a_figure_on_the_board(
    live_pare: LivePare, page: Page, second_page: Page, webshop: Path
) -> None:
    sign_up(live_pare, page, "olga@acme.example")
    page.get_by_label("Team name").fill("Acme")
    page.get_by_role("button", name="Create team").click()
    expect(page).to_have_url(re.compile(r"/t/acme/"))

    link(page, webshop)
    slice_in_the_browser(page)
    key = make_key(page)
    repository = page_api(live_pare, key, "GET", "/api/v1/repositories")["results"][0]
    slice_over_the_api(live_pare, key, repository["id"])
    send_usage(live_pare, key, repository["name"])
    see_the_spend(page)

    call_command("set_plan", "acme", "team", "--seats", "2")
    invite(live_pare, page, second_page, "mei@acme.example")


def sign_up(live: LivePare, page: Page, address: str) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile("Sign up|Start free|Start", re.IGNORECASE)).first.click()
    fill_sign_up(live, page, address)


def fill_sign_up(live: LivePare, page: Page, address: str) -> None:
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("Code").fill(mail_to(live.mail, address, CODE))
    page.get_by_role("button", name=re.compile("Confirm|Continue")).click()


def link(page: Page, root: Path) -> None:
    page.goto("/t/acme/repositories/")
    page.get_by_role("link", name="Link repository").first.click()
    page.get_by_role("textbox", name="Address").fill(str(root))
    page.get_by_role("button", name="Link repository").click()
    expect(page.get_by_role("heading", name="webshop")).to_be_visible()
    expect(page.get_by_text("Files in the index")).to_be_visible(timeout=60_000)


def slice_in_the_browser(page: Page) -> None:
    page.get_by_role("link", name="Try a slice").first.click()
    page.get_by_label("Task").fill("The discount of the basket is wrong")
    page.get_by_role("button", name="Get slice").click()
    expect(page.get_by_text("def apply_discount(total: int) -> int:")).to_be_visible()


def make_key(page: Page) -> str:
    page.goto("/t/acme/keys/")
    page.get_by_role("link", name="Create API key").first.click()
    page.get_by_role("textbox", name="Name").fill("laptop")
    page.get_by_role("button", name="Create API key").click()
    return page.locator("#key").inner_text()


def page_api(live: LivePare, key: str, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        live.url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def slice_over_the_api(live: LivePare, key: str, public_id: str) -> None:
    path = f"/api/v1/repositories/{public_id}/slices"
    answer = page_api(live, key, "POST", path, {"task": "discount above one hundred", "budget": 2000})
    assert "apply_discount" in answer["text"]
    assert 0 < answer["tokens"] <= 2000


def send_usage(live: LivePare, key: str, repository: str) -> None:
    event = {
        "id": "call-1",
        "occurred_at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
        "agent": "claude-code",
        "model": "claude-sonnet-4-5",
        "repository": repository,
        "billing": "api",
        "tokens": {"input_uncached": 1_000_000, "output": 100_000},
    }
    answer = page_api(live, key, "POST", "/api/v1/usage/events", {"events": [event, event]})
    assert answer["errors"] == []
    live.worker.drain()


def see_the_spend(page: Page) -> None:
    """A million input tokens above the long-context tier at $6 and 100,000 of output at $22.50: $8.25."""
    page.goto("/t/acme/spend/")
    expect(page.get_by_text("$8.25").first).to_be_visible()
    expect(
        page.get_by_role("cell", name="webshop").or_(page.get_by_role("rowheader", name="webshop")).first
    ).to_be_visible()


def invite(live: LivePare, page: Page, second_page: Page, address: str) -> None:
    page.goto("/t/acme/team/")
    page.get_by_role("link", name="Invite member").click()
    page.get_by_label(re.compile("E-?mail address")).fill(address)
    page.get_by_role("button", name="Send invitation").click()
    second_page.goto(mail_to(live.mail, address, r"(http\S+/invitations?/\S+)"))
    second_page.get_by_role("link", name="Sign up to join").click()
    fill_sign_up_invited(live, second_page, address)
    second_page.get_by_role("button", name="Join team").click()
    expect(second_page).to_have_url(re.compile(r"/t/acme/"))
    page.goto("/t/acme/team/")
    expect(page.get_by_role("rowheader", name=address)).to_be_visible()


def fill_sign_up_invited(live: LivePare, page: Page, address: str) -> None:
    expect(page.get_by_label("Email")).to_have_value(address)
    fill_sign_up(live, page, address)
