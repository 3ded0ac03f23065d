"""A GET changes nothing: no row of ours is written by looking at any page or asking any address of the API."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.access_world import World
from tests.conftest import Cast
from tests.test_access_matrix import API, PAGES, Row, address, ask_api, ask_page

# Who is here, and from where: written by the log-in library on each request of a session.
LOG_IN = 'UPDATE "accounts_user" SET "last_login"'
OF_SESSIONS = {"usersessions_usersession", "django_session"}
WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\s+(?:TABLE\s+)?"?(\w+)"?', re.IGNORECASE)


def written(capture: CaptureQueriesContext) -> list[str]:
    statements = [query["sql"] for query in capture.captured_queries if LOG_IN not in query["sql"]]
    tables = [match[1] for statement in statements if (match := WRITES.match(statement))]
    return [table for table in tables if table not in OF_SESSIONS]


@pytest.mark.parametrize("row", [row for row in (*PAGES, *API) if row.method == "GET"], ids=str)
def test_it_only_reads(row: Row, cast: Cast, tmp_path: Path, settings: Any) -> None:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True
    world = World(cast, tmp_path)
    place = address(world, row, cast.acme)
    ask = ask_api if "scope" in row.expected else ask_page
    with CaptureQueriesContext(connection) as capture:
        answer = ask(world, row, "owner", place)
    assert answer.status_code < 500
    assert written(capture) == []


def test_the_test_sees_writes(cast: Cast, tmp_path: Path, settings: Any) -> None:
    world = World(cast, tmp_path)
    row = next(row for row in PAGES if row.route == "team_rename")
    with CaptureQueriesContext(connection) as capture:
        ask_page(world, row, "owner", address(world, row, cast.acme))
    assert "accounts_team" in written(capture)
