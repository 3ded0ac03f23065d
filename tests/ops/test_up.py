"""`manage.py up` for real: its own data folder, a free port, an embedded PostgreSQL and Valkey."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.logs import ADVICE
from config.processes import free_port
from tests.live import ROOT
from tests.ops.test_supervisor import alive

PATIENCE = 240.0
CHOSEN = {"DATABASE_URL", "REDIS_URL", "SITE_ROOT", "SECRET_KEY", "PARE_QUEUE", "DJANGO_SETTINGS_MODULE"}


class Up:
    """One `manage.py up` and everything it says."""

    def __init__(self, data: Path, port: int):
        self.data, self.url, self.lines = data, f"http://127.0.0.1:{port}", list[str]()
        environment = {name: value for name, value in os.environ.items() if name not in CHOSEN}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env={**environment, "PARE_DATA": str(data), "PARE_WEB_WORKERS": "1", "PARE_WORKER_PROCESSES": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.lines.extend(line.rstrip("\n") for line in lines)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "\n".join(self.lines[-60:])
            time.sleep(0.1)

    def wait_until_up(self) -> "Up":
        self.until(lambda: f"Pare is up: {self.url}" in self.lines or self.process.poll() is not None)
        assert self.process.poll() is None, "\n".join(self.lines)
        return self

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)  # type: ignore[no-any-return]

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.reader.join(10)
        return code


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "data"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture
def start(data: Path, port: int) -> Iterator[Callable[[], Up]]:
    started: list[Up] = []

    def begin() -> Up:
        started.append(Up(data, port))
        return started[-1]

    yield begin
    for up in started:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)


def run_to_its_end(data: Path, port: int, **environment: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if name not in CHOSEN}
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", str(port)],
        cwd=ROOT,
        env={**kept, "PARE_DATA": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_comes_up_says_so_and_ends_every_child(start: Callable[[], Up], data: Path) -> None:
    up = start().wait_until_up()
    with urllib.request.urlopen(f"{up.url}/readyz", timeout=30) as answer:
        assert json.load(answer)["checks"] == {"database": "ok", "migrations": "ok", "broker": "ok"}
    up.until(lambda: {"setup", "web", "worker"} <= {line.split(" ")[0] for line in up.lines})
    assert not any(ADVICE in line for line in up.lines)
    children = up.descendants()
    assert {"postgres", "valkey-server"} <= {child.name() for child in children}
    assert any("beat" in child.cmdline() for child in children)
    with psycopg.connect(recorded(data)["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'still here' AS word")
    assert up.end(signal.SIGTERM) == 0
    up.until(lambda: not any(alive(child.pid) for child in children))
    assert not (data / "running.json").exists()


def test_a_second_start_keeps_the_data_and_survives_a_kill(start: Callable[[], Up], data: Path, port: int) -> None:
    up = start().wait_until_up()
    with psycopg.connect(recorded(data)["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("still here",)

    code, said = run_to_its_end(data, free_port())
    assert code == 1 and f"Pare already runs on {data} (process {up.process.pid})." in said

    worker = next(child for child in up.descendants() if "worker" in child.cmdline())
    worker.kill()
    up.until(lambda: any("worker | ended (killed by SIGKILL); starting it again" in line for line in up.lines))
    up.until(lambda: sum("ready." in line for line in up.lines) == 2)  # one that is at work clings to its broker

    children = up.descendants()
    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    up.until(lambda: not any(alive(child.pid) for child in children))


def test_what_a_kill_left_behind_does_not_stop_the_next_start(start: Callable[[], Up], data: Path) -> None:
    (data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{data}/postgres\n1\n5432\n")
    (data / "postgres" / ".s.PGSQL.5432").touch()
    (data / "postgres" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{data}/postgres\n1\n5432\n\n")
    up = start().wait_until_up()
    assert up.end(signal.SIGINT) == 0
    assert "Stopping." in up.lines


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = run_to_its_end(tmp_path / "data", port)
    assert code == 1
    assert len(said.splitlines()) == 1
    assert f"Port {port} of 127.0.0.1 is taken. Stop what has it, or choose another one: make run PORT=" in said


@pytest.mark.parametrize("key", ["", "x" * 50])
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, key: str) -> None:
    (tmp_path / "file").touch()  # holds for root as well, unlike a folder without the right to write
    code, said = run_to_its_end(tmp_path / "file" / "data", free_port(), SECRET_KEY=key)
    assert code == 1
    assert len(said.splitlines()) == 1
    assert f"older {tmp_path}/file/data cannot be written (Not a directory). Set PARE_DATA to a folder that can" in said


def test_a_setting_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    code, said = run_to_its_end(tmp_path, free_port(), PARE_WEB_WORKERS="many")
    assert code == 1
    assert said.splitlines()[-1].endswith("PARE_WEB_WORKERS must be a whole number; it is 'many'.")
    assert "Traceback" not in said


def recorded(data: Path) -> dict[str, str]:
    return json.loads((data / "running.json").read_text())  # type: ignore[no-any-return]
