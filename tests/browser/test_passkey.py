"""A passkey is added in a real browser, with a virtual authenticator, and then logs in without a password."""

import re

from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.factories import PASSWORD, make_team, make_user
from tests.live import LivePare

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def log_in_with_password(page: Page, base: str, user: User) -> None:
    page.goto(f"{base}/account/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/t/acme/")


def test_a_passkey_is_added_and_logs_in(page: Page, live_pare: LivePare) -> None:
    mei = make_user("mei@acme.example")
    make_team("Acme", owner=mei, slug="acme")
    # Browsers give passkeys to names only, never to an address of digits.
    base = live_pare.url.replace("127.0.0.1", "localhost")
    give_authenticator(page)
    log_in_with_password(page, base, mei)
    page.goto(f"{base}/account/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add key").click()
    expect(page).not_to_have_url(re.compile("/webauthn/add/"))  # where the answer to the form leads
    assert Authenticator.objects.filter(user=mei, type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto(f"{base}/account/login/")
    page.get_by_role("button", name="passkey").click()
    page.wait_for_url("**/t/acme/")
