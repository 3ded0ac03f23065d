"""Who takes a place in the plan: everybody but the billing role, in every count and at every door."""

import pytest

from accounts import services
from accounts.models import Membership, Team
from accounts.roles import Role
from accounts.services.errors import MemberCapReached
from tests.accounts.test_invitations import invite, mailed_link
from tests.accounts.test_members import membership, run_at_once
from tests.conftest import Cast
from tests.factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


def fill(team: Team) -> None:
    """Not one place is left."""
    Team.objects.filter(pk=team.pk).update(member_cap=services.members_in_use(team))
    team.refresh_from_db()


def test_a_billing_invitation_is_accepted_in_a_full_team(cast: Cast) -> None:
    fill(cast.acme)
    nora = make_user("nora@acme.example")
    invitation = invite(cast.acme, cast.olga, role=Role.BILLING)
    client = cast.client(nora)
    client.get(mailed_link(invitation))
    assert client.post("/invitation/accept/")["Location"] == "/t/acme/"
    assert membership(cast.acme, nora).role == Role.BILLING
    assert services.members_in_use(cast.acme) == 3


def test_another_role_for_a_billing_member_takes_a_place(cast: Cast) -> None:
    vic = membership(cast.acme, cast.vic)
    services.change_role(membership=vic, role=Role.MEMBER, actor=cast.olga)
    assert services.members_in_use(cast.acme) == 4
    services.change_role(membership=vic, role=Role.BILLING, actor=cast.olga)
    assert services.members_in_use(cast.acme) == 3


def test_without_a_place_the_billing_role_stays(cast: Cast) -> None:
    fill(cast.acme)
    vic = membership(cast.acme, cast.vic)
    for role in (Role.MEMBER, Role.ADMIN, Role.OWNER):
        with pytest.raises(MemberCapReached) as refused:
            services.change_role(membership=vic, role=role, actor=cast.olga)
        assert (refused.value.code, refused.value.status) == ("member_cap_reached", 402)
    answer = cast.client(cast.olga).post(f"/t/acme/team/{vic.public_id}/role/", {"role": "member"}, follow=True)
    assert "The team&#x27;s plan allows 3 members, and every place is taken." in answer.content.decode()
    vic.refresh_from_db()
    assert vic.role == Role.BILLING


def test_a_place_that_the_billing_role_frees_can_be_taken(cast: Cast) -> None:
    fill(cast.acme)
    services.change_role(membership=membership(cast.acme, cast.mei), role=Role.BILLING, actor=cast.adam)
    services.change_role(membership=membership(cast.acme, cast.vic), role=Role.MEMBER, actor=cast.adam)
    with pytest.raises(MemberCapReached):
        services.change_role(membership=membership(cast.acme, cast.mei), role=Role.MEMBER, actor=cast.adam)


def test_other_changes_of_role_need_no_place_even_over_the_cap(cast: Cast) -> None:
    Team.objects.filter(pk=cast.acme.pk).update(member_cap=1)
    services.change_role(membership=membership(cast.acme, cast.mei), role=Role.ADMIN, actor=cast.olga)
    services.change_role(membership=membership(cast.acme, cast.adam), role=Role.BILLING, actor=cast.olga)
    assert services.members_in_use(cast.acme) == 2


def test_pages_and_the_api_count_alike(cast: Cast) -> None:
    client = cast.client(cast.olga)
    assert "4 members, 3 of 5 in the plan" in client.get("/t/acme/team/").content.decode()
    caps = {cap["name"]: cap for cap in client.get("/api/v1/team").json()["caps"]}
    assert caps["members"] == {"name": "members", "used": 3, "cap": 5}
    assert "Access of 4 members" in client.get("/t/acme/settings/delete/").content.decode()
    Team.objects.filter(pk=cast.acme.pk).update(member_cap=None)
    assert "4 members, 3 with a seat" in client.get("/t/acme/team/").content.decode()


def test_a_full_team_says_that_the_billing_role_needs_no_seat(cast: Cast) -> None:
    fill(cast.acme)
    page = cast.client(cast.olga).get("/t/acme/team/invite/").content.decode()
    assert "Every place in the plan is taken." in page and "The billing role needs none." in page
    assert "Billing sees spend, changes the plan and pays, never sees code, and needs no seat." in page
    team = cast.client(cast.olga).get("/t/acme/team/").content.decode()
    assert "The billing role needs no seat" in team


def test_removing_somebody_with_the_billing_role_promises_no_credit(cast: Cast) -> None:
    client = cast.client(cast.olga)
    vic, mei = membership(cast.acme, cast.vic), membership(cast.acme, cast.mei)
    sentence = "what the team pays stays the same"
    assert sentence in client.get(f"/t/acme/team/{vic.public_id}/remove/").content.decode()
    assert sentence not in client.get(f"/t/acme/team/{mei.public_id}/remove/").content.decode()


def test_deleting_a_team_says_what_becomes_of_its_subscription(cast: Cast) -> None:
    page = cast.client(cast.olga).get("/t/acme/settings/delete/").content.decode()
    assert "cancelled at once; nothing more is charged, nothing is refunded by itself" in page


@pytest.mark.django_db(transaction=True)
def test_two_changes_of_role_at_once_take_the_one_free_place_once() -> None:
    owner = make_user()
    team = make_team(owner=owner, member_cap=2)
    payers = [make_membership(team, role=Role.BILLING) for _ in range(2)]
    results = run_at_once(
        *[lambda one=one: services.change_role(membership=one, role=Role.MEMBER, actor=owner) for one in payers]
    )
    assert results == ["MemberCapReached", "done"]
    assert services.members_in_use(team) == 2
    assert Membership.objects.for_team(team).count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_change_of_role_and_an_invitation_at_once_take_the_one_free_place_once() -> None:
    owner, nora = make_user(), make_user("nora@acme.example")
    team = make_team(owner=owner, member_cap=2)
    payer = make_membership(team, role=Role.BILLING)
    offer = invite(team, owner)
    results = run_at_once(
        lambda: services.change_role(membership=payer, role=Role.MEMBER, actor=owner),
        lambda: services.accept_invitation(invitation=offer, user=nora),
    )
    assert results == ["MemberCapReached", "done"]
    assert services.members_in_use(team) == 2
