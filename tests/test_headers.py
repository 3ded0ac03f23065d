"""What every answer carries for the browser's sake: no script but ours, no frame, no guessed types, closed cookies."""

import pytest
from django.conf import settings
from django.test import Client

from tests.conftest import Cast
from tests.factories import PASSWORD


@pytest.mark.parametrize(
    "path", ["/", "/account/login/", "/t/acme/", "/t/acme/billing/", "/api/", "/t/nobody/", "/nothing"]
)
def test_pages_are_closed_to_foreign_code(cast: Cast, path: str) -> None:
    response = cast.client(cast.olga).get(path, follow=True)
    policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    # A form may end on the page where a team pays.
    assert policy["form-action"] == " ".join(["'self'", *settings.STRIPE_PAGES])
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def test_cookies_are_not_for_scripts_nor_for_other_sites(cast: Cast) -> None:
    client = Client()
    client.get("/account/login/")
    client.post("/account/login/", {"login": "olga@acme.example", "password": PASSWORD})
    for name in ("pare", "csrftoken"):
        cookie = client.cookies[name]
        assert cookie["samesite"] == "Lax"
        assert cookie["httponly"]


def test_a_form_from_elsewhere_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/t/acme/settings/name/", {"name": "Taken over"})
    assert response.status_code == 403
    cast.acme.refresh_from_db()
    assert cast.acme.name == "Acme"
