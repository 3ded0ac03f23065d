"""Paying in a real browser, from the billing page to Stripe's pages and back: the twin is Stripe, its webhooks come."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from accounts.models import Membership, User
from billing.services import change_plan
from billing.tasks import sweep_changes
from repos.models import Repository
from repos.tasks import settle_changed_plans
from tests.billing.buying import acme_buys, paid_cents, seats_at_stripe
from tests.browser.conftest import guarded
from tests.browser.mailbox import mail_to
from tests.conftest import Cast
from tests.factories import make_user
from tests.live import LivePare
from tests.twin.client import WEBHOOK, TwinClient

BILLING = "/t/acme/billing/"
LOOKS = 40


@pytest.fixture
def stripe(bare_twin: TwinClient, live_pare: LivePare) -> TwinClient:
    """The twin with prices, its webhooks sent at once to the running Pare."""
    bare_twin.reset(webhook=live_pare.url + WEBHOOK)
    call_command("stripe_setup", no_webhook=True, verbosity=0)
    return bare_twin


@pytest.fixture
def acme(cast: Cast, stripe: TwinClient) -> Cast:
    """Acme on Starter: nothing is paid."""
    change_plan(team=cast.acme, plan="starter", actor=None)
    return cast


@pytest.fixture
def olga(acme: Cast, page: Page, live_pare: LivePare) -> Page:
    """The owner's browser, logged in."""
    return enter(page.context, acme.olga, live_pare, page)


def enter(context: BrowserContext, user: User, live: LivePare, page: Page | None = None) -> Page:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    context.add_cookies([{"name": "pare", "value": client.cookies["pare"].value, "url": live.url}])
    return page or context.new_page()


@pytest.fixture
def nina(acme: Cast, browser: Browser, live_pare: LivePare) -> Iterator[Page]:
    """Somebody who has an account and no team."""
    with guarded(browser, live_pare.url) as context:
        yield enter(context, make_user("nina@acme.example", name="Nina"), live_pare)


def main(page: Page, role: str, name: str) -> None:
    """Clicks the link or button of that name in the page's own part."""
    page.get_by_role("main").get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]


def choose(page: Page, label: str, confirm: str) -> None:
    """A plan on the billing page, then the button on the page that asks."""
    page.goto(BILLING)
    main(page, "link", label)
    main(page, "button", confirm)


