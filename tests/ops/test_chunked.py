"""Bodies without a length, over a real socket, through granian and the gateway."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from config.processes import end_process, free_port
from tests.live import ROOT, start_child
from tests.ops.echo import MAX_BODY

CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    options = ["--interface", "wsgi", "--http", "1", "--no-ws", "--port", str(number), "--blocking-threads", "4"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    log: Path = tmp_path_factory.mktemp("echo") / "log"
    child = start_child("echo", ["granian", *options, "tests.ops.echo:application"], environment, log)
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", number), 1):
            break
        assert child.process.poll() is None, child.tail()
        time.sleep(0.1)
    yield number
    end_process(child.process, signal.SIGTERM, 10)


def send(port: int, pieces: Iterable[bytes], *, header: str = CHUNKED, method: str = "POST") -> tuple[int, Any]:
    """Send the pieces one after the other and return the status and the JSON of the answer."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(f"{method} / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{header}\r\n\r\n".encode())
        with suppress(BrokenPipeError, ConnectionResetError):  # a refusal may come before the end of the body
            for piece in pieces:
                connection.sendall(piece)
        answer = b""
        with suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def send_until_taken(port: int, data: bytes) -> tuple[int, Any]:
    """The answer once a place to receive in is free again: a sender that went away gives its own back in a moment."""
    for _ in range(100):
        status, seen = send(port, [chunk(data), b"0\r\n\r\n"])
        if status != 503:
            break
        time.sleep(0.05)
    return status, seen


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_a_chunked_body_arrives_whole_and_with_its_length(port: int) -> None:
    status, seen = send(port, [chunk(b"hello"), chunk(b" world"), b"0\r\n\r\n"])
    assert (status, seen["length"], seen["got"], seen["head"]) == (200, 11, 11, "hello world")


def test_a_slow_sender_is_waited_for(port: int) -> None:
    def slowly() -> Iterator[bytes]:
        for letter in b"slow but sure":
            yield chunk(bytes([letter]))
            time.sleep(0.02)
        yield b"0\r\n\r\n"

    status, seen = send(port, slowly())
    assert (status, seen["head"]) == (200, "slow but sure")


def test_a_body_larger_than_memory_holds_is_whole(port: int) -> None:
    data = bytes(range(256)) * 6000  # 1.5 MB: kept on disk by the gateway
    pieces = [chunk(data[start : start + 50_001]) for start in range(0, len(data), 50_001)]
    status, seen = send(port, [*pieces, b"0\r\n\r\n"])
    assert (status, seen["got"], seen["sum"]) == (200, len(data), sum(data))


def test_extensions_and_trailers_are_not_part_of_the_body(port: int) -> None:
    status, seen = send(port, [b"5;name=value\r\nhello\r\n", b"0\r\nX-Late: yes\r\n\r\n"])
    assert (status, seen["length"], seen["head"]) == (200, 5, "hello")


def test_a_known_length_goes_straight_through(port: int) -> None:
    status, seen = send(port, [b"hello"], header="Content-Length: 5")
    assert (status, seen["length"], seen["head"]) == (200, 5, "hello")


def test_no_body_is_an_empty_body(port: int) -> None:
    assert send(port, [], header="X-Nothing: here")[1]["got"] == 0
    assert send(port, [], header="X-Nothing: here", method="GET")[1]["got"] == 0


def test_a_chunked_body_over_the_cap_is_refused(port: int) -> None:
    pieces = [chunk(b"x" * 100_000)] * (MAX_BODY // 100_000 + 1)
    status, answer = send(port, [*pieces, b"0\r\n\r\n"])
    assert (status, answer["error"]["code"], answer["error"]["fields"]) == (413, "body_too_large", {})
    assert str(MAX_BODY) in answer["error"]["message"]


def test_a_body_just_under_the_cap_is_taken(port: int) -> None:
    pieces = [chunk(b"x" * 100_000)] * (MAX_BODY // 100_000)
    status, seen = send(port, [*pieces, b"0\r\n\r\n"])
    assert (status, seen["got"]) == (200, MAX_BODY)


def test_a_length_over_the_cap_is_refused_before_it_is_sent(port: int) -> None:
    status, answer = send(port, [], header=f"Content-Length: {MAX_BODY + 1}")
    assert (status, answer["error"]["code"]) == (413, "body_too_large")


def test_a_compressed_transfer_is_refused(port: int) -> None:
    status, answer = send(port, [chunk(b"hello"), b"0\r\n\r\n"], header="Transfer-Encoding: gzip, chunked")
    assert (status, answer["error"]["code"]) == (501, "unknown_transfer_coding")


def test_chunks_win_over_a_length_that_says_something_else(port: int) -> None:
    header = f"Content-Length: 3\r\n{CHUNKED}"
    status, seen = send(port, [chunk(b"hello"), b"0\r\n\r\n"], header=header)
    assert (status, seen["length"], seen["head"]) == (200, 5, "hello")


@pytest.mark.parametrize("garbage", [b"ZZ\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n", b"5\r\nhelloXX0\r\n\r\n"])
def test_a_malformed_chunk_brings_no_made_up_bytes(port: int, garbage: bytes) -> None:
    with suppress(IndexError, ValueError):  # granian may also just close the connection
        status, seen = send(port, [garbage])
        assert status == 400 or (status == 200 and b"hello".startswith(seen["head"].encode()))
    assert send_until_taken(port, b"still here")[1]["head"] == "still here"


def test_a_sender_that_goes_away_holds_nothing_up(port: int) -> None:
    for _ in range(8):  # twice the threads of the server
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(f"POST / HTTP/1.1\r\nHost: here\r\n{CHUNKED}\r\n\r\n5\r\nhel".encode())
    assert send_until_taken(port, b"still here")[1]["head"] == "still here"
