"""Roles, removing and leaving; a team always keeps an owner."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from accounts import api_keys, services
from accounts.models import ApiKey, AuditEntry, Membership, Team, User
from accounts.roles import Role
from accounts.services.errors import LastOwner, OwnersOnly
from config.errors import Forbidden, NotFound
from tests.conftest import Cast
from tests.factories import make_api_key, make_membership, make_team, make_user


def membership(team: Team, user: User) -> Membership:
    return Membership.objects.for_team(team).get(user=user)


def run_at_once(*acts: Callable[[], object]) -> list[str]:
    """Runs each act in a thread of its own, all at the same moment; returns each one's "done" or error name."""
    start = threading.Barrier(len(acts))
    results: list[str] = []

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
            results.append("done")
        except Exception as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_the_page_lists_everybody_with_role_and_place_in_the_plan(cast: Cast) -> None:
    page = cast.client(cast.mei).get("/t/acme/team/").content.decode()
    for text in ("Olga", "olga@acme.example", "Owner", "Vic", "Billing", "4 members, 3 of 5 in the plan", "(you)"):
        assert text in page
    assert "Mallory" not in page
    assert "Invite member" not in page
    assert "Change role" not in page


def test_an_admin_changes_a_role_and_it_is_noted(cast: Cast) -> None:
    mei = membership(cast.acme, cast.mei)
    answer = cast.client(cast.adam).post(f"/t/acme/team/{mei.public_id}/role/", {"role": "billing"}, follow=True)
    assert "Mei has the role billing now." in answer.content.decode()
    mei.refresh_from_db()
    assert mei.role == Role.BILLING
    entry = AuditEntry.objects.for_team(cast.acme).get(action="member.role_changed")
    assert (entry.actor, entry.target) == (cast.adam, "mei@acme.example")
    assert entry.details == {"before": "member", "after": "billing"}


def test_a_lower_role_takes_scopes_from_personal_keys(cast: Cast) -> None:
    _, text = make_api_key(cast.acme, member=cast.adam)
    services.change_role(membership=membership(cast.acme, cast.adam), role=Role.MEMBER, actor=cast.olga)
    principal = api_keys.authenticate(text)
    assert principal is not None
    assert principal.role is Role.MEMBER
    assert "repos:write" not in principal.scopes


@pytest.mark.parametrize("role", ["", "king", "OWNER", "owner\x00", "x" * 10_000])
def test_a_role_that_does_not_exist_is_refused_with_a_sentence(cast: Cast, role: str) -> None:
    mei = membership(cast.acme, cast.mei)
    answer = cast.client(cast.olga).post(f"/t/acme/team/{mei.public_id}/role/", {"role": role}, follow=True)
    assert "Choose one of the roles" in answer.content.decode()
    mei.refresh_from_db()
    assert mei.role == Role.MEMBER


def test_an_admin_neither_makes_nor_changes_nor_removes_an_owner(cast: Cast) -> None:
    olga, mei = membership(cast.acme, cast.olga), membership(cast.acme, cast.mei)
    for act in (
        lambda: services.change_role(membership=mei, role=Role.OWNER, actor=cast.adam),
        lambda: services.change_role(membership=olga, role=Role.MEMBER, actor=cast.adam),
        lambda: services.remove_member(membership=olga, actor=cast.adam),
    ):
        with pytest.raises(OwnersOnly):
            act()
    client = cast.client(cast.adam)
    assert client.post(f"/t/acme/team/{mei.public_id}/role/", {"role": "owner"}).status_code == 403
    answer = client.post(f"/t/acme/team/{olga.public_id}/remove/")
    assert answer.status_code == 403
    assert "Only an owner can make, change or remove an owner" in answer.content.decode()


