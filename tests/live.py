"""Pytest plugin (`-p tests.live`): the real worker and the real web server, as processes, on the test database.

`celery_worker` makes one Celery worker take this test's tasks; `live_pare` adds granian, and yields where it answers.
Both give the test real transactions (`transactional_db`). The processes start once a run; between tests the worker
takes no tasks, so that a test that does not ask for it keeps its queue to itself.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config.celery import app
from config.processes import die_with_parent, end_process, free_port

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 60.0
PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")  # how the broker names the lists of one queue


@dataclass(frozen=True)
class Child:
    """A process of the tests with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


@dataclass(frozen=True)
class Worker:
    """The Celery worker of this run."""

    child: Child
    hostname: str

    def take_tasks(self) -> None:
        """Drop what earlier tests left in the queue, then take tasks from it."""
        app.control.purge()
        self._control("add_consumer", queue=settings.CELERY_TASK_DEFAULT_QUEUE)

    def rest(self, timeout: float = 60) -> None:
        """Wait until every task, and every task that it enqueued, is done; then take no more."""
        self.drain(timeout)
        self._control("cancel_consumer", queue=settings.CELERY_TASK_DEFAULT_QUEUE)

    def drain(self, timeout: float = 60) -> None:
        """Wait until nothing is queued or running. Tasks with a countdown or a retry still ahead do not count."""
        deadline = time.monotonic() + timeout
        while not self._is_quiet():
            if time.monotonic() > deadline:
                raise TimeoutError(f"The worker was still busy after {timeout} s.\n{self.child.tail()}")
            time.sleep(0.05)

    def _is_quiet(self) -> bool:
        # In this order: a task that ends may leave another in the queue, and one that leaves the queue runs or has run.
        begun = self._begun()
        if begun is None or self._running() or self._waiting() or self._running():
            return False
        return begun == self._begun()

    def _waiting(self) -> int:
        with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
            lists = (f"{settings.CELERY_TASK_DEFAULT_QUEUE}{suffix}" for suffix in PRIORITIES)
            return sum(int(broker.llen(name)) for name in lists)

    def _begun(self) -> int | None:
        """Tasks that the worker has begun since its start; None: it did not answer."""
        answer = app.control.inspect([self.hostname], timeout=5).stats() or {}
        return sum(answer[self.hostname]["total"].values()) if self.hostname in answer else None

    def _running(self) -> bool:
        inspect = app.control.inspect([self.hostname], timeout=5)
        return any(answer is None or answer.get(self.hostname) for answer in (inspect.active(), inspect.reserved()))

    def _control(self, command: str, **arguments: str) -> None:
        answer = app.control.broadcast(
            command, arguments=arguments, destination=[self.hostname], reply=True, timeout=10, limit=1
        )
        if not answer:
            raise TimeoutError(f"The worker did not answer {command}.\n{self.child.tail()}")


@dataclass(frozen=True)
class LivePare:
    """A running Pare: `url` has no slash at its end; `mail` is the folder that holds every mail as an .eml file."""

    url: str
    mail: Path
    worker: Worker


def database_url() -> str:
    """DATABASE_URL, but of the test database that pytest-django made."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def child_environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PARE_ALLOW_LOCAL_REPOSITORIES": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def start_child(name: str, command: list[str], environment: dict[str, str], log: Path) -> Child:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    return Child(name, process, log)


CHILDREN: list[Child] = []


@pytest.fixture(scope="session")
def web_url() -> str:
    """Where the web server of this run answers. The worker must know it too: its mails hold links."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="session")
def worker_process(django_db_setup: None, web_url: str) -> Iterator[Worker]:
    """One Celery worker with two processes, up and answering, taking no tasks yet."""
    hostname = f"test-{os.getpid()}@localhost"
    idle = f"idle-{os.getpid()}"
    options = [
        "-n",
        hostname,
        "-Q",
        idle,
        "-c",
        "2",
        "--pool",
        "prefork",
        "-l",
        "INFO",
        "--without-mingle",
        "--without-gossip",
    ]
    log = settings.DATA / "logs" / "worker.log"
    child = start_child(
        "worker", ["celery", "-A", "config", "worker", *options], child_environment(SITE_ROOT=web_url), log
    )
    CHILDREN.append(child)
    deadline = time.monotonic() + START_TIMEOUT
    while not app.control.ping([hostname], timeout=0.5):
        if child.process.poll() is not None or time.monotonic() > deadline:
            end_process(child.process, signal.SIGTERM, 1)
            raise RuntimeError(f"The Celery worker did not start.\n{child.tail()}")
    yield Worker(child, hostname)
    end_process(child.process, signal.SIGTERM, 15)


@pytest.fixture
def celery_worker(transactional_db: None, worker_process: Worker) -> Iterator[Worker]:
    """The real worker takes the tasks of this test; at the end it is waited for before the tables are emptied."""
    worker_process.take_tasks()
    yield worker_process
    worker_process.rest()


@pytest.fixture(scope="session")
def web_process(django_db_setup: None, web_url: str) -> Iterator[str]:
    """granian on a free port, on the test database; yields its base URL."""
    options = [
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(urlsplit(web_url).port),
        "--workers",
        "1",
        "--blocking-threads",
        "4",
    ]
    options += ["--static-path-mount", str(settings.STATIC_ROOT)]
    call_command("collectstatic", interactive=False, verbosity=0)
    environment = child_environment(SITE_ROOT=web_url)
    log = settings.DATA / "logs" / "web.log"
    child = start_child("web", ["granian", *options, "config.wsgi:application"], environment, log)
    CHILDREN.append(child)
    deadline = time.monotonic() + START_TIMEOUT
    while not _answers(f"{web_url}/healthz"):
        if child.process.poll() is not None or time.monotonic() > deadline:
            end_process(child.process, signal.SIGTERM, 1)
            raise RuntimeError(f"The web server did not start.\n{child.tail()}")
        time.sleep(0.1)
    yield web_url
    end_process(child.process, signal.SIGTERM, 10)


@pytest.fixture
def live_pare(celery_worker: Worker, web_process: str) -> LivePare:
    """The whole product running: web server, worker, PostgreSQL and Valkey, on this test's (empty) database."""
    for old in settings.PARE_MAIL.glob("*.eml"):
        old.unlink()
    return LivePare(web_process, settings.PARE_MAIL, celery_worker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and {"worker_process", "web_process"} & set(getattr(item, "fixturenames", ())):
        for child in CHILDREN:
            report.sections.append((f"log of {child.name}", child.tail()))
    return report


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as response:
        return bool(response.status == 200)
    return False
