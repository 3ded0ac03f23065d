"""What a load balancer and an operator ask."""

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db(transaction=True)


def ask() -> tuple[int, dict[str, str], bytes]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()["checks"], answer.content


def test_ready_when_everything_is_there() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "broker": "ok"}}


def test_alive_needs_nothing(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-cache" in answer.headers["Cache-Control"]


def test_a_lost_broker_is_named_and_nothing_else_is_told(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://:hidden-word@127.0.0.1:1/0"
    status, checks, content = ask()
    assert (status, checks) == (503, {"database": "ok", "migrations": "ok", "broker": "failed"})
    assert b"hidden-word" not in content and b"127.0.0.1" not in content


def test_a_lost_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere-at-all")
    status, checks, content = ask()
    assert (status, checks) == (503, {"database": "failed", "migrations": "failed", "broker": "ok"})
    assert b"nowhere" not in content


def test_a_missing_migration_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts' RETURNING app, name, applied")
        rows = cursor.fetchall()
    try:
        status, checks, _ = ask()
    finally:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", rows)
    assert rows
    assert (status, checks) == (503, {"database": "ok", "migrations": "failed", "broker": "ok"})


def test_only_reading_is_answered() -> None:
    assert Client().post("/readyz").status_code == 405
