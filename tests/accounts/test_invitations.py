"""Inviting: who may, whom, how often, and who can accept."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import invitation_mail, services
from accounts.models import AuditEntry, Invitation, Membership, Team, User
from accounts.roles import Role
from accounts.services.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationLimitReached,
    InvitationNotOpen,
    MemberCapReached,
    OwnersOnly,
    ResentTooSoon,
    WrongAddress,
)
from accounts.services.invitations import SENDS_PER_ADDRESS
from config.errors import Forbidden, NotFound
from tests.accounts.test_members import run_at_once
from tests.accounts.test_sign_up import sign_up
from tests.conftest import Cast
from tests.factories import make_team, make_user

LINK = re.compile(r"http://127\.0\.0\.1:8000(/invitations/[\w-]+/)")


def invite(team: Team, actor: User, email: str = "nora@acme.example", role: Role = Role.MEMBER) -> Invitation:
    return services.invite(team=team, email=email, role=role, actor=actor)


def mailed_link(invitation: Invitation) -> str:
    """Does what the worker does, and reads the link's path out of the mail."""
    invitation.refresh_from_db()
    assert invitation_mail.send(invitation.pk, bytes(invitation.token_digest))
    found = LINK.search(str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


def later(invitation: Invitation, **fields: timedelta) -> None:
    """Moves the invitation's times into the past."""
    for name, span in fields.items():
        setattr(invitation, name, getattr(invitation, name) - span)
    invitation.save()


def test_an_invited_newcomer_signs_up_and_lands_back_on_the_invitation(cast: Cast) -> None:
    page = cast.client(cast.olga).post(
        "/t/acme/team/invite/", {"email": "Nora@Acme.example", "role": "admin"}, follow=True
    )
    assert "An invitation is on its way to nora@acme.example." in page.content.decode()
    client = Client()
    offer = client.get(mailed_link(Invitation.objects.get()), follow=True)
    assert offer.redirect_chain == [("/invitation/", 302)]
    assert "Olga invites you to join the team <strong>Acme</strong>" in offer.content.decode()
    assert "/account/signup/?email=nora%40acme.example" in offer.content.decode()
    assert 'value="nora@acme.example"' in client.get("/account/signup/?email=nora%40acme.example").content.decode()
    sign_up(client, "nora@acme.example")
    assert client.get("/home")["Location"] == "/invitation/"
    assert "Join team" in client.get("/invitation/").content.decode()
    assert client.post("/invitation/accept/")["Location"] == "/t/acme/"
    assert Membership.objects.for_team(cast.acme).get(user__email="nora@acme.example").role == Role.ADMIN
    assert client.get("/home")["Location"] == "/t/acme/"


def test_somebody_with_an_account_logs_in_and_accepts(cast: Cast) -> None:
    make_user("nora@acme.example")
    client = Client()
    client.get(mailed_link(invite(cast.acme, cast.olga)))
    answer = client.post("/account/login/", {"login": "nora@acme.example", "password": "correct horse battery"})
    assert client.get(answer["Location"])["Location"] == "/invitation/"
    assert client.post("/invitation/accept/")["Location"] == "/t/acme/"
    entry = AuditEntry.objects.for_team(cast.acme).get(action="invitation.accepted")
    assert (entry.actor_label, entry.details) == ("nora@acme.example", {"role": "member"})


def test_another_address_gets_a_sentence_and_not_the_team(cast: Cast) -> None:
    path = mailed_link(invite(cast.acme, cast.olga))
    client = cast.client(cast.mallory)
    page = client.get(path, follow=True).content.decode()
    assert "This invitation was sent to <strong>nora@acme.example</strong>" in page
    assert "mallory@rival.example" in page
    assert "Acme" not in page
    answer = client.post("/invitation/accept/")
    assert answer.status_code == 403
    assert not Membership.objects.for_team(cast.acme).filter(user=cast.mallory).exists()
    assert client.post("/invitation/later/")["Location"] == "/home"
    assert client.get("/home")["Location"] == "/t/rival/"


@pytest.mark.parametrize("lookalike", ["nora@gıthub.example", "nora@ſhop.example"])
def test_letters_that_only_look_alike_in_capitals_are_other_letters(cast: Cast, lookalike: str) -> None:
    """Upper case makes an I of a dotless ı and an S of a long ſ: their owner is not the person invited."""
    invited = lookalike.replace("ı", "i").replace("ſ", "s")
    assert invited.upper() == lookalike.upper()
    invitation = invite(cast.acme, cast.olga, invited)
    with pytest.raises(WrongAddress):
        services.accept_invitation(invitation=invitation, user=make_user(lookalike))
    assert services.accept_invitation(invitation=invitation, user=make_user(invited)).team == cast.acme


def test_an_address_that_was_never_verified_does_not_count(cast: Cast) -> None:
    invitation = invite(cast.acme, cast.olga)
    pretender = make_user("pat@acme.example")
    address = EmailAddress.objects.create(user=pretender, email="nora@acme.example", verified=False)
    with pytest.raises(WrongAddress):
        services.accept_invitation(invitation=invitation, user=pretender)
    address.verified = True
    address.save()
    assert services.accept_invitation(invitation=invitation, user=pretender).role == Role.MEMBER


def test_an_invitation_works_once(cast: Cast) -> None:
    nora = make_user("nora@acme.example")
    invitation = invite(cast.acme, cast.olga)
    path = mailed_link(invitation)
    membership = services.accept_invitation(invitation=invitation, user=nora)
    services.remove_member(membership=membership, actor=cast.olga)
    with pytest.raises(InvitationNotOpen):
        services.accept_invitation(invitation=invitation, user=nora)
    answer = cast.client(nora).get(path)
    assert answer.status_code == 410
    assert "was accepted already" in answer.content.decode()


def test_an_expired_link_says_when_it_ran_out(cast: Cast) -> None:
    nora = make_user("nora@acme.example")
    invitation = invite(cast.acme, cast.olga)
    client = cast.client(nora)
    path = mailed_link(invitation)
    client.get(path)
    invitation.refresh_from_db()
    later(invitation, expires_at=timedelta(days=7, seconds=1))
    answer = client.get(path)
    assert answer.status_code == 410
    assert "ran out on" in answer.content.decode()
    assert client.get("/home")["Location"] == "/teams/new/"
    with pytest.raises(InvitationNotOpen):
        services.accept_invitation(invitation=invitation, user=nora)


def test_a_revoked_link_stops_even_for_a_browser_that_opened_it(cast: Cast) -> None:
    nora = make_user("nora@acme.example")
    invitation = invite(cast.acme, cast.olga)
    client = cast.client(nora)
    path = mailed_link(invitation)
    client.get(path)
    answer = cast.client(cast.adam).post(f"/t/acme/invitations/{invitation.public_id}/revoke/", follow=True)
    assert "was revoked" in answer.content.decode()
    assert client.post("/invitation/accept/").status_code == 404
    answer = client.get(path)
    assert answer.status_code == 410
    assert "taken this invitation back" in answer.content.decode()
    assert "Acme" not in answer.content.decode()
    with pytest.raises(InvitationNotOpen):
        services.revoke_invitation(invitation=invitation, actor=cast.adam)


@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 10_000, "%00", "%FF%FE", "ключ", "..", "pare_x"])
def test_a_token_that_is_none_is_not_found(client: Client, db: None, token: str) -> None:
    answer = client.get(f"/invitations/{token}/")
    assert answer.status_code == 404
    assert b"There is no invitation behind this link" in answer.content


