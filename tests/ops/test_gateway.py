"""Places to receive bodies in: only so many senders may hold threads, and everything else is still answered."""

import io
import json
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from config.gateway import BodyGateway

READERS = 2


class NeverEnding(io.BytesIO):
    """A body whose sender has stopped sending, until `go_on` is set."""

    def __init__(self) -> None:
        super().__init__(b"hello")
        self.reading, self.go_on = threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.reading.set()
        assert self.go_on.wait(30)
        return super().read(size)


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def ask(gateway: BodyGateway, body: io.BytesIO | None = None, **more: str) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers and body of the answer."""
    seen: list[Any] = []
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST" if body else "GET", "wsgi.input": body or io.BytesIO(), **more}
    answer = gateway(environ, lambda status, headers: seen.extend([status, dict(headers)]))  # type: ignore[arg-type]
    environ["wsgi.input"].close()
    return seen[0], seen[1], b"".join(answer)


@pytest.fixture
def gateway() -> BodyGateway:
    return BodyGateway(echo, max_body=1000, readers=READERS)


@pytest.mark.parametrize("length", [{"CONTENT_LENGTH": "5"}, {"HTTP_TRANSFER_ENCODING": "chunked"}], ids=str)
def test_senders_that_never_end_leave_the_rest_served(gateway: BodyGateway, length: dict[str, str]) -> None:
    more = {**length, "wsgi.input_terminated": "yes"}
    bodies = [NeverEnding() for _ in range(READERS)]
    answers: list[tuple[str, dict[str, str], bytes]] = []
    threads = [threading.Thread(target=lambda body=body: answers.append(ask(gateway, body, **more))) for body in bodies]
    for thread in threads:
        thread.start()
    assert all(body.reading.wait(30) for body in bodies)

    status, headers, answer = ask(gateway, io.BytesIO(b"hello"), **more)
    assert (status[:3], headers["Retry-After"]) == ("503", "5")
    assert json.loads(answer)["error"]["code"] == "busy"
    assert ask(gateway)[0] == "200 OK"

    for body in bodies:
        body.go_on.set()
    for thread in threads:
        thread.join(30)
    assert [(status, answer) for status, _, answer in answers] == [("200 OK", b"hello")] * READERS
    assert ask(gateway, io.BytesIO(b"hello"), **more)[0] == "200 OK"


def test_a_refused_body_gives_its_place_back(gateway: BodyGateway) -> None:
    for _ in range(2 * READERS):
        status, _, _ = ask(
            gateway, io.BytesIO(b"x" * 2000), HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": "yes"}
        )
        assert status[:3] == "413"
    assert ask(gateway, io.BytesIO(b"hello"), CONTENT_LENGTH="5")[0] == "200 OK"


def test_a_body_that_ends_early_is_not_taken_for_a_whole_one(gateway: BodyGateway) -> None:
    status, _, answer = ask(gateway, io.BytesIO(b"hello"), CONTENT_LENGTH="50")
    assert status[:3] == "400"
    assert json.loads(answer)["error"]["code"] == "bad_length"
