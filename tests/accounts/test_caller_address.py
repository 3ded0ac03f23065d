"""From where a person logs in: the proxy in front is believed when the operator says so, and nobody else."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from tests.conftest import Cast
from tests.factories import PASSWORD

FORWARDED = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_the_address_of_a_session(cast: Cast, settings: Any, proxies: int, address: str) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    form = {"login": "olga@acme.example", "password": PASSWORD}
    assert Client().post("/account/login/", form, headers=FORWARDED).status_code == 302
    assert UserSession.objects.get(user=cast.olga).ip == address


def test_guessing_from_one_address_does_not_lock_out_another(cast: Cast, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    guess = {"login": "mei@acme.example", "password": "not-the-password"}
    for number in range(12):
        form = {**guess, "login": f"guess{number}@acme.example"}
        Client().post("/account/login/", form, headers={"X-Forwarded-For": "198.51.100.1"})
    form = {"login": "olga@acme.example", "password": PASSWORD}
    blocked = Client().post("/account/login/", form, headers={"X-Forwarded-For": "198.51.100.1"})
    assert "Too many" in blocked.content.decode()
    assert Client().post("/account/login/", form, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 302