def test_without_a_link_there_is_no_offer(cast: Cast) -> None:
    invite(cast.acme, cast.olga, "mallory@rival.example")
    client = cast.client(cast.mallory)
    assert client.get("/invitation/").status_code == 404
    assert client.post("/invitation/accept/").status_code == 404
    assert client.get("/invitation/accept/").status_code == 405


def test_a_member_is_not_invited_again_whatever_the_spelling(cast: Cast) -> None:
    EmailAddress.objects.create(user=cast.mei, email="mei@home.example", verified=True)
    for email in ("mei@acme.example", "MEI@acme.example", "Mei@Home.example"):
        with pytest.raises(AlreadyMember):
            invite(cast.acme, cast.olga, email)
    answer = cast.client(cast.olga).post("/t/acme/team/invite/", {"email": "Mei@ACME.example", "role": "member"})
    assert answer.status_code == 409
    assert "mei@acme.example is a member of this team already." in answer.content.decode()


def test_an_open_invitation_is_not_doubled_and_an_expired_one_makes_way(cast: Cast) -> None:
    first = invite(cast.acme, cast.olga)
    with pytest.raises(AlreadyInvited):
        invite(cast.acme, cast.adam, "NORA@acme.example")
    later(first, expires_at=timedelta(days=8), sent_at=timedelta(days=8))
    second = invite(cast.acme, cast.adam, "NORA@acme.example")
    assert Invitation.objects.for_team(cast.acme).open().get() == second


