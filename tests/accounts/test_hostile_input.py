"""Nothing that is typed into a log-in page, or into an address, is answered by a fault of ours."""

from urllib.parse import quote

import pytest
from django.test import Client

from tests.accounts.test_second_step import log_in
from tests.conftest import Cast

NASTY = ["a\x00b", "x" * 10_000, "\u202egnp.exe 😀", "{{ 7*7 }} %s%n '; --"]
FORMS = {
    "/account/login/": ("login", "password"),
    "/account/signup/": ("email", "password1"),
    "/account/password/reset/": ("email",),
}
OWN_FORMS = {
    "/account/reauthenticate/": ("password",),
    "/account/email/": ("email", "action_add"),
    "/account/password/change/": ("oldpassword", "password1", "password2"),
    "/account/2fa/totp/activate/": ("code",),
    "/account/2fa/webauthn/add/": ("name", "credential"),
    "/account/profile/": ("name",),
    "/teams/new/": ("name", "slug"),
    "/t/acme/team/invite/": ("email", "role"),
    "/t/acme/settings/name/": ("name",),
    "/t/acme/settings/delete/": ("confirmation",),
    "/t/acme/keys/new/": ("name", "kind", "scopes", "expires_at"),
}


def answers_calmly(client: Client, path: str, fields: tuple[str, ...], nasty: str) -> None:
    for field in fields:
        data = {**dict.fromkeys(fields, "nora@acme.example"), field: nasty}
        status = client.post(path, data).status_code
        assert status < 500, (path, field, nasty[:20])


@pytest.mark.parametrize("path", FORMS)
def test_forms_before_log_in(cast: Cast, path: str) -> None:
    for nasty in NASTY:
        answers_calmly(Client(), path, FORMS[path], nasty)


@pytest.mark.parametrize("path", OWN_FORMS)
def test_forms_after_log_in(cast: Cast, path: str) -> None:
    client = log_in("olga@acme.example")
    for nasty in NASTY:
        answers_calmly(client, path, OWN_FORMS[path], nasty)
    cast.acme.refresh_from_db()
    assert cast.acme.closed_at is None


@pytest.mark.parametrize(
    "nasty", ["%00", "a%00b", "%FF%FE", "x" * 3000, quote("😀"), "..%2f..", "-1", "%0d%0aSet-Cookie:a=b"]
)
def test_addresses(cast: Cast, nasty: str) -> None:
    client = cast.client(cast.olga)
    for path in (
        f"/t/{nasty}/team/",
        f"/t/acme/team/{nasty}/role/",
        f"/t/acme/team/?page={nasty}",
        f"/t/acme/keys/?page={nasty}",
        f"/t/acme/audit/?action={nasty}&page={nasty}",
        f"/invitations/{nasty}/",
        f"/account/login/?next={nasty}",
        f"/account/signup/?email={nasty}",
        f"/account/password/reset/key/{nasty}/",
        f"/account/2fa/webauthn/{nasty}/edit/",
    ):
        assert client.get(path).status_code < 500, path


@pytest.mark.parametrize(
    "target", ["https://rival.example/", "//rival.example", "javascript:alert(1)", "/\\rival.example"]
)
def test_log_in_leads_to_no_other_site(cast: Cast, target: str) -> None:
    answer = Client().post(
        f"/account/login/?next={quote(target)}",
        {"login": "mei@acme.example", "password": "correct horse battery", "next": target},
    )
    assert answer["Location"] == "/home"
