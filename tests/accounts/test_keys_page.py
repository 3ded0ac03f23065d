"""Making, listing and revoking API keys in the browser."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import api_keys, services
from accounts.models import ApiKey, AuditEntry, Membership
from accounts.roles import Role, Scope
from accounts.services.errors import BadExpiry, KeyLimitReached, NoScopes, ScopeNotAllowed, ServiceKeysNotInPlan
from accounts.services.keys import PERSONAL_KEYS_LIMIT
from billing.services import change_plan
from config.errors import Forbidden, NotFound
from tests.conftest import Cast
from tests.factories import make_api_key

KEY = re.compile(r"pare_[a-z0-9]{10}_[A-Za-z0-9_-]{43}")
FORM = {"name": "laptop", "kind": "personal", "scopes": ["context:read", "usage:write"], "expires_at": ""}


def create(client: Client, **changes: object) -> str:
    """Posts the form; returns the page."""
    return client.post("/t/acme/keys/new/", {**FORM, **changes}).content.decode()


def test_a_new_key_is_shown_once_and_works(cast: Cast) -> None:
    client = cast.client(cast.mei)
    answer = client.post("/t/acme/keys/new/", FORM)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    text = KEY.search(answer.content.decode())[0]  # type: ignore[index]
    principal = api_keys.authenticate(text)
    assert principal is not None
    assert principal.role is Role.MEMBER
    assert principal.scopes == {Scope.CONTEXT_READ, Scope.USAGE_WRITE}
    page = client.get("/t/acme/keys/").content.decode()
    assert not KEY.search(page)
    key = ApiKey.objects.for_team(cast.acme).get()
    for shown in ("laptop", f"pare_{key.key_id}_…{text[-4:]}", "context:read", "personal", "Live"):
        assert shown in page
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM accounts_apikey k")
        assert text.split("_", 2)[2] not in cursor.fetchone()[0]
    entry = AuditEntry.objects.for_team(cast.acme).get(action="api_key.created")
    assert entry.details == {"key": key.key_id, "scopes": ["context:read", "usage:write"], "service": False}


def test_the_form_offers_only_what_the_role_allows(cast: Cast) -> None:
    page = cast.client(cast.mei).get("/t/acme/keys/new/").content.decode()
    assert "repos:write" not in page
    assert 'value="service"' not in page
    page = cast.client(cast.adam).get("/t/acme/keys/new/").content.decode()
    assert "repos:write" in page
    assert 'value="service"' in page


def test_a_scope_or_kind_beyond_the_role_is_refused(cast: Cast) -> None:
    client = cast.client(cast.mei)
    assert "errorlist" in create(client, scopes=["repos:write"])
    assert "errorlist" in create(client, kind="service")
    with pytest.raises(ScopeNotAllowed):
        services.create_key(team=cast.acme, name="k", scopes=[Scope.REPOS_WRITE], service=False, actor=cast.mei)
    with pytest.raises(Forbidden):
        services.create_key(team=cast.acme, name="k", scopes=[Scope.USAGE_WRITE], service=True, actor=cast.mei)
    with pytest.raises(NotFound):
        services.create_key(team=cast.acme, name="k", scopes=[Scope.USAGE_WRITE], service=False, actor=cast.mallory)
    with pytest.raises(NoScopes):
        services.create_key(team=cast.acme, name="k", scopes=[], service=False, actor=cast.mei)
    assert not ApiKey.objects.exists()


def test_a_service_key_belongs_to_the_team_and_outlives_its_maker(cast: Cast) -> None:
    text = KEY.search(create(cast.client(cast.adam), name="CI", kind="service"))[0]  # type: ignore[index]
    services.remove_member(membership=Membership.objects.for_team(cast.acme).get(user=cast.adam), actor=cast.olga)
    principal = api_keys.authenticate(text)
    assert principal is not None
    assert principal.is_service


def test_without_the_plan_service_keys_are_refused_with_the_plan_named(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="pro", actor=None)
    client = cast.client(cast.olga)
    assert "are part of the Team plan" in client.get("/t/acme/keys/new/").content.decode()
    answer = client.post("/t/acme/keys/new/", {**FORM, "kind": "service"})
    assert answer.status_code == 402
    assert "Service keys are part of the Team plan." in answer.content.decode()
    with pytest.raises(ServiceKeysNotInPlan) as refusal:
        services.create_key(team=cast.acme, name="k", scopes=[Scope.USAGE_WRITE], service=True, actor=cast.olga)
    assert refusal.value.code == "service_keys_not_in_plan"
    assert not ApiKey.objects.exists()


def test_a_key_works_to_the_end_of_its_last_day(cast: Cast) -> None:
    day = timezone.now().date() + timedelta(days=1)
    create(cast.client(cast.mei), expires_at=day.isoformat())
    expires = ApiKey.objects.get().expires_at
    assert expires == datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    with pytest.raises(BadExpiry):
        services.create_key(
            team=cast.acme,
            name="k",
            scopes=[Scope.USAGE_WRITE],
            service=False,
            actor=cast.mei,
            expires_at=timezone.now(),
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "\u200b"),
        ("name", "a\x00b"),
        ("name", "n" * 10_000),
        ("scopes", []),
        ("scopes", ["everything"]),
        ("scopes", ["usage:write\x00"]),
        ("kind", "root"),
        ("expires_at", "2000-01-01"),
        ("expires_at", "9999-12-31"),
        ("expires_at", "tomorrow"),
        ("expires_at", "2026-02-30"),
    ],
)
def test_bad_input_is_refused_at_its_field(cast: Cast, field: str, value: object) -> None:
    answer = cast.client(cast.olga).post("/t/acme/keys/new/", {**FORM, field: value})
    assert answer.status_code == 400
    assert answer.context["form"].errors[field]
    assert not ApiKey.objects.exists()


def test_a_member_sees_and_revokes_only_their_own_keys(cast: Cast) -> None:
    mine, _ = make_api_key(cast.acme, member=cast.mei, name="mine")
    others, _ = make_api_key(cast.acme, member=cast.olga, name="of-olga")
    service, _ = make_api_key(cast.acme, name="of-team")
    client = cast.client(cast.mei)
    page = client.get("/t/acme/keys/").content.decode()
    assert "mine" in page
    assert "of-olga" not in page
    assert "of-team" not in page
    for key in (others, service):
        assert client.post(f"/t/acme/keys/{key.public_id}/revoke/").status_code == 404
        with pytest.raises(Forbidden):
            services.revoke_key(key=key, actor=cast.mei)
    answer = client.post(f"/t/acme/keys/{mine.public_id}/revoke/", follow=True)
    assert "The key mine was revoked. It stops working within 30 seconds." in answer.content.decode()


def test_an_admin_revokes_any_key_of_the_team_and_no_other(cast: Cast) -> None:
    key, text = make_api_key(cast.acme, member=cast.mei)
    foreign, foreign_text = make_api_key(cast.rival)
    client = cast.client(cast.adam)
    client.post(f"/t/acme/keys/{key.public_id}/revoke/")
    assert api_keys.authenticate(text) is None
    assert client.post(f"/t/acme/keys/{foreign.public_id}/revoke/").status_code == 404
    assert api_keys.authenticate(foreign_text) is not None
    client.post(f"/t/acme/keys/{key.public_id}/revoke/")
    assert AuditEntry.objects.for_team(cast.acme).filter(action="api_key.revoked").count() == 1
    assert "Revoked" in client.get("/t/acme/keys/").content.decode()


def test_live_keys_come_first(cast: Cast) -> None:
    now = timezone.now()
    make_api_key(cast.acme, name="lasting", created_at=now - timedelta(days=9))
    make_api_key(cast.acme, name="expired", expires_at=now - timedelta(days=1))
    make_api_key(cast.acme, name="revoked", revoked_at=now - timedelta(days=1))
    make_api_key(cast.acme, name="ending", created_at=now - timedelta(days=8), expires_at=now + timedelta(days=1))
    names = [key.name for key in cast.client(cast.olga).get("/t/acme/keys/").context["page_obj"]]
    assert names == ["ending", "lasting", "revoked", "expired"]


def test_billing_has_no_keys(cast: Cast) -> None:
    client = cast.client(cast.vic)
    assert client.get("/t/acme/keys/").status_code == 403
    assert client.post("/t/acme/keys/new/", FORM).status_code == 403


def test_the_empty_list_says_what_a_key_is_for(cast: Cast) -> None:
    page = cast.client(cast.mei).get("/t/acme/keys/").content.decode()
    assert "No API keys yet" in page
    assert "within 30 seconds" in page


def test_one_member_has_only_so_many_live_keys(cast: Cast) -> None:
    for _ in range(PERSONAL_KEYS_LIMIT):
        make_api_key(cast.acme, member=cast.mei)
    with pytest.raises(KeyLimitReached):
        services.create_key(team=cast.acme, name="k", scopes=[Scope.USAGE_WRITE], service=False, actor=cast.mei)
    key = ApiKey.objects.for_team(cast.acme).first()
    assert key is not None
    services.revoke_key(key=key, actor=cast.mei)
    services.create_key(team=cast.acme, name="k", scopes=[Scope.USAGE_WRITE], service=False, actor=cast.mei)
