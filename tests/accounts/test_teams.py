"""Making, naming and deleting a team."""

import threading

import pytest
from django.db import connection

from accounts import api_keys, services
from accounts.models import AuditEntry, Invitation, Membership, Team
from accounts.roles import Role
from accounts.services.errors import NoSlug, SlugReserved, SlugTaken, TeamLimitReached
from accounts.services.teams import TEAMS_OWNED_LIMIT
from config.errors import Forbidden, NotFound
from tests.conftest import Cast
from tests.factories import make_api_key, make_user


def test_a_team_has_its_maker_as_owner_and_starts_on_the_smallest_plan(cast: Cast) -> None:
    team = services.create_team(name="Shop floor", owner=cast.mei)
    assert team.slug == "shop-floor"
    assert (team.member_cap, team.service_keys_allowed, team.audit_log_allowed) == (1, False, False)
    assert Membership.objects.for_team(team).get().role == Role.OWNER
    assert AuditEntry.objects.for_team(team).get().action == "team.created"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme-2"),
        ("Über_Straße  42", "uber-strae-42"),
        ("API", "team-api"),
        ("x" * 80, "x" * 50),
        ("a" + "-" * 78 + "b", "a-b"),
    ],
)
def test_a_slug_is_made_from_the_name(cast: Cast, name: str, slug: str) -> None:
    team = services.create_team(name=name, owner=cast.mei)
    team.full_clean()
    assert team.slug == slug


def test_a_name_without_latin_letters_needs_a_typed_address(cast: Cast) -> None:
    with pytest.raises(NoSlug):
        services.create_team(name="Команда", owner=cast.mei)
    answer = cast.client(cast.mei).post("/teams/new/", {"name": "Команда", "slug": ""})
    assert answer.status_code == 400
    assert "No address can be made from this name" in answer.content.decode()
    assert services.create_team(name="Команда", slug="komanda", owner=cast.mei).name == "Команда"


def test_taken_and_reserved_addresses_are_refused(cast: Cast) -> None:
    with pytest.raises(SlugTaken):
        services.create_team(name="Other", slug="acme", owner=cast.mei)
    with pytest.raises(SlugReserved):
        services.create_team(name="Other", slug="api", owner=cast.mei)
    answer = cast.client(cast.mei).post("/teams/new/", {"name": "Other", "slug": "rival"})
    assert answer.status_code == 409
    assert "“rival” is taken" in answer.content.decode()
    assert not Team.objects.filter(name="Other").exists()


@pytest.mark.parametrize(
    "slug", ["Acme", "acmé", "a b", "-acme", "acme-", "a_b", "a/b", "ａｃｍｅ", "a" * 51, "a\x00b"]
)
def test_an_address_of_other_characters_is_refused_at_its_field(cast: Cast, slug: str) -> None:
    answer = cast.client(cast.mei).post("/teams/new/", {"name": "Other", "slug": slug})
    assert answer.status_code == 400
    assert answer.context["form"].errors["slug"]
    assert not Team.objects.filter(name="Other").exists()


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u202e", "a\x00b", "n" * 10_000])
def test_a_name_that_is_none_is_refused_at_its_field(cast: Cast, name: str) -> None:
    answer = cast.client(cast.mei).post("/teams/new/", {"name": name, "slug": "other"})
    assert answer.status_code == 400
    assert answer.context["form"].errors["name"]


def test_a_closed_teams_address_is_not_given_away(cast: Cast) -> None:
    services.close_team(team=cast.acme, actor=cast.olga)
    assert services.create_team(name="Acme", owner=cast.mallory).slug == "acme-2"


def test_one_person_owns_only_so_many_teams(cast: Cast) -> None:
    for number in range(TEAMS_OWNED_LIMIT):
        services.create_team(name=f"Mine {number}", owner=cast.mei)
    with pytest.raises(TeamLimitReached):
        services.create_team(name="One more", owner=cast.mei)


def test_an_admin_renames_the_team_and_its_address_stays(cast: Cast) -> None:
    answer = cast.client(cast.adam).post("/t/acme/settings/name/", {"name": " Acme\t Works "}, follow=True)
    assert "The team&#x27;s name was saved." in answer.content.decode()
    cast.acme.refresh_from_db()
    assert (cast.acme.name, cast.acme.slug) == ("Acme Works", "acme")
    entry = AuditEntry.objects.for_team(cast.acme).get(action="team.renamed")
    assert (entry.actor, entry.details) == (cast.adam, {"before": "Acme"})


def test_deleting_a_team_needs_its_typed_name(cast: Cast) -> None:
    client = cast.client(cast.olga)
    for typed in ("", "acme", "Rival", "Acme\x00"):
        answer = client.post("/t/acme/settings/delete/", {"confirmation": typed})
        assert answer.status_code == 400, typed
        assert answer.context["form"].errors["confirmation"]
    cast.acme.refresh_from_db()
    assert cast.acme.closed_at is None


def test_a_deleted_team_is_gone_for_everybody_and_its_keys_and_invitations_stop(cast: Cast) -> None:
    _, service_key = make_api_key(cast.acme)
    _, personal_key = make_api_key(cast.acme, member=cast.mei)
    invitation = services.invite(team=cast.acme, email="nora@acme.example", role=Role.MEMBER, actor=cast.olga)
    answer = cast.client(cast.olga).post("/t/acme/settings/delete/", {"confirmation": "Acme"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/teams/new/"
    assert "The team Acme was deleted." in answer.content.decode()
    assert cast.client(cast.mei).get("/t/acme/team/").status_code == 404
    assert api_keys.authenticate(service_key) is None
    assert api_keys.authenticate(personal_key) is None
    invitation.refresh_from_db()
    assert not invitation.is_open
    assert AuditEntry.objects.for_team(cast.acme).filter(action="team.closed", actor=cast.olga).exists()


def test_only_an_owner_deletes_a_team(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        services.close_team(team=cast.acme, actor=cast.adam)
    with pytest.raises(NotFound):
        services.close_team(team=cast.acme, actor=cast.mallory)
    assert cast.client(cast.adam).post("/t/acme/settings/delete/", {"confirmation": "Acme"}).status_code == 403


def test_nothing_happens_in_a_closed_team(cast: Cast) -> None:
    services.close_team(team=cast.acme, actor=cast.olga)
    with pytest.raises(NotFound):
        services.rename_team(team=cast.acme, name="Again", actor=cast.olga)
    with pytest.raises(NotFound):
        services.invite(team=cast.acme, email="nora@acme.example", role=Role.MEMBER, actor=cast.olga)
    assert not Invitation.objects.for_team(cast.acme).exists()


def test_get_never_writes(cast: Cast) -> None:
    client = cast.client(cast.olga)
    for path in ("/teams/new/", "/t/acme/settings/", "/t/acme/settings/delete/", "/t/acme/team/leave/"):
        assert client.get(path).status_code == 200, path
    assert client.get("/t/acme/settings/name/").status_code == 405
    cast.acme.refresh_from_db()
    assert cast.acme.closed_at is None


@pytest.mark.django_db(transaction=True)
def test_two_teams_of_one_address_at_once_leave_one() -> None:
    people = [make_user(), make_user()]
    start = threading.Barrier(2)
    results: list[str] = []

    def make(number: int) -> None:
        start.wait()
        try:
            services.create_team(name="Twin", slug="twin", owner=people[number])
            results.append("made")
        except SlugTaken:
            results.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["made", "taken"]
    assert Membership.objects.filter(team__slug="twin").count() == 1