def test_other_teams_may_invite_the_same_address(cast: Cast) -> None:
    invite(cast.acme, cast.olga)
    assert invite(cast.rival, cast.mallory).team == cast.rival


def test_owners_invite_owners_and_admins_do_not(cast: Cast) -> None:
    with pytest.raises(OwnersOnly):
        invite(cast.acme, cast.adam, role=Role.OWNER)
    answer = cast.client(cast.adam).post("/t/acme/team/invite/", {"email": "nora@acme.example", "role": "owner"})
    assert answer.status_code == 400
    assert answer.context["form"].errors["role"]
    invitation = invite(cast.acme, cast.olga, role=Role.OWNER)
    with pytest.raises(OwnersOnly):
        services.revoke_invitation(invitation=invitation, actor=cast.adam)


def test_members_and_strangers_do_not_invite(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        invite(cast.acme, cast.mei)
    with pytest.raises(NotFound):
        invite(cast.acme, cast.mallory)


def test_sending_again_makes_a_new_link_and_ends_the_old_one(cast: Cast) -> None:
    invitation = invite(cast.acme, cast.olga)
    old = mailed_link(invitation)
    with pytest.raises(ResentTooSoon):
        services.resend_invitation(invitation=invitation, actor=cast.olga)
    later(invitation, sent_at=timedelta(minutes=6), expires_at=timedelta(days=8))
    answer = cast.client(cast.olga).post(f"/t/acme/invitations/{invitation.public_id}/resend/", follow=True)
    assert "A new link is on its way to nora@acme.example." in answer.content.decode()
    new = mailed_link(invitation)
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 302
    invitation.refresh_from_db()
    assert invitation.expires_at > timezone.now() + timedelta(days=6)


def test_one_address_is_mailed_five_times_at_most(cast: Cast) -> None:
    invitation = invite(cast.acme, cast.olga)
    for _ in range(SENDS_PER_ADDRESS - 1):
        later(invitation, sent_at=timedelta(minutes=6))
        invitation = services.resend_invitation(invitation=invitation, actor=cast.olga)
    later(invitation, sent_at=timedelta(minutes=6))
    with pytest.raises(InvitationLimitReached):
        services.resend_invitation(invitation=invitation, actor=cast.olga)
    services.revoke_invitation(invitation=invitation, actor=cast.olga)
    with pytest.raises(InvitationLimitReached):
        invite(cast.acme, cast.olga)


def test_a_place_is_taken_when_accepted_not_when_invited(cast: Cast) -> None:
    Team.objects.filter(pk=cast.acme.pk).update(member_cap=4)
    people = [make_user(f"new{number}@acme.example") for number in range(2)]
    invitations = [invite(cast.acme, cast.olga, person.email) for person in people]
    services.accept_invitation(invitation=invitations[0], user=people[0])
    with pytest.raises(MemberCapReached) as refusal:
        services.accept_invitation(invitation=invitations[1], user=people[1])
    assert (refusal.value.code, refusal.value.status) == ("member_cap_reached", 402)
    client = cast.client(people[1])
    client.get(mailed_link(invitations[1]))
    answer = client.post("/invitation/accept/")
    assert answer.status_code == 402
    assert "The team&#x27;s plan allows 4 members, and every place is taken." in answer.content.decode()
    services.leave_team(membership=Membership.objects.for_team(cast.acme).get(user=cast.mei))
    assert client.post("/invitation/accept/")["Location"] == "/t/acme/"


def test_a_full_team_is_told_so_before_it_invites(cast: Cast) -> None:
    Team.objects.filter(pk=cast.acme.pk).update(member_cap=3)
    page = cast.client(cast.olga).get("/t/acme/team/invite/").content.decode()
    assert "Every place in the plan is taken." in page


def test_a_member_who_opens_an_old_link_is_led_to_the_team(cast: Cast) -> None:
    nora = make_user("nora@acme.example")
    invitation = invite(cast.acme, cast.olga)
    path = mailed_link(invitation)
    Membership.objects.create(team=cast.acme, user=nora)
    client = cast.client(nora)
    assert "You are a member of this team already." in client.get(path, follow=True).content.decode()
    assert client.post("/invitation/accept/")["Location"] == "/t/acme/"


def test_invitations_of_another_team_cannot_be_reached(cast: Cast) -> None:
    invitation = invite(cast.rival, cast.mallory)
    for act in ("resend", "revoke"):
        path = f"/t/acme/invitations/{invitation.public_id}/{act}/"
        assert cast.client(cast.olga).post(path).status_code == 404
        assert cast.client(cast.mei).post(path).status_code == 403
    invitation.refresh_from_db()
    assert invitation.is_open


@pytest.mark.parametrize(
    "email", ["", "nora", "nora\x00@acme.example", "n" * 10_000 + "@acme.example", "a@b\nBcc: c@d.e"]
)
def test_an_address_that_is_none_is_refused_at_its_field(cast: Cast, email: str) -> None:
    answer = cast.client(cast.olga).post("/t/acme/team/invite/", {"email": email, "role": "member"})
    assert answer.status_code == 400
    assert answer.context["form"].errors["email"]
    assert not Invitation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_invitation_accepted_twice_at_once_makes_one_member() -> None:
    owner, nora = make_user(), make_user("nora@acme.example")
    team = make_team(owner=owner, member_cap=None)
    invitation = invite(team, owner)
    results = run_at_once(*[lambda: services.accept_invitation(invitation=invitation, user=nora)] * 2)
    assert results == ["InvitationNotOpen", "done"]
    assert services.members_in_use(team) == 2


@pytest.mark.django_db(transaction=True)
def test_two_invitations_accepted_at_once_take_the_one_free_place_once() -> None:
    owner = make_user()
    team = make_team(owner=owner, member_cap=2)
    people = [make_user(), make_user()]
    offers = [(invite(team, owner, person.email), person) for person in people]
    results = run_at_once(
        lambda: services.accept_invitation(invitation=offers[0][0], user=offers[0][1]),
        lambda: services.accept_invitation(invitation=offers[1][0], user=offers[1][1]),
    )
    assert results == ["MemberCapReached", "done"]
    assert services.members_in_use(team) == 2


@pytest.mark.django_db(transaction=True)
def test_one_address_invited_twice_at_once_has_one_invitation() -> None:
    owner = make_user()
    team = make_team(owner=owner)
    results = run_at_once(lambda: invite(team, owner), lambda: invite(team, owner, "NORA@acme.example"))
    assert results == ["AlreadyInvited", "done"]
    assert Invitation.objects.for_team(team).count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_while_the_team_is_deleted_makes_no_member_of_a_closed_team() -> None:
    owner, nora = make_user(), make_user("nora@acme.example")
    team = make_team(owner=owner, member_cap=None)
    invitation = invite(team, owner)
    run_at_once(
        lambda: services.accept_invitation(invitation=invitation, user=nora),
        lambda: services.close_team(team=team, actor=owner),
    )
    invitation.refresh_from_db()
    assert (invitation.accepted_at is None) == (services.members_in_use(team) == 1)
    assert nora.teams().count() == 0
