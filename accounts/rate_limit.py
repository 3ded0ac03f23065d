"""Requests a minute for one key or person, counted in Redis in one atomic step, so that bursts cannot slip through."""

import logging
from functools import cache
from time import time as clock
from typing import TYPE_CHECKING, Any

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.access import Principal
from config.errors import RateLimited

if TYPE_CHECKING:  # rest_framework.views imports the classes of this module by itself
    from rest_framework.views import APIView

log = logging.getLogger(__name__)
WINDOW_SECONDS = 60
# An agent must never hang on our counter.
TIMEOUT_SECONDS = 0.5


@cache
def counters() -> redis.Redis:
    """This process's pool of connections; apart from Django's cache, whose `incr` takes two round trips."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def seconds_to_wait(key: str, limit: int) -> int:
    """Counts one request; 0 while within the limit of this minute, else the seconds until the next begins.

    Lets the request through when Redis does not answer: a lost limit is better than a stopped agent.
    """
    now = clock()
    window = int(now // WINDOW_SECONDS)
    name = f"pare:rate:{key}:{window}"
    try:
        with counters().pipeline(transaction=False) as pipe:
            pipe.incr(name)
            pipe.expire(name, 2 * WINDOW_SECONDS)
            count: int = pipe.execute()[0]
    except redis.RedisError as error:
        log.warning("Rate limits are off while Redis does not answer: %s", error)
        return 0
    return 0 if count <= limit else int((window + 1) * WINDOW_SECONDS - now) + 1


def check(principal: Principal, *, hot: bool) -> None:
    """Raises RateLimited (429 with Retry-After) when the principal has used up this minute's requests."""
    limit = settings.PARE_HOT_RATE_PER_MINUTE if hot else settings.PARE_RATE_PER_MINUTE
    wait = seconds_to_wait(f"{'hot' if hot else 'all'}:{principal.rate_key()}", limit)
    if wait:
        raise RateLimited(headers={"Retry-After": str(wait)})


class PrincipalThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: "APIView") -> bool:
        if isinstance(request.auth, Principal):
            check(request.auth, hot=False)
        return True

    def wait(self) -> Any:
        return None
