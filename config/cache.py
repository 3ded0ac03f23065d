"""The cache as a convenience: while Redis is away it remembers nothing, and pages go on."""

import logging
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = logging.getLogger(__name__)


class ForgetfulRedisCache(RedisCache):
    """`get` finds nothing and `set` is lost when Redis does not answer.

    `add` and `incr`, by which callers count and take turns, and `delete`, by which a session ends, raise RedisError as
    ever: each caller knows what is safe then.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as error:
            log.warning("The cache does not answer: %s", error)
            return default

    def set(self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            log.warning("The cache does not answer: %s", error)
