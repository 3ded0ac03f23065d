"""How the log-in library behaves here: mail that cannot be sent is said in words, second-step secrets are sealed."""

import base64
import hashlib
import logging
from functools import lru_cache
from smtplib import SMTPException
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as request_context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {  # noqa: RUF012
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This email address and password do not belong together.",
        "incorrect_code": "This is not the code, or it ran out. Type it again, or ask for a new one.",
        "too_many_login_attempts": "Too many failed log-ins. Wait five minutes, then try again.",
        "rate_limited": "Too many requests in a short time. Wait a minute, then try again.",
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends a code or link. When the mail server refuses, the person is told and can ask for another one."""
        # The library takes the host of a link from the request, so that whoever asks could choose it.
        ours = {name: on_our_site(value) if name.endswith("_url") else value for name, value in context.items()}
        host = urlsplit(settings.SITE_ROOT).netloc
        ours["current_site"] = SimpleNamespace(name=host, domain=host)
        try:
            super().send_mail(template_prefix, email, ours)
        except (SMTPException, OSError):
            logger.exception("Mail %s could not be sent", template_prefix)
            messages.error(
                request_context.request,
                "The email could not be sent just now. Wait a minute, then ask for it again.",
            )

    def send_account_already_exists_mail(self, email: str) -> None:
        """As slow as making an account, whose password is hashed: else the time taken tells who has one."""
        make_password(email)
        super().send_account_already_exists_mail(email)


def on_our_site(url: str) -> str:
    """The same address below SITE_ROOT, whatever host it names."""
    parts = urlsplit(url)
    return settings.SITE_ROOT + urlunsplit(("", "", parts.path, parts.query, parts.fragment))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator secrets and the seeds of recovery codes are unreadable in the database and its backups."""

    error_messages = {  # noqa: RUF012
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This is not the code. Codes change every 30 seconds: type the one shown now.",
    }

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What the browser shows when it asks for a passkey: our name, for this host."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**entity, "name": settings.MFA_TOTP_ISSUER}

    def encrypt(self, text: str) -> str:
        return _box(tuple(settings.PARE_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box(tuple(settings.PARE_ENCRYPTION_KEYS)).decrypt(encrypted_text.encode()).decode()


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    # Operators give any long random text; a Fernet key has a fixed form.
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"pare:mfa:" + key.encode()).digest())) for key in keys]
    )
