"""The API by the browser's session: CSRF token, and the header that chooses the team."""

import pytest
from django.test import Client

from accounts.roles import Role
from tests.api.test_errors import HOT, SLOW, refusal
from tests.conftest import Cast
from tests.factories import make_api_key, make_membership

pytestmark = pytest.mark.urls("tests.api.sample_urls")
BOTH = pytest.mark.parametrize("url", [HOT, SLOW])
BODY = b'{"task": "a"}'


def browser(cast: Cast) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@BOTH
def test_a_write_needs_the_csrf_token(cast: Cast, url: str) -> None:
    client = browser(cast)
    refusal(client.post(url, BODY, content_type="application/json"), 403, "csrf_failed")
    client.get("/account/password/change/")
    token = client.cookies["csrftoken"].value
    response = client.post(url, BODY, content_type="application/json", headers={"X-CSRFToken": token})
    assert response.status_code == 200, response.content


@BOTH
def test_a_key_needs_none(cast: Cast, url: str) -> None:
    headers = {"Authorization": f"Bearer {make_api_key(cast.rival)[1]}"}
    response = browser(cast).post(url, BODY, content_type="application/json", headers=headers)
    assert response.status_code == 200, "the key counts, not the session beside it"


@BOTH
def test_the_team_must_be_named_when_there_are_several(cast: Cast, url: str) -> None:
    make_membership(cast.rival, cast.olga, Role.MEMBER)
    client = cast.client(cast.olga)
    refusal(client.post(url, BODY, content_type="application/json"), 404, "team_unknown")
    named = client.post(url, BODY, content_type="application/json", headers={"X-Pare-Team": "rival"})
    assert named.status_code == 200


@BOTH
@pytest.mark.parametrize("slug", ["rival", "nobody", "", "x" * 5000])
def test_another_team_looks_like_none(cast: Cast, url: str, slug: str) -> None:
    headers = {"X-Pare-Team": slug}
    response = cast.client(cast.mei).post(url, BODY, content_type="application/json", headers=headers)
    if slug:
        refusal(response, 404, "team_unknown")
    else:
        assert response.status_code == 200


@BOTH
def test_a_role_without_the_scope_is_refused(cast: Cast, url: str) -> None:
    refusal(cast.client(cast.vic).post(url, BODY, content_type="application/json"), 403, "scope_missing")
