"""Authenticator app, recovery codes, passkeys and the session list work for our people."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.conftest import Cast
from tests.factories import PASSWORD


def log_in(email: str) -> Client:
    """A browser that logged in with the password and typed it once more, as sensitive pages ask."""
    client = Client()
    answer = client.post("/account/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    answer = client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def code_of(secret: str, steps: int = 0) -> str:
    """The code of this half minute, or of one before or after, which clocks that are off may show."""
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
    return code


def turn_on(client: Client) -> str:
    """Turns the authenticator app on; returns its secret."""
    page = client.get("/account/2fa/totp/activate/")
    assert page.status_code == 200
    secret: str = page.context["form"].secret
    answer = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302, answer.content.decode()
    return secret


@pytest.mark.django_db(transaction=True)  # the mail goes out at the commit
def test_an_authenticator_app_is_turned_on_and_then_asked_for(cast: Cast) -> None:
    secret = turn_on(log_in("mei@acme.example"))
    assert mail.outbox[-1].to == ["mei@acme.example"]
    assert secret not in str(mail.outbox[-1].body)
    stored = Authenticator.objects.get(user=cast.mei, type="totp").data
    assert secret not in str(stored)
    client = Client()
    answer = client.post("/account/login/", {"login": "mei@acme.example", "password": PASSWORD})
    assert answer["Location"] == "/account/2fa/authenticate/"
    assert client.get("/home")["Location"].startswith("/account/login/")
    assert "errorlist" in client.post("/account/2fa/authenticate/", {"code": "000000"}).content.decode()
    answer = client.post("/account/2fa/authenticate/", {"code": code_of(secret, steps=1)})
    assert answer["Location"] == "/home"


def test_a_recovery_code_lets_in_once(cast: Cast) -> None:
    client = log_in("mei@acme.example")
    turn_on(client)
    client.post("/account/2fa/recovery-codes/generate/")
    page = client.get("/account/2fa/recovery-codes/")
    code = page.context["unused_codes"][0]
    for expected in (302, 200):
        other = Client()
        other.post("/account/login/", {"login": "mei@acme.example", "password": PASSWORD})
        assert other.post("/account/2fa/authenticate/", {"code": code}).status_code == expected


def test_sensitive_pages_ask_for_the_password_again(cast: Cast) -> None:
    client = Client()
    client.post("/account/login/", {"login": "mei@acme.example", "password": PASSWORD})
    answer = client.get("/account/2fa/totp/activate/")
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert client.get(answer["Location"]).status_code == 200


def test_the_pages_of_log_in_open(cast: Cast) -> None:
    client = log_in("mei@acme.example")
    for path in (
        "/account/profile/",
        "/account/email/",
        "/account/password/change/",
        "/account/2fa/",
        "/account/2fa/webauthn/",
        "/account/2fa/webauthn/add/",
        "/account/sessions/",
    ):
        assert client.get(path).status_code == 200, path


def test_a_session_elsewhere_is_listed_and_ended(cast: Cast) -> None:
    here, elsewhere = log_in("mei@acme.example"), log_in("mei@acme.example")
    elsewhere.get("/account/profile/", headers={"user-agent": "Old laptop"})
    assert UserSession.objects.filter(user=cast.mei).count() == 2
    assert here.get("/account/sessions/").status_code == 200
    here.post("/account/sessions/")
    assert elsewhere.get("/account/profile/").status_code == 302
    assert here.get("/account/profile/").status_code == 200


def test_guessing_a_password_is_stopped(cast: Cast) -> None:
    client = Client()
    pages = [
        client.post("/account/login/", {"login": "mei@acme.example", "password": f"guess {number}"}).content.decode()
        for number in range(7)
    ]
    assert "Too many failed log-ins" in pages[-1]
    answer = client.post("/account/login/", {"login": "mei@acme.example", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert answer.status_code == 200


def test_a_sessions_last_use_is_noted_once_a_minute(cast: Cast) -> None:
    client = log_in("mei@acme.example")
    session = UserSession.objects.get(user=cast.mei)
    cache.clear()  # a minute later
    for agent in ("First", "Second"):
        client.get("/account/profile/", headers={"user-agent": agent})
    seen = UserSession.objects.get(user=cast.mei)
    assert seen.last_seen_at > session.last_seen_at
    assert seen.user_agent == "First"
