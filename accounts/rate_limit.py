"""Requests a minute for one key or person, counted in Redis in one atomic step, so that bursts cannot slip through."""

import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.access import Principal
from config.errors import RateLimited

if TYPE_CHECKING:  # rest_framework.views imports the classes of this module by itself
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


def seconds_to_wait(key: str, limit: int) -> int:
    """Counts one request; 0 while within the limit of this minute, else the seconds until the next begins."""
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    name = f"rate:{key}:{window}"
    cache.add(name, 0, timeout=2 * WINDOW_SECONDS)
    try:
        count = cache.incr(name)
    except ValueError:  # the key fell out between the two steps: the window is over
        return 0
    return 0 if count <= limit else max(1, int((window + 1) * WINDOW_SECONDS - now) + 1)


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
