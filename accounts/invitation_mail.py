"""The mail that carries an invitation's link. The token exists here and in that mail, and nowhere else in clear."""

import secrets
from hashlib import sha256

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Invitation


def send(invitation_id: int, ticket: bytes) -> bool:
    """Mails a new link to the invited address; False when there is nothing (more) to send.

    `ticket` is the digest the invitation had when the mail was asked for: of two tasks that show the same ticket one
    wins. When the mail server refuses, the ticket is put back and its error (OSError, SMTPException) passed on.
    """
    token = secrets.token_urlsafe(32)
    digest = sha256(token.encode()).digest()
    waiting = Invitation.objects.open().filter(pk=invitation_id, team__closed_at=None)
    if not waiting.filter(token_digest=ticket).update(token_digest=digest):
        return False
    invitation = Invitation.objects.select_related("team", "invited_by").get(pk=invitation_id)
    try:
        _mail(invitation, token)
    except Exception:
        Invitation.objects.filter(pk=invitation_id, token_digest=digest).update(token_digest=ticket)
        raise
    return True


def _mail(invitation: Invitation, token: str) -> None:
    inviter = invitation.invited_by
    context = {
        "invitation": invitation,
        "inviter": inviter.label if inviter else invitation.team.name,
        "link": f"{settings.SITE_ROOT}{reverse('invitation', args=[token])}",
    }
    # Names are typed by people: a line break in one must not become a header.
    subject = " ".join(f"{context['inviter']} invites you to {invitation.team.name} on Pare".split())
    send_mail(subject, render_to_string("accounts/email/invitation.txt", context), None, [invitation.email])
