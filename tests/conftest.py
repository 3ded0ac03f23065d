"""The cast every test can call on: the people of Acme, and Mallory of a rival team."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import api_keys
from accounts.models import Team, User
from accounts.roles import Role
from billing.services import change_plan
from tests.factories import make_membership, make_team, make_user


@dataclass(frozen=True)
class Cast:
    """olga owns Acme, adam administers it, mei is a member, vic does its billing; mallory owns the rival team."""

    olga: User
    adam: User
    mei: User
    vic: User
    mallory: User
    acme: Team
    rival: Team

    def client(self, user: User | None) -> Client:
        """A browser in which this person is logged in (nobody for None)."""
        client = Client()
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client


def make_cast() -> Cast:
    """Acme is on the Team plan with five seats, the rival team too; tests of caps change the plan themselves."""
    olga = make_user("olga@acme.example", name="Olga")
    mallory = make_user("mallory@rival.example", name="Mallory")
    acme = make_team("Acme", owner=olga, slug="acme")
    rival = make_team("Rival", owner=mallory, slug="rival")
    adam = make_user("adam@acme.example", name="Adam")
    mei = make_user("mei@acme.example", name="Mei")
    vic = make_user("vic@acme.example", name="Vic")
    make_membership(acme, adam, Role.ADMIN)
    make_membership(acme, mei, Role.MEMBER)
    make_membership(acme, vic, Role.BILLING)
    for team in (acme, rival):
        change_plan(team=team, plan="team", seats=5, actor=None)
        team.refresh_from_db()
    return Cast(olga, adam, mei, vic, mallory, acme, rival)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """No key, count or session of one test is seen by the next."""
    api_keys.known.clear()
    cache.clear()
    yield
