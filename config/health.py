"""`/healthz`: this process answers. `/readyz`: so do the things that it needs. Names only: no address, no secret."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

CHECK_TIMEOUT = 2  # seconds, for each connection and for each statement


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and broker are all there; else 503 with "failed" at the name of what is not."""
    checks = {"database": database_answers, "migrations": migrations_applied, "broker": broker_answers}
    passed = {name: _passes(check) for name, check in checks.items()}
    ready = all(passed.values())
    body = {
        "status": "ok" if ready else "unavailable",
        "checks": {name: "ok" if good else "failed" for name, good in passed.items()},
    }
    return JsonResponse(body, status=200 if ready else 503)


def _passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError):
        return False


def database_answers() -> bool:
    own = _own_connection()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    finally:
        own.close()


def migrations_applied() -> bool:
    own = _own_connection()
    try:
        executor = MigrationExecutor(own)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        own.close()


def broker_answers() -> bool:
    with redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_timeout=CHECK_TIMEOUT, socket_connect_timeout=CHECK_TIMEOUT
    ) as client:
        return bool(client.ping())


def _own_connection() -> BaseDatabaseWrapper:
    """A connection with short limits: the shared one may wait as long as a request needs."""
    own = connection.copy()
    limits = {"connect_timeout": CHECK_TIMEOUT, "options": f"-c statement_timeout={CHECK_TIMEOUT * 1000}"}
    own.settings_dict["OPTIONS"] = {**own.settings_dict["OPTIONS"], **limits}
    return own
