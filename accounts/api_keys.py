"""API keys: `pare_<id>_<secret>`. The secret has 256 random bits, so one SHA-256 is enough to store it (no slow hash).

A key is checked once against the database and then kept in this process for `CACHE_SECONDS`: the hot path costs no SQL,
and a revoked key stops everywhere within that time.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from django.core.cache import cache
from django.db import models
from django.utils import timezone
from redis import RedisError

from accounts.access import Principal
from accounts.models import ApiKey
from accounts.roles import Role, Scope, scopes_of

CACHE_SECONDS = 30
CACHE_SIZE = 10_000
LAST_USED_EVERY = timedelta(minutes=1)
SHAPE = re.compile(r"pare_([a-z0-9]{10})_([A-Za-z0-9_-]{43})")
ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key is made of; `text` is shown once and never stored."""

    key_id: str
    text: str
    digest: bytes
    last_four: str


def generate() -> NewKey:
    key_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(10))
    secret = secrets.token_urlsafe(32)
    return NewKey(key_id, f"pare_{key_id}_{secret}", digest(secret), secret[-4:])


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class _Cache:
    """The least recently used principals by digest of the whole key; entries age out after CACHE_SECONDS."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> Principal | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry[0] < time.monotonic():
                self._entries.pop(key, None)
                return None
            self._entries.move_to_end(key)
            return entry[1]

    def put(self, key: bytes, principal: Principal) -> None:
        with self._lock:
            self._entries[key] = (time.monotonic() + CACHE_SECONDS, principal)
            while len(self._entries) > CACHE_SIZE:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


known = _Cache()


def authenticate(text: str) -> Principal | None:
    """The principal of a live key; None, all alike, for one malformed, unknown, wrong, expired or revoked."""
    match = SHAPE.fullmatch(text)
    if match is None:
        return None
    whole = digest(text)
    if principal := known.get(whole):
        return principal
    principal = _look_up(match[1], match[2])
    if principal is not None:
        known.put(whole, principal)
    return principal


def _look_up(key_id: str, secret: str) -> Principal | None:
    key = ApiKey.objects.live().select_related("team", "membership").filter(key_id=key_id, team__closed_at=None).first()
    # Compared even when there is no such key, so that the time taken says nothing.
    right = hmac.compare_digest(digest(secret), bytes(key.secret_digest) if key else bytes(32))
    if key is None or not right:
        return None
    _note_use(key)
    role = Role(key.membership.role) if key.membership else None
    scopes = frozenset(Scope(scope) for scope in key.scopes)
    return Principal(
        team_id=key.team_id,
        team_slug=key.team.slug,
        scopes=scopes & scopes_of(role) if role else scopes,
        key_id=key.pk,
        key_name=key.name,
        user_id=key.membership.user_id if key.membership else None,
        membership_id=key.membership_id,
        role=role,
    )


def _note_use(key: ApiKey) -> None:
    """Writes the time of last use, at most once a minute for one key over all processes."""
    try:
        is_first = cache.add(f"key-used:{key.pk}", 1, timeout=int(LAST_USED_EVERY.total_seconds()))
    except RedisError:  # a key must open without Redis, too
        return
    if is_first:
        now = timezone.now()
        stale = models.Q(last_used_at=None) | models.Q(last_used_at__lt=now)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
