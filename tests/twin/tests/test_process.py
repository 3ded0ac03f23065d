"""The twin as a process: its file, its port, its patience."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import stripe

from config.processes import die_with_parent, end_process, free_port
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

ROOT = Path(__file__).resolve().parents[3]

@contextmanager
def own_twin(*options: str, port: int | None = None) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A twin for this test alone."""
    url = f"http://127.0.0.1:{port or free_port()}"
    command = [sys.executable, "-m", "tests.twin", "--port", str(urlsplit(url).port), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield url, process
    finally:
        end_process(process, signal.SIGTERM, 5)
        assert process.stdout is not None
        process.stdout.close()


def test_its_world_outlives_it_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "twin.json"
    with own_twin("--state", str(file)) as (url, _):
        made = sdk(url).v1.customers.create({"name": "a"}, {"idempotency_key": "k"}).id
        TwinClient(url).advance(days=3)
        late = sdk(url).v1.customers.create({"name": "b"}, {"idempotency_key": "late"}).id
    with own_twin("--state", str(file)) as (url, process):
        assert sdk(url).v1.customers.retrieve(made).name == "a"
        assert sdk(url).v1.customers.create({"name": "b"}, {"idempotency_key": "late"}).id == late
        assert TwinClient(url).now() - time.time() > 2.9 * 86_400
        third = sdk(url).v1.customers.create({"name": "c"}).id
        deadline = time.monotonic() + 10
        while third not in file.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
        process.wait()
    with own_twin("--state", str(file)) as (url, _):
        assert sdk(url).v1.customers.retrieve(third).name == "c", "saved before it was killed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["twin.json"]


def test_a_new_run_has_its_own_secret_and_address_for_webhooks(tmp_path: Path) -> None:
    """The next run may stand on another port and share another secret with the product."""
    file = str(tmp_path / "twin.json")
    with own_twin("--state", file, "--webhook", "http://127.0.0.1:1/a", "--webhook-secret", "whsec_1") as (url, _):
        sdk(url).v1.webhook_endpoints.create({"url": "http://127.0.0.1:1/own", "enabled_events": ["customer.created"]})
    with own_twin("--state", file, "--webhook", "http://127.0.0.1:1/b", "--webhook-secret", "whsec_2") as (url, _):
        twin = TwinClient(url)
        twin.chaos(hold=True)
        sdk(url).v1.customers.create({"name": "a"})
        letters = twin.letters()
        assert sorted(letter["url"] for letter in letters) == ["http://127.0.0.1:1/b", "http://127.0.0.1:1/own"]
        for letter in letters:
            stripe.Webhook.construct_event(letter["payload"], letter["signature"], "whsec_2")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tables": {}}'])
def test_a_file_that_is_no_world_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "twin.json"
    file.write_text(text)
    command = [sys.executable, "-m", "tests.twin", "--port", str(free_port()), "--state", str(file)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 1 and "holds no world of the twin" in answer.stderr
    assert file.read_text() == text


def test_it_listens_on_loopback_only(bare_twin: TwinClient) -> None:
    port = urlsplit(bare_twin.url).port
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)} - {"127.0.0.1"}
    for address in [*others, "127.0.0.2"]:
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((str(address), port)) != 0


def test_a_client_that_is_slow_to_send_holds_nobody_up(bare_twin: TwinClient) -> None:
    with socket.create_connection(("127.0.0.1", int(urlsplit(bare_twin.url).port or 0))) as slow:
        slow.sendall(b"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail=")
        with urllib.request.urlopen(f"{bare_twin.url}/_twin/state", timeout=10) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("sent", [b"POST /v1/cust", b"POST /v1/events HTTP/1.1\r\nContent-Length: 9\r\n\r\nemail="])
def test_a_client_that_sends_no_more_is_hung_up_on(sent: bytes) -> None:
    with own_twin("--patience", "0.3") as (url, _):
        slow = socket.create_connection(("127.0.0.1", int(urlsplit(url).port or 0)), timeout=20)
        slow.sendall(sent)
        assert slow.recv(1000) == b""
        slow.close()
