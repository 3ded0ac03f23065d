"""Who holds a repository's row and who holds the team's do not wait for each other in a circle."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts import audit
from billing.services import change_plan
from repos import pauses, services
from repos.models import Repository
from tests.conftest import Cast

WAIT_SECONDS = 20.0
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def wait_until_somebody_waits() -> None:
    ends_at = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends_at:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.02)
    raise AssertionError("Nobody waits for a lock.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["slice", "settle", "unlink"])
def test_an_entry_can_be_noted_while_somebody_with_the_team_waits_for_the_row(
    cast: Cast, indexed: Repository, act: str
) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    if act == "settle":
        Repository.objects.filter(pk=indexed.pk).update(paused_at=indexed.created_at)
    acts: dict[str, Callable[[], object]] = {
        "slice": lambda: services.serve_slice(repository=indexed, actor=cast.mei, task="cart", budget=500),
        "settle": lambda: pauses.settle(cast.acme),
        "unlink": lambda: services.unlink_repository(repository=indexed, actor=cast.olga),
    }

    def run() -> None:
        try:
            acts[act]()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():  # as `request_index`: first the repository's row, then an entry of the team
            Repository.objects.select_for_update().get(pk=indexed.pk)
            other = pool.submit(run)
            wait_until_somebody_waits()
            audit.record(team=cast.acme, actor=cast.olga, action="test.noted")
        other.result(WAIT_SECONDS)
