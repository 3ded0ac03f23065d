"""The log: a refusal is one line, a fault keeps its traceback."""

import logging
import sys

import pytest

from config.logs import ADVICE, is_news, without_trace
from tests.conftest import Cast


def record(message: str, **more: object) -> logging.LogRecord:
    try:
        raise ValueError("why")
    except ValueError:
        found = logging.LogRecord("django.request", logging.WARNING, "", 1, message, None, sys.exc_info())
    for name, value in more.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(("status", "kept"), [(400, False), (403, False), (500, True), (None, True)])
def test_only_faults_keep_their_traceback(status: int | None, kept: bool) -> None:
    line = record("Forbidden", **({} if status is None else {"status_code": status}))
    assert without_trace(line) is True
    assert (line.exc_info is not None) == kept


def test_a_page_that_a_role_may_not_open_is_one_line(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(without_trace)
    try:
        assert cast.client(cast.mei).get("/t/acme/billing/").status_code == 403
    finally:
        caplog.handler.removeFilter(without_trace)
    assert "/t/acme/billing/" in caplog.text and "Traceback" not in caplog.text


def test_the_advice_of_the_web_server_is_left_out() -> None:
    assert not is_news(record(f"{ADVICE} 16 Python threads, which seems quite high"))
    assert is_news(record("Listening at: http://127.0.0.1:8000"))
