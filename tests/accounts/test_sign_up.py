"""From an email address to a named team: sign-up, the code in the mail, and where log-in leads."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import get_hasher
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from accounts.models import User
from tests.conftest import Cast
from tests.factories import PASSWORD, make_membership, make_team

CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
NEW_PASSWORD = "seven green lanterns"


def code_in_last_mail() -> str:
    found = CODE.search(str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[0]


def sign_up(client: Client, email: str) -> None:
    """Signs up and types the code of the mail; the client is logged in afterwards."""
    answer = client.post("/account/signup/", {"email": email, "password1": NEW_PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    answer = client.post(answer["Location"], {"code": code_in_last_mail()})
    assert answer.status_code == 302, answer.content.decode()


@pytest.mark.django_db
def test_a_newcomer_signs_up_types_the_code_and_names_a_team() -> None:
    client = Client()
    answer = client.post("/account/signup/", {"email": "nora@acme.example", "password1": NEW_PASSWORD})
    assert mail.outbox[-1].to == ["nora@acme.example"]
    answer = client.post(answer["Location"], {"code": code_in_last_mail()}, follow=True)
    assert answer.redirect_chain[-1][0] == "/teams/new/"
    assert "Name your team" in answer.content.decode()
    answer = client.post("/teams/new/", {"name": "Nora & friends", "slug": ""})
    assert answer["Location"] == "/t/nora-friends/"
    assert EmailAddress.objects.get(email="nora@acme.example").verified


@pytest.mark.django_db
def test_a_wrong_code_does_not_log_in() -> None:
    client = Client()
    answer = client.post("/account/signup/", {"email": "nora@acme.example", "password1": NEW_PASSWORD})
    answer = client.post(answer["Location"], {"code": "AAAA-AAAA"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session
    assert client.get("/teams/new/").status_code == 302


@pytest.mark.django_db
def test_who_asks_for_a_new_code_at_once_is_told_to_wait_and_led_back() -> None:
    client = Client()
    place = client.post("/account/signup/", {"email": "nora@acme.example", "password1": NEW_PASSWORD})["Location"]
    assert client.get(place).content.decode().count("We sent a code") == 1
    answer = client.post(place, {"action": "resend"})
    assert answer.status_code == 429
    assert "Wait a few minutes" in answer.content.decode() and f'href="{place}"' in answer.content.decode()
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_the_address_is_stored_in_small_letters_and_logs_in_either_way() -> None:
    sign_up(Client(), "Nora@ACME.example")
    assert User.objects.get().email == "nora@acme.example"
    again = Client()
    answer = again.post("/account/login/", {"login": "NORA@acme.EXAMPLE", "password": NEW_PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/home")


def test_signing_up_with_a_known_address_makes_no_second_person_and_tells_only_its_mailbox(cast: Cast) -> None:
    answers = [
        Client().post("/account/signup/", {"email": email, "password1": NEW_PASSWORD})
        for email in ("OLGA@acme.example", "unknown@acme.example")
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]
    assert User.objects.filter(email__iexact="olga@acme.example").count() == 1
    assert mail.outbox[0].to == ["OLGA@acme.example"] or mail.outbox[0].to == ["olga@acme.example"]
    assert not CODE.search(str(mail.outbox[0].body))


def test_signing_up_hashes_once_whether_the_address_is_known_or_not(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is nearly all of the time that a sign-up takes, so that the time says nothing either."""
    hashed: list[str] = []
    kind = type(get_hasher())
    encode = kind.encode

    def noted(hasher: Any, password: str, *args: Any, **rest: Any) -> str:
        hashed.append(password)
        return encode(hasher, password, *args, **rest)

    monkeypatch.setattr(kind, "encode", noted)
    for email in ("olga@acme.example", "unknown@acme.example"):
        hashed.clear()
        Client().post("/account/signup/", {"email": email, "password1": NEW_PASSWORD})
        assert len(hashed) == 1, email


@pytest.mark.parametrize("email", ["nora\x00@acme.example", "n" * 10_000 + "@acme.example", "not-an-address", ""])
@pytest.mark.django_db
def test_an_address_that_is_none_is_refused_with_a_field_error(email: str) -> None:
    answer = Client().post("/account/signup/", {"email": email, "password1": NEW_PASSWORD})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not User.objects.exists()
    assert not mail.outbox


def test_home_leads_to_the_only_team(cast: Cast) -> None:
    assert cast.client(cast.mei).get("/home")["Location"] == "/t/acme/"


def test_home_leads_to_the_team_used_last(cast: Cast) -> None:
    other = make_team("Zebra", slug="zebra")
    make_membership(other, cast.mei)
    client = cast.client(cast.mei)
    assert client.get("/home")["Location"] == "/t/acme/"
    client.get("/t/zebra/team/")
    assert cast.client(cast.mei).get("/home")["Location"] == "/t/zebra/"
    other.memberships.filter(user=cast.mei).delete()
    assert client.get("/home")["Location"] == "/t/acme/"


def test_home_asks_strangers_to_log_in(client: Client, db: None) -> None:
    assert client.get("/home")["Location"] == "/account/login/?next=/home"


def test_a_forgotten_password_is_reset_by_mail(cast: Cast) -> None:
    client = Client()
    client.post("/account/password/reset/", {"email": "mei@acme.example"})
    link = re.search(r"https?://\S+", str(mail.outbox[-1].body))
    assert link
    answer = client.get(link[0].split("testserver")[-1])
    answer = client.post(answer["Location"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    assert not Client().login(email="mei@acme.example", password=PASSWORD)
    answer = Client().post("/account/login/", {"login": "mei@acme.example", "password": NEW_PASSWORD})
    assert answer["Location"] == "/home"


@pytest.mark.django_db
def test_when_the_mail_server_is_down_the_newcomer_is_told_and_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()

    def refuse(self: EmailBackend, messages: object) -> int:
        raise ConnectionRefusedError("the mail server is down")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", refuse)
        answer = client.post("/account/signup/", {"email": "nora@acme.example", "password1": NEW_PASSWORD}, follow=True)
    assert "The email could not be sent just now." in answer.content.decode()
    path = answer.redirect_chain[-1][0]
    cache.clear()  # a new code may be asked for every ten seconds only
    client.post(path, {"action": "resend"})
    assert client.post(path, {"code": code_in_last_mail()}).status_code == 302
