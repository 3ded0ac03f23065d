"""Sealing what lets us into a repository: tokens, deploy keys, webhook secrets. Nothing of it is stored readable."""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings


class SecretUnreadable(Exception):
    """The stored bytes were sealed with a key that this server no longer has."""

    code = "secret_unreadable"
    message = (
        "The stored token or key can no longer be read, because the encryption key of this server was changed. "
        "Store the token again, or link the repository again."
    )

    def __init__(self) -> None:
        super().__init__(self.message)


def seal(text: str) -> bytes:
    """Encrypt with the first of PARE_ENCRYPTION_KEYS; an empty text stays empty."""
    return _box(tuple(settings.PARE_ENCRYPTION_KEYS)).encrypt(text.encode()) if text else b""


def unseal(sealed: bytes | memoryview) -> str:
    """The text again, whichever of PARE_ENCRYPTION_KEYS sealed it. Raises SecretUnreadable."""
    if not sealed:
        return ""
    try:
        return _box(tuple(settings.PARE_ENCRYPTION_KEYS)).decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise SecretUnreadable from error


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    # Operators give any long random text; a Fernet key has a fixed form.
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"pare:seal:" + key.encode()).digest())) for key in keys]
    )


def new_deploy_key(comment: str) -> tuple[str, str]:
    """A fresh ed25519 pair in OpenSSH's form: (private, public). The comment is cut to plain characters."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in comment)
    return private, f"{public} pare-{plain}"[:400]
