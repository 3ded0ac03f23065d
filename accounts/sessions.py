"""When a session was last used: noted, but not at every request."""

from hashlib import sha256

from allauth.usersessions.middleware import UserSessionsMiddleware
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from redis import RedisError

NOTE_EVERY_SECONDS = 60


class SessionActivity(UserSessionsMiddleware):  # type: ignore[misc]
    """Keeps the list of sessions true to the minute: a page that polls costs no more SQL than one that is read."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_due(request):
            answer: HttpResponseBase = super().__call__(request)
            return answer
        return self.get_response(request)  # type: ignore[no-any-return]


def is_due(request: HttpRequest) -> bool:
    """True once a minute for one session, over all processes. The cache learns a digest, never the session's key."""
    key = request.session.session_key
    if not key:
        return False
    try:
        return bool(cache.add(f"session-seen:{sha256(key.encode()).hexdigest()}", 1, NOTE_EVERY_SECONDS))
    except RedisError:  # a page must open without Redis, too
        return False
