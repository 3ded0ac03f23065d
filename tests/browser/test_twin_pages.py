"""The twin's own pages in a real browser: accessible at both widths and themes, and clicked through by their labels."""

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import guarded
from tests.twin.client import TwinClient
from tests.twin.tests.shop import Shop

Theme = Literal["light", "dark"]
LOOKS = ((1440, "light"), (360, "dark"))
OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
FEATURES = {
    "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True},
}


@pytest.fixture
def shop(bare_twin: TwinClient) -> Shop:
    return Shop(bare_twin)


@pytest.fixture
def page(browser: Browser, bare_twin: TwinClient) -> Iterator[Page]:
    """A person's browser; the shop's own address leads back to the twin, for nothing else is running."""
    with guarded(browser, bare_twin.url) as context:
        yield context.new_page()


def checkout(shop: Shop) -> str:
    session = shop.checkout(
        success_url=f"{shop.twin.url}/?paid={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{shop.twin.url}/?back",
        allow_promotion_codes=True,
        tax_id_collection={"enabled": True},
        customer_update={"name": "auto"},
    )
    assert session.url
    return session.url


def portal(shop: Shop) -> str:
    configuration = shop.api.billing_portal.configurations.create({"features": FEATURES})  # type: ignore[typeddict-item]
    params = {"customer": shop.customer, "configuration": configuration.id, "return_url": f"{shop.twin.url}/?back"}
    return shop.api.billing_portal.sessions.create(params).url  # type: ignore[arg-type]


def type_card(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry (MM/YY)").fill("12/34")
    page.get_by_label("CVC").fill("123")


def test_a_card_is_declined_then_another_confirmed_by_its_bank(shop: Shop, page: Page) -> None:
    page.goto(checkout(shop))
    type_card(page, "4000 0000 0000 0002")
    page.get_by_role("button", name="Pay 60.00 USD").click()
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    type_card(page, "4000 0025 0000 3155")
    page.get_by_label("VAT ID").fill("DE123456789")
    page.get_by_label("Business name").fill("Acme GmbH")
    page.get_by_role("button", name="Pay 60.00 USD").click()
    page.get_by_role("button", name="Complete").click()
    page.wait_for_url("**/?paid=cs_test_*")
    expect(page.get_by_role("row", name="Acme GmbH active")).to_be_visible()


def test_the_portal_takes_a_card_and_an_end_and_the_clock_moves_on(shop: Shop, page: Page) -> None:
    shop.buy()
    page.goto(portal(shop))
    type_card(page, "5555 5555 5555 4444")
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_text("mastercard ending in 4444")).to_be_visible()
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page.get_by_role("button", name="Keep subscription")).to_be_visible()
    page.get_by_role("link", name="Return to the site").click()
    page.get_by_role("button", name="Advance a month").click()
    expect(page.get_by_role("row", name="Acme canceled")).to_be_visible()


def test_a_mishap_is_switched_on_and_off(shop: Shop, page: Page) -> None:
    page.goto(shop.twin.url)
    page.get_by_role("button", name="Turn on: webhooks are lost").click()
    expect(page.get_by_role("button", name="Turn off: webhooks are lost")).to_be_visible()
    assert shop.twin.order("GET", "state")["chaos"] == {"drop": True}
    page.get_by_role("button", name="Turn off: webhooks are lost").click()
    expect(page.get_by_role("button", name="Turn on: webhooks are lost")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_every_page_is_accessible_and_fits(shop: Shop, browser: Browser, width: int, theme: Theme) -> None:
    shop.buy()
    (invoice,) = shop.twin.truth("invoice")
    open_checkout = checkout(shop)
    asked = shop.twin.pay_checkout(open_checkout, "3ds", bank="")
    assert "asks: is this you?" in asked.text
    addresses = [shop.twin.url, open_checkout, asked.url, portal(shop), invoice["hosted_invoice_url"]]
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme) as context:
        page = context.new_page()
        for address in addresses:
            page.goto(address)
            found = Axe().run(page, options=OPTIONS)
            assert found.violations_count == 0, f"{address}: {found.generate_report()}"
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, address
