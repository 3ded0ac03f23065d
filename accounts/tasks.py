"""What the workers do for people and teams."""

from smtplib import SMTPException

from celery import shared_task

from accounts import invitation_mail


@shared_task(
    autoretry_for=(SMTPException, OSError), retry_backoff=10, retry_backoff_max=600, max_retries=6, time_limit=60
)
def send_invitation(invitation_id: int, ticket: str) -> None:
    """Mails an invitation; arriving twice, it sends one mail. `ticket` is the digest to replace, in hex."""
    invitation_mail.send(invitation_id, bytes.fromhex(ticket))
