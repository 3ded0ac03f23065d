"""Links in mails lead to this Pare, whatever host the request named."""

import re

import pytest
from django.core import mail
from django.test import Client

from tests.conftest import Cast

EVIL = {"Host": "evil.example"}


@pytest.fixture(autouse=True)
def any_host(settings: "pytest.FixtureRequest") -> None:
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
    settings.SITE_ROOT = "https://pare.acme.example"  # type: ignore[attr-defined]


def links() -> list[str]:
    return re.findall(r"https?://\S+", "\n".join(str(message.body) for message in mail.outbox))


def test_a_reset_link_leads_here(cast: Cast) -> None:
    Client().post("/account/password/reset/", {"email": "olga@acme.example"}, headers=EVIL)
    found = links()
    assert found
    assert all(link.startswith("https://pare.acme.example/account/password/reset/key/") for link in found)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/password/reset/", {"email": "nobody@acme.example"}),
        ("/account/signup/", {"email": "olga@acme.example", "password1": "a-long-enough-password"}),
    ],
)
def test_other_mails_never_name_the_host_that_was_asked(cast: Cast, path: str, form: dict[str, str]) -> None:
    Client().post(path, form, headers=EVIL)
    assert mail.outbox
    text = "\n".join(f"{message.subject} {message.body}" for message in mail.outbox)
    assert "evil.example" not in text


def test_the_reset_link_works(cast: Cast) -> None:
    Client().post("/account/password/reset/", {"email": "olga@acme.example"})
    path = links()[0].removeprefix("https://pare.acme.example")
    response = Client().get(path, follow=True)
    assert response.status_code == 200
    assert 'name="password1"' in response.content.decode()
