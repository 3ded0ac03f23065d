"""Checking an API key: what it gives, what it costs, and when it stops."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import api_keys
from accounts.roles import Role, Scope
from tests.conftest import Cast
from tests.factories import make_api_key


def test_a_service_key_speaks_for_its_team(cast: Cast) -> None:
    key, text = make_api_key(cast.acme, scopes=[Scope.USAGE_WRITE])
    principal = api_keys.authenticate(text)
    assert principal is not None
    assert (principal.team_id, principal.key_id, principal.is_service) == (cast.acme.pk, key.pk, True)
    assert principal.scopes == {Scope.USAGE_WRITE}


def test_a_personal_key_never_does_more_than_its_member(cast: Cast) -> None:
    _, text = make_api_key(cast.acme, member=cast.mei)
    principal = api_keys.authenticate(text)
    assert principal is not None
    assert principal.role is Role.MEMBER
    assert Scope.REPOS_WRITE not in principal.scopes


def test_the_second_check_costs_no_sql(cast: Cast, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    _, text = make_api_key(cast.acme)
    api_keys.authenticate(text)
    with django_assert_num_queries(0):
        assert api_keys.authenticate(text) is not None


def test_a_revoked_key_stops_when_its_entry_ages_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    key, text = make_api_key(cast.acme)
    api_keys.authenticate(text)
    key.revoked_at = timezone.now()
    key.save()
    later = time.monotonic() + api_keys.CACHE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert api_keys.authenticate(text) is None


def test_unknown_wrong_expired_and_malformed_keys_are_refused_alike(cast: Cast) -> None:
    key, text = make_api_key(cast.acme, expires_at=timezone.now() - timedelta(seconds=1))
    _, good = make_api_key(cast.acme)
    wrong_secret = good[:-1] + ("A" if good[-1] != "A" else "B")
    for bad in (text, wrong_secret, "pare_aaaaaaaaaa_" + "a" * 43, "pare_", "", "x" * 10_000, good + "\n", "ключ"):
        assert api_keys.authenticate(bad) is None, bad


def test_a_key_ends_with_its_membership_and_its_team(cast: Cast) -> None:
    _, personal = make_api_key(cast.acme, member=cast.mei)
    _, service = make_api_key(cast.rival)
    cast.mei.memberships.all().delete()
    assert api_keys.authenticate(personal) is None
    cast.rival.closed_at = timezone.now()
    cast.rival.save()
    assert api_keys.authenticate(service) is None


def test_last_use_is_written_at_most_once_a_minute(cast: Cast) -> None:
    key, text = make_api_key(cast.acme)
    api_keys.authenticate(text)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    api_keys.known.clear()
    api_keys.authenticate(text)
    key.refresh_from_db()
    assert key.last_used_at == first