def pay(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry (MM/YY)").fill("12/34")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name=re.compile("^Pay ")).click()


def look_until(page: Page, path: str, is_so: Callable[[Page], bool]) -> None:
    """Loads the page again until it is so: webhooks and workers take their time."""
    for _ in range(LOOKS):
        with suppress(Error):  # a page that loads itself anew can be in the way
            page.goto(path)
            if is_so(page):
                return
        page.wait_for_timeout(250)
    raise AssertionError(page.get_by_role("main").inner_text())


def shows(text: str) -> Callable[[Page], bool]:
    return lambda page: page.get_by_role("main").get_by_text(text).first.is_visible()


def shows_no(text: str) -> Callable[[Page], bool]:
    return lambda page: page.get_by_role("main").get_by_text(text).count() == 0


def test_an_upgrade_by_checkout(olga: Page, stripe: TwinClient) -> None:
    olga.goto(BILLING)
    main(olga, "link", "Upgrade to Team")
    expect(olga.locator("#cost")).to_contain_text("$87.00")  # Stripe's own figure, for three members
    main(olga, "button", "Go to payment")
    pay(olga, "4242 4242 4242 4242")
    expect(olga.get_by_text("You are on Team.")).to_be_visible()
    expect(olga).to_have_url(re.compile(f"{BILLING}$"))
    expect(olga.get_by_text("3 members, 3 seats")).to_be_visible()
    expect(olga.get_by_role("region", name="Invoices").get_by_text("Paid")).to_be_visible()
    assert paid_cents(stripe) == [8700]


def test_a_declined_card_then_a_good_one(olga: Page, stripe: TwinClient) -> None:
    choose(olga, "Upgrade to Pro", "Go to payment")
    pay(olga, "4000 0000 0000 0002")
    expect(olga.get_by_role("alert")).to_contain_text("declined")
    pay(olga, "4242 4242 4242 4242")
    expect(olga.get_by_text("You are on Pro.")).to_be_visible()
    assert paid_cents(stripe) == [1900]


def test_a_bank_that_wants_to_be_asked(olga: Page, stripe: TwinClient) -> None:
    choose(olga, "Upgrade to Pro", "Go to payment")
    pay(olga, "4000 0025 0000 3155")
    olga.get_by_role("button", name="Complete").click()
    expect(olga.get_by_text("You are on Pro.")).to_be_visible()


def test_leaving_the_payment_page_changes_nothing(olga: Page, stripe: TwinClient) -> None:
    choose(olga, "Upgrade to Pro", "Go to payment")
    olga.get_by_role("link", name="Back").click()
    expect(olga.get_by_text("A payment was begun")).to_be_visible()
    main(olga, "button", "Go on paying")
    pay(olga, "4242 4242 4242 4242")
    expect(olga.get_by_text("You are on Pro.")).to_be_visible()


def test_a_renewal_fails_and_is_mended(acme: Cast, olga: Page, stripe: TwinClient) -> None:
    acme_buys(stripe, acme)
    olga.goto(BILLING)
    main(olga, "button", "Card, address, VAT id")
    save_card(olga, "4000 0000 0000 0341")
    stripe.advance(days=33)
    look_until(olga, "/t/acme/team/", shows("Payment failed."))
    main(olga, "link", "Update the card")
    main(olga, "button", "Update the card")
    save_card(olga, "4242 4242 4242 4242")
    olga.goto(BILLING)
    if shows("Try the payment again")(olga):  # else Stripe's own retry was first
        main(olga, "button", "Try the payment again")
    look_until(olga, "/t/acme/team/", shows_no("Payment failed."))
    assert paid_cents(stripe) == [8700, 8700]


def save_card(page: Page, number: str) -> None:
    """In the portal, and back."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry (MM/YY)").fill("12/34")
    page.get_by_label("CVC").fill("123")
    page.get_by_role("button", name="Save card").click()
    page.wait_for_load_state()
    back = page.get_by_role("link", name="Return to the site")
    if back.count():  # a portal that was opened for the card alone leads back by itself
        back.click()
    expect(page).to_have_url(re.compile(BILLING))


def test_seats_follow_who_joins_and_who_leaves(
    acme: Cast, olga: Page, nina: Page, live_pare: LivePare, stripe: TwinClient
) -> None:
    acme_buys(stripe, acme)
    olga.goto("/t/acme/team/invite/")
    expect(olga.get_by_text("$29.00 a month from")).to_be_visible()
    olga.get_by_label(re.compile("E-?mail address")).fill("nina@acme.example")
    main(olga, "button", "Send invitation")
    nina.goto(mail_to(live_pare.mail, "nina@acme.example", r"(http\S+/invitations?/\S+)"))
    nina.get_by_role("button", name="Join team").click()
    expect(nina).to_have_url(re.compile("/t/acme/"))
    sweep_changes.delay()
    look_until(olga, BILLING, shows("4 members, 4 seats"))
    assert seats_at_stripe(stripe) == 4

    left = Membership.objects.get(team=acme.acme, user__email="nina@acme.example")
    olga.goto(reverse("member_remove", args=["acme", left.public_id]))
    olga.get_by_role("main").get_by_role("button", name=re.compile("^Remove")).click()
    sweep_changes.delay()
    look_until(olga, BILLING, shows("3 members, 3 seats"))
    assert seats_at_stripe(stripe) == 3


def test_down_with_a_choice_of_repositories(acme: Cast, olga: Page, stripe: TwinClient) -> None:
    acme_buys(stripe, acme)
    for place in range(5):
        address = f"git.example/acme/shop{place}"
        Repository.objects.create(team=acme.acme, name=f"shop{place}", url=f"https://{address}", identity=address)
    olga.goto(BILLING)
    main(olga, "link", "Change to Pro")
    expect(olga.get_by_text("Linked repositories: 5 used, 3 in the plan.")).to_be_visible()
    main(olga, "link", "Choose which stay active")
    for place in range(5):
        olga.get_by_role("checkbox", name=re.compile(f"shop{place}")).set_checked(place >= 2)
    main(olga, "button", "Save choice")
    choose(olga, "Change to Pro", "Change to Pro")
    expect(olga.get_by_text("A change is planned")).to_be_visible()  # the page follows the change by itself
    assert not Repository.objects.for_team(acme.acme).exclude(paused_at=None).exists()
    stripe.advance(days=32)
    look_until(olga, BILLING, shows("Linked repositories: 5 used, 3 in the plan"))
    settle_changed_plans.delay()
    paused = Repository.objects.for_team(acme.acme).exclude(paused_at=None).order_by("name")
    look_until(olga, "/t/acme/repositories/", lambda page: paused.count() == 2)
    assert [one.name for one in paused] == ["shop0", "shop1"]


def test_cancelling_and_keeping_by_keyboard_alone(acme: Cast, olga: Page, stripe: TwinClient) -> None:
    acme_buys(stripe, acme, "pro")
    olga.goto(BILLING)
    go_to(olga, "Cancel the Pro plan")
    expect(olga.get_by_role("heading", name="Cancel the Pro plan")).to_be_visible()
    go_to(olga, "Cancel the Pro plan")
    expect(olga).to_have_url(re.compile(f"{BILLING}$"))
    expect(olga.get_by_text("The Pro plan is cancelled")).to_be_visible()
    assert [row["cancel_at"] is not None for row in stripe.truth("subscription")] == [True]
    go_to(olga, "Keep the Pro plan")
    expect(olga.get_by_text("Renews", exact=True)).to_be_visible()
    assert [row["cancel_at"] for row in stripe.truth("subscription")] == [None]


def go_to(page: Page, name: str) -> None:
    """Tabs to the link or button of that name, which must show that it has the focus, and presses Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText?.trim()")
        if focused == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            return
    raise AssertionError(f"{name} cannot be reached by keyboard.")
