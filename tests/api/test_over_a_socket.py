"""The API as agents meet it: real bytes on a real socket to the real web server."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.models import Team
from accounts.roles import Scope
from repos import services as repos
from tests.conftest import make_cast
from tests.engine.git_server import make_repository
from tests.factories import make_api_key
from tests.live import LivePare
from tests.usage.builders import body_of, make_event

EVENTS = "/api/v1/usage/events"
TIMEOUT = 30


@pytest.fixture
def acme(live_pare: LivePare) -> Team:
    return make_cast().acme


@pytest.fixture
def key(acme: Team) -> str:
    return make_api_key(acme)[1]


@pytest.fixture
def slices(live_pare: LivePare, acme: Team, tmp_path: Path, settings: Any) -> str:
    """The address of slices of a repository that is linked, and indexed by the worker."""
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True
    make_repository(tmp_path / "shop", {"cart.py": "def total(prices):\n    return sum(prices)\n"})
    repository = repos.link_repository(team=acme, url=str(tmp_path / "shop"), actor=None)
    live_pare.worker.drain()
    return f"/api/v1/repositories/{repository.public_id}/slices"


def send(
    pare: LivePare, path: str, body: Any, key: str = "", **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    """Status, JSON and headers of the answer. A body that is an iterator goes out in chunks, without a length."""
    connection = http.client.HTTPConnection(urlsplit(pare.url).netloc, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers}
    try:
        connection.request("POST", path, body, headers, encode_chunked=not isinstance(body, bytes))
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else None, response.headers
    finally:
        connection.close()


def in_chunks(body: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def is_alive(pare: LivePare, key: str) -> bool:
    return send(pare, EVENTS, body_of([make_event()]), key)[0] == 200


def code(answer: tuple[int, Any, object]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def test_a_slice_with_a_key(live_pare: LivePare, slices: str, key: str) -> None:
    status, answer, _ = send(live_pare, slices, b'{"task": "total of the cart", "budget": 500}', key)
    assert status == 200, answer
    assert "def total(prices)" in answer["text"]
    assert answer["files"][0]["path"] == "cart.py"
    assert 0 < answer["tokens"] <= answer["budget"] == 500
    assert len(answer["commit"]) == 40


def test_usage_with_a_key(live_pare: LivePare, key: str) -> None:
    body = body_of([make_event(), make_event()])
    assert send(live_pare, EVENTS, body, key)[:2] == (
        200,
        {"accepted": 2, "updated": 0, "duplicates": 0, "errors": []},
    )
    assert send(live_pare, EVENTS, body, key)[1]["duplicates"] == 2


def test_a_body_in_chunks_without_a_length(live_pare: LivePare, slices: str, key: str) -> None:
    status, receipt, _ = send(live_pare, EVENTS, in_chunks(body_of([make_event() for _ in range(50)])), key)
    assert (status, receipt["accepted"]) == (200, 50)
    status, answer, _ = send(live_pare, slices, in_chunks(b'{"task": "total", "budget": 500}', 1), key)
    assert (status, answer["budget"]) == (200, 500)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long(live_pare: LivePare, slices: str, key: str, chunked: bool) -> None:
    for path, limit in ((slices, 1 << 20), (EVENTS, 4 << 20)):
        body = b'{"task": "' + b"a" * limit + b'"}'
        answer = send(live_pare, path, in_chunks(body, 64 * 1024) if chunked else body, key)
        assert code(answer) == (413, "body_too_large")
    assert is_alive(live_pare, key)


def test_a_length_beyond_the_cap_is_refused_before_the_body_comes(live_pare: LivePare, key: str) -> None:
    announced = str(10**12)
    head = f"POST {EVENTS} HTTP/1.1\r\nHost: pare\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    answer = raw(live_pare, f"{head}Content-Length: {announced}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"body_too_large" in answer


@pytest.mark.parametrize(
    "body", [b"{", b"", b"[" * 100_000, b'{"task": "\xff\xfe"}', b"\x00", b'{"task": NaN}', b"\xef\xbb\xbf{}"]
)
def test_bytes_that_are_no_json(live_pare: LivePare, slices: str, key: str, body: bytes) -> None:
    for path in (slices, EVENTS):
        status, answer, _ = send(live_pare, path, body, key)
        assert status == 400
        assert answer["error"]["code"] in {"bad_body", "invalid"}
    assert is_alive(live_pare, key)


def test_a_nul_in_a_text_is_no_fault_of_ours(live_pare: LivePare, slices: str, key: str) -> None:
    assert send(live_pare, slices, b'{"task": "a\\u0000b", "budget": 500}', key)[0] in {200, 400}
    assert send(live_pare, EVENTS, body_of([make_event(model="a\0b")]), key)[0] in {200, 400}


def test_keys_that_do_not_open(live_pare: LivePare, acme: Team, slices: str, key: str) -> None:
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    for path in (slices, EVENTS):
        for bad in (wrong, "", "pare_", key + " " + key, "x" * 5000):
            status, answer, headers = send(live_pare, path, b"{}", bad)
            assert (status, answer["error"]["code"]) == (401, "invalid_key"), bad
            assert headers["WWW-Authenticate"].startswith("Bearer")
        for scheme in (f"Basic {key}", f"Token {key}", key):
            assert code(send(live_pare, path, b"{}", Authorization=scheme)) == (401, "not_authenticated")
        assert code(send(live_pare, f"{path}?key={key}", b"{}", Authorization="")) == (401, "not_authenticated")


def test_the_scheme_may_be_written_in_any_case(live_pare: LivePare, key: str) -> None:
    assert send(live_pare, EVENTS, body_of([make_event()]), Authorization=f"bearer {key}")[0] == 200


def test_a_key_without_the_scope(live_pare: LivePare, acme: Team, slices: str) -> None:
    _, reader = make_api_key(acme, scopes=[Scope.CONTEXT_READ])
    _, writer = make_api_key(acme, scopes=[Scope.USAGE_WRITE])
    assert code(send(live_pare, EVENTS, body_of([make_event()]), reader)) == (403, "scope_missing")
    assert code(send(live_pare, slices, b'{"task": "total"}', writer)) == (403, "scope_missing")


def test_another_teams_key(live_pare: LivePare, acme: Team, slices: str) -> None:
    rival = Team.objects.get(slug="rival")
    _, text = make_api_key(rival)
    foreign = send(live_pare, slices, b'{"task": "total"}', text)
    nowhere = send(
        live_pare,
        slices.replace(slices.split("/")[4], "0" * 8 + "-0000-4000-8000-" + "0" * 12),
        b'{"task": "total"}',
        text,
    )
    assert code(foreign) == code(nowhere) == (404, "not_found")
    assert foreign[1] == nowhere[1]


@pytest.mark.parametrize("size", [9_000, 70_000, 2_000_000])
def test_huge_headers_do_no_harm(live_pare: LivePare, key: str, size: int) -> None:
    head = (
        f"POST {EVENTS} HTTP/1.1\r\nHost: pare\r\nAuthorization: Bearer {'x' * size}\r\nContent-Length: 2\r\n\r\n{{}}"
    )
    answer = raw(live_pare, head.encode())
    assert answer == b"" or answer[9:12] in {b"401", b"400", b"413", b"431"}, answer[:200]
    assert is_alive(live_pare, key)


def test_a_body_that_breaks_off(live_pare: LivePare, key: str) -> None:
    head = f"POST {EVENTS} HTTP/1.1\r\nHost: pare\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    for rest in (
        "Content-Length: 1000\r\n\r\n{",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        with socket.create_connection(address_of(live_pare), timeout=TIMEOUT) as connection:
            connection.sendall((head + rest).encode())
    assert is_alive(live_pare, key)


def raw(pare: LivePare, request: bytes) -> bytes:
    """What comes back for these very bytes; empty when the server hung up."""
    with socket.create_connection(address_of(pare), timeout=TIMEOUT) as connection:
        try:
            connection.sendall(request)
            return connection.recv(65536)
        except ConnectionError:
            return b""


def address_of(pare: LivePare) -> tuple[str, int]:
    parts = urlsplit(pare.url)
    return str(parts.hostname), int(parts.port or 80)
