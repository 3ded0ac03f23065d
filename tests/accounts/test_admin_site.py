"""The operator's admin: who gets in, and that secrets and the trail can only be looked at."""

import pytest
from django.contrib import admin

from accounts import audit
from accounts.models import ApiKey, AuditEntry
from tests.conftest import Cast
from tests.factories import make_api_key

MODELS = ["user", "team", "membership", "invitation", "apikey", "auditentry"]


@pytest.fixture
def operator(cast: Cast) -> Cast:
    cast.olga.is_staff = cast.olga.is_superuser = True
    cast.olga.save()
    return cast


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_for_staff_and_nobody_else(operator: Cast, model: str) -> None:
    make_api_key(operator.acme)
    assert operator.client(operator.olga).get(f"/admin/accounts/{model}/").status_code == 200
    assert operator.client(operator.mei).get(f"/admin/accounts/{model}/").status_code in (302, 403)
    assert operator.client(None).get(f"/admin/accounts/{model}/").status_code == 302


def test_a_key_shows_no_digest_and_cannot_be_changed(operator: Cast) -> None:
    key, _ = make_api_key(operator.acme)
    client = operator.client(operator.olga)
    page = client.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()
    assert key.key_id in page
    assert bytes(key.secret_digest).hex() not in page
    assert "secret_digest" not in page
    assert client.post(f"/admin/accounts/apikey/{key.pk}/change/", {"name": "x"}).status_code == 403
    assert client.post(f"/admin/accounts/apikey/{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.filter(pk=key.pk).exists()


def test_the_trail_cannot_be_changed(operator: Cast) -> None:
    audit.record(team=operator.acme, actor=operator.mei, action="test.noted")
    entry = AuditEntry.objects.get(action="test.noted")
    client = operator.client(operator.olga)
    assert client.get(f"/admin/accounts/auditentry/{entry.pk}/change/").status_code == 200
    assert client.post(f"/admin/accounts/auditentry/{entry.pk}/change/", {"action": "x"}).status_code == 403
    assert client.post(f"/admin/accounts/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/accounts/auditentry/add/").status_code == 403


def test_staff_log_in_where_everybody_does(client: object, db: None) -> None:
    answer = client.get("/admin/login/?next=/admin/")  # type: ignore[attr-defined]
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_every_model_of_people_and_teams_is_registered() -> None:
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "accounts"}
    assert registered == set(MODELS)