def test_who_lost_the_right_a_moment_ago_is_stopped(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        services.remove_member(membership=membership(cast.acme, cast.vic), actor=cast.mei)
    with pytest.raises(NotFound):
        services.remove_member(membership=membership(cast.acme, cast.vic), actor=cast.mallory)


def test_removing_a_member_ends_access_and_personal_keys_and_says_so(cast: Cast) -> None:
    _, text = make_api_key(cast.acme, member=cast.mei, name="laptop")
    make_api_key(cast.acme, name="ci")
    mei = membership(cast.acme, cast.mei)
    client = cast.client(cast.olga)
    page = client.get(f"/t/acme/team/{mei.public_id}/remove/").content.decode()
    assert "laptop" in page
    assert "ci" not in [key.name for key in client.get(f"/t/acme/team/{mei.public_id}/remove/").context["keys"]]
    answer = client.post(f"/t/acme/team/{mei.public_id}/remove/", follow=True)
    assert "Mei was removed. 1 personal API key ended with it" in answer.content.decode()
    assert api_keys.authenticate(text) is None
    assert ApiKey.objects.for_team(cast.acme).get().name == "ci"
    assert cast.client(cast.mei).get("/t/acme/team/").status_code == 404
    entry = AuditEntry.objects.for_team(cast.acme).get(action="member.removed")
    assert entry.details == {"role": "member", "keys_ended": 1}


def test_a_member_leaves(cast: Cast) -> None:
    answer = cast.client(cast.mei).post("/t/acme/team/leave/", follow=True)
    assert "You left the team Acme." in answer.content.decode()
    assert not Membership.objects.for_team(cast.acme).filter(user=cast.mei).exists()
    assert AuditEntry.objects.for_team(cast.acme).filter(action="member.left", actor=cast.mei).exists()


def test_the_last_owner_neither_leaves_nor_steps_down(cast: Cast) -> None:
    olga = membership(cast.acme, cast.olga)
    with pytest.raises(LastOwner):
        services.leave_team(membership=olga)
    with pytest.raises(LastOwner):
        services.change_role(membership=olga, role=Role.ADMIN, actor=cast.olga)
    with pytest.raises(LastOwner):
        services.remove_member(membership=olga, actor=cast.olga)
    answer = cast.client(cast.olga).post("/t/acme/team/leave/", follow=True)
    assert "A team always has at least one owner" in answer.content.decode()
    assert Membership.objects.for_team(cast.acme).owners().count() == 1


def test_with_a_second_owner_the_first_can_go(cast: Cast) -> None:
    services.change_role(membership=membership(cast.acme, cast.adam), role=Role.OWNER, actor=cast.olga)
    services.leave_team(membership=membership(cast.acme, cast.olga))
    assert Membership.objects.for_team(cast.acme).owners().get().user == cast.adam


def test_members_of_another_team_cannot_be_reached_through_ones_own(cast: Cast) -> None:
    mallory = membership(cast.rival, cast.mallory)
    client = cast.client(cast.olga)
    assert client.post(f"/t/acme/team/{mallory.public_id}/role/", {"role": "member"}).status_code == 404
    assert client.post(f"/t/acme/team/{mallory.public_id}/remove/").status_code == 404
    assert client.get(f"/t/acme/team/{mallory.public_id}/remove/").status_code == 404
    assert Membership.objects.for_team(cast.rival).get().role == Role.OWNER


def test_members_in_use_counts_members_only(cast: Cast) -> None:
    services.invite(team=cast.acme, email="nora@acme.example", role=Role.MEMBER, actor=cast.olga)
    assert Membership.objects.for_team(cast.acme).count() == 4
    assert services.members_in_use(cast.acme) == 3  # vic has the billing role


@pytest.mark.django_db(transaction=True)
def test_two_owners_removing_each_other_at_once_leave_one() -> None:
    one, two = make_user(), make_user()
    team = make_team(owner=one)
    make_membership(team, two, Role.OWNER)
    first, second = membership(team, one), membership(team, two)
    results = run_at_once(
        lambda: services.remove_member(membership=second, actor=one),
        lambda: services.remove_member(membership=first, actor=two),
    )
    assert results == ["NotFound", "done"]
    assert Membership.objects.for_team(team).owners().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_leaving_at_once_leave_one() -> None:
    one, two = make_user(), make_user()
    team = make_team(owner=one)
    make_membership(team, two, Role.OWNER)
    results = run_at_once(
        lambda: services.leave_team(membership=membership(team, one)),
        lambda: services.change_role(membership=membership(team, two), role=Role.MEMBER, actor=two),
    )
    assert results == ["LastOwner", "done"]
    assert Membership.objects.for_team(team).owners().count() == 1
