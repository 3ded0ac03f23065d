"""Pytest plugin (`-p tests.twin.fixtures`): one twin process for the run, emptied before each test that uses it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command, get_commands

from config.processes import die_with_parent, end_process
from tests.twin.client import WEBHOOK, TwinClient

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT = 30.0
REPORT = pytest.StashKey[list[str]]()  # lines to print at the end of the run


@pytest.fixture(scope="session")
def twin_process() -> Iterator[str]:
    """The twin where STRIPE_API_BASE says, as a process of its own; yields that address."""
    url = os.environ["STRIPE_API_BASE"]
    log = settings.DATA / "logs" / "twin.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    secret = os.environ["STRIPE_WEBHOOK_SECRET"]
    command = ["-m", "tests.twin", "--port", str(urlsplit(url).port), "--webhook-secret", secret]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    deadline = time.monotonic() + START_TIMEOUT
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            end_process(process, signal.SIGTERM, 1)
            raise RuntimeError(f"The twin did not start.\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")
        time.sleep(0.05)
    yield url
    end_process(process, signal.SIGTERM, 5)


@pytest.fixture
def bare_twin(twin_process: str) -> Iterator[TwinClient]:
    """An empty account without products and without webhook endpoint.

    After the test: the twin itself must not have failed, and unless the test expected it, no request may have broken
    the contract (unknown address, unknown or mistyped parameter) or gone where the twin has nothing.
    """
    client = TwinClient(twin_process)
    client.reset()
    yield client
    assert client.crashes() == []
    if not client.expects_refusals:
        refused = [call for call in client.calls() if {"refused", "unknown", "not implemented"} & set(call)]
        assert refused == [], "These requests broke Stripe's contract."


@pytest.fixture
def twin(bare_twin: TwinClient, db: None) -> TwinClient:
    """An account as `manage.py stripe_setup` leaves it; its webhooks are held until `deliver_to` or `release`."""
    bare_twin.reset(webhook=settings.SITE_ROOT + WEBHOOK)
    bare_twin.chaos(hold=True)
    if "stripe_setup" in get_commands():
        call_command("stripe_setup", verbosity=0)
    return bare_twin


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(REPORT, []):
        terminalreporter.write_line(line)


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/_twin/state", timeout=5) as response:
        return bool(response.status == 200)
    return False
