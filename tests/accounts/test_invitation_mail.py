"""The mail of an invitation: what it says, that it goes out once, and that its token is stored nowhere."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from email import message_from_bytes, policy
from hashlib import sha256

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from accounts import services, tasks
from accounts.models import Invitation
from accounts.roles import Role
from accounts.services.errors import AlreadyMember
from tests.accounts.test_invitations import LINK, invite
from tests.conftest import Cast
from tests.factories import make_team, make_user
from tests.live import LivePare


def ticket(invitation: Invitation) -> str:
    invitation.refresh_from_db()
    return bytes(invitation.token_digest).hex()


def test_it_names_team_inviter_role_address_and_end(cast: Cast) -> None:
    invitation = invite(cast.acme, cast.olga, role=Role.BILLING)
    tasks.send_invitation(invitation.pk, ticket(invitation))
    message = mail.outbox[0]
    assert message.subject == "Olga invites you to Acme on Pare"
    assert message.to == ["nora@acme.example"]
    body = str(message.body)
    for text in ("Olga invites you to join the team Acme", "role billing", "nora@acme.example", "The link works once"):
        assert text in body
    assert f"{invitation.expires_at:%H:%M} UTC" in body


def test_the_token_is_stored_as_a_digest_only(cast: Cast) -> None:
    invitation = invite(cast.acme, cast.olga)
    tasks.send_invitation(invitation.pk, ticket(invitation))
    token = LINK.search(str(mail.outbox[0].body))[1].split("/")[2]  # type: ignore[index]
    assert ticket(invitation) == sha256(token.encode()).hexdigest()
    assert len(token) >= 43
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(i)::text FROM accounts_invitation i")
        assert token not in cursor.fetchone()[0]


def test_a_task_that_arrives_twice_sends_one_mail(cast: Cast) -> None:
    invitation = invite(cast.acme, cast.olga)
    same = ticket(invitation)
    tasks.send_invitation(invitation.pk, same)
    tasks.send_invitation(invitation.pk, same)
    assert len(mail.outbox) == 1


def test_a_revoked_invitation_is_not_mailed(cast: Cast) -> None:
    invitation = invite(cast.acme, cast.olga)
    services.revoke_invitation(invitation=invitation, actor=cast.olga)
    tasks.send_invitation(invitation.pk, ticket(invitation))
    services.close_team(team=cast.rival, actor=cast.mallory)
    tasks.send_invitation(10**9, "00" * 32)
    assert not mail.outbox


def test_when_the_mail_server_refuses_the_task_tries_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = invite(cast.acme, cast.olga)
    same = ticket(invitation)

    def refuse(self: EmailBackend, messages: object) -> int:
        raise ConnectionRefusedError("the mail server is down")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", refuse)
        with pytest.raises(ConnectionRefusedError):
            tasks.send_invitation.run(invitation.pk, same)
    assert ticket(invitation) == same
    tasks.send_invitation(invitation.pk, same)
    assert len(mail.outbox) == 1


def test_a_line_break_in_a_name_makes_no_header(cast: Cast) -> None:
    cast.olga.name = "Olga\nBcc: all@rival.example"
    cast.olga.save()
    invitation = invite(cast.acme, cast.olga)
    tasks.send_invitation(invitation.pk, ticket(invitation))
    assert mail.outbox[0].subject == "Olga Bcc: all@rival.example invites you to Acme on Pare"
    assert mail.outbox[0].bcc == []


def test_nothing_is_sent_when_the_transaction_fails(
    cast: Cast, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[object]]]
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        with pytest.raises(AlreadyMember):
            invite(cast.acme, cast.olga, "mei@acme.example")
        assert not callbacks
        invite(cast.acme, cast.olga)
    assert len(callbacks) == 1


def test_the_real_worker_sends_it_after_the_commit(live_pare: LivePare) -> None:
    owner = make_user("olga@acme.example", name="Olga")
    team = make_team("Acme", owner=owner)
    invitation = invite(team, owner)
    live_pare.worker.drain()
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in live_pare.mail.glob("*.eml")]
    assert [str(found["To"]) for found in mails] == ["nora@acme.example"]
    text = mails[0].get_body().get_content()  # type: ignore[union-attr]
    token = re.search(r"/invitations/([\w-]+)/", text)
    assert token
    found = services.invitation_of(token[1])
    assert found == invitation
