"""`manage.py up`: the whole of Pare on one machine, in one terminal."""

import fcntl
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from argparse import ArgumentParser
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand

from config import local
from config.env import env, env_int
from config.local.server import writable_folder
from config.supervisor import TICK, Console, Program, ProgramKeepsEnding, Supervisor, stop_on_signals

READY_TIMEOUT = 120.0  # seconds from the start of the programs to the first good answer
NAMES = ("pare", "setup", "web", "worker", "beat", "demo", "stripe")


class CannotStart(Exception):
    """Why Pare does not start, or why it stops, in one sentence."""


@dataclass(frozen=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(
            self.host, f"[{self.host}]" if ":" in self.host else self.host
        )
        return f"http://{shown}:{self.port}"

    def is_ready(self, site: str) -> bool:
        """Whether /readyz says so, asked as a visitor of `site`: other names are refused once SITE_ROOT is https."""
        question = urllib.request.Request(f"{self.url}/readyz", headers={"Host": urlsplit(site).netloc})
        with suppress(OSError), urllib.request.urlopen(question, timeout=5) as answer:
            return bool(answer.status == 200)
        return False


class Command(BaseCommand):
    help = "Run web, worker and beat here; with PostgreSQL and Valkey too unless DATABASE_URL and REDIS_URL are set."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=env("PARE_HOST", "127.0.0.1"), help="address to listen on")
        parser.add_argument("--port", type=int, default=env_int("PARE_PORT", 8000), help="port to listen on")
        parser.add_argument("--demo", action="store_true", help="add a team to look at, and print its log-in")

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        console = Console(sys.stdout, NAMES)
        stop = threading.Event()
        stop_on_signals(stop)
        try:
            with ExitStack() as stack:
                run(Address(host, port), console, stop, stack, demo=demo)
        except (CannotStart, ImproperlyConfigured, local.LocalStackError, ProgramKeepsEnding) as error:
            console.line("pare", str(error))
            sys.exit(1)


def run(address: Address, console: Console, stop: threading.Event, stack: ExitStack, *, demo: bool) -> None:
    """Start everything, and stay until `stop` is set; what was started is ended by `stack`, the last one first."""
    data = writable_folder(settings.DATA)
    stack.enter_context(only_one(data))
    check_port(address.host, address.port)
    twin = stripe_twin(address, data)
    servers, urls = start_servers(data, stack)
    supervisor = Supervisor(programs(address, data, twin), environment(address, urls, twin, demo=demo), console)
    prepare(supervisor, stop)
    if not stop.is_set():
        stack.callback(end, supervisor, console)
        supervisor.start()
        announce(address, supervisor, servers, console, stop)
        if twin and not stop.is_set():
            fill(twin, supervisor, console, stop)
        if demo and not stop.is_set():
            supervisor.add(Program("demo", manage("demo"), once=True))
        while not stop.wait(TICK):
            look(supervisor, servers)


def announce(
    address: Address, supervisor: Supervisor, servers: list[local.Server], console: Console, stop: threading.Event
) -> None:
    """Print the address as soon as everything behind it answers."""
    deadline = time.monotonic() + READY_TIMEOUT
    while not stop.wait(TICK):
        look(supervisor, servers)
        if address.is_ready(supervisor.environment["SITE_ROOT"]):
            console.say(f"Pare is up: {address.url}")
            return
        if time.monotonic() > deadline:
            raise CannotStart(f"Pare did not answer within {READY_TIMEOUT:.0f} seconds; the lines above say why.")


def look(supervisor: Supervisor, servers: list[local.Server]) -> None:
    """Restart programs that ended. Raises CannotStart when a server ended, for nothing works without it."""
    supervisor.look()
    for server in servers:
        if server.process.poll() is not None:
            raise CannotStart(f"{server.name} has ended, so everything is being stopped (log: {server.log}).")


def only_one(data: Path) -> IO[str]:
    """The lock of the data folder, held until it is closed or this process is gone."""
    lock = (data / "up.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        raise CannotStart(
            f"Pare already runs on {data} (process {holder}). Stop it first, or set PARE_DATA to another folder."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def check_port(host: str, port: int) -> None:
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen()
    except OverflowError:
        raise CannotStart(f"{port} is not a port: choose one from 1 to 65535.") from None
    except PermissionError:
        raise CannotStart(f"Port {port} needs root. Choose another one: make run PORT=8000.") from None
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise CannotStart(f"The address {host} is not one of this machine: set PARE_HOST to one that is.") from None
        raise CannotStart(
            f"Port {port} of {host} is taken. Stop what has it, or choose another one: make run PORT={port + 1}."
        ) from None


def start_servers(data: Path, stack: ExitStack) -> tuple[list[local.Server], dict[str, str]]:
    """Start what no URL is set for. Returns the servers and the URLs of both."""
    urls = {"DATABASE_URL": env("DATABASE_URL"), "REDIS_URL": env("REDIS_URL")}
    servers = []
    if not urls["DATABASE_URL"]:
        servers.append(local.start_postgres(data / "postgres"))
        urls["DATABASE_URL"] = servers[-1].url
        stack.callback(servers[-1].stop)
    if not urls["REDIS_URL"]:
        servers.append(local.start_valkey(data / "valkey"))
        urls["REDIS_URL"] = servers[-1].url
        stack.callback(servers[-1].stop)
    local.record_urls(data, urls)
    stack.callback(local.forget_urls, data)
    return servers, urls


def stripe_twin(address: Address, data: Path) -> local.StripeTwin | None:
    """The twin of Stripe on the next port, when PARE_STRIPE asks for it."""
    twin = local.stripe_twin(
        env("PARE_STRIPE"),
        real_key=env("STRIPE_SECRET_KEY"),
        root=settings.BASE_DIR,
        data=data,
        port=address.port + 1,
        site=site_of(address),
    )
    if twin:
        check_port("127.0.0.1", twin.port)
    return twin


def fill(twin: local.StripeTwin, supervisor: Supervisor, console: Console, stop: threading.Event) -> None:
    """Give the twin our products and prices, and say where it is."""
    if supervisor.run_once(Program("stripe", manage("stripe_setup")), stop) and not stop.is_set():
        console.say("The twin of Stripe has no prices, so nothing can be bought: the lines above say why.")
    else:
        console.say(f"Payments go to a twin of Stripe (test cards, clock): {twin.url}")


def site_of(address: Address) -> str:
    """The address people type."""
    return (env("SITE_ROOT") or address.url).rstrip("/")


def environment(
    address: Address, urls: dict[str, str], twin: local.StripeTwin | None, *, demo: bool
) -> dict[str, str]:
    """What every program gets: this environment, where the servers are, and the address people type."""
    more = {"PARE_ALLOW_LOCAL_REPOSITORIES": "1"} if demo else {}  # it links this very folder
    paid = twin.environment if twin else {}
    return {**os.environ, **urls, **more, **paid, "PARE_DATA": str(settings.DATA), "SITE_ROOT": site_of(address)}


def programs(address: Address, data: Path, twin: local.StripeTwin | None) -> list[Program]:
    # As root (in a container) Celery warns about pickle, which is not accepted here.
    python = [sys.executable, "-W", "ignore:You're running the worker", "-m"]
    celery = [*python, "celery", "--quiet", "-A", "config"]
    web = [*python, "granian", "--interface", "wsgi", "--http", "1", "--host", address.host]
    web += [
        "--port",
        str(address.port),
        "--workers",
        str(env_int("PARE_WEB_WORKERS", 2)),
        "--backlog",
        "1024",
        "--backpressure",
        "256",
    ]
    web += ["--blocking-threads", str(settings.PARE_WEB_THREADS), "--workers-kill-timeout", "5"]
    web += ["--log-config", str(settings.BASE_DIR / "config" / "web_log.json")]
    web += ["--static-path-mount", str(settings.STATIC_ROOT), "--respawn-failed-workers", "--no-ws"]
    web += ["config.wsgi:application"]
    worker = [*celery, "worker", "--pool", "prefork", "--concurrency", str(env_int("PARE_WORKER_PROCESSES", 2))]
    worker += ["--hostname", "pare@%h", "--loglevel", "INFO", "--without-mingle", "--without-gossip"]
    beat = [*celery, "beat", "--loglevel", "INFO", "--schedule", str(data / "beat-schedule"), "--pidfile", ""]
    # SIGTERM lets a task finish; SIGQUIT gives it back to the queue, so that a long index run is not waited for.
    patient = ((signal.SIGTERM, 10.0), (signal.SIGQUIT, 5.0))
    return [
        Program("web", web),
        Program("worker", worker, stop=patient, orphan_signal=signal.SIGQUIT),
        Program("beat", beat),
        *([Program("stripe", twin.command)] if twin else []),
    ]


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def prepare(supervisor: Supervisor, stop: threading.Event) -> None:
    if supervisor.run_once(Program("setup", manage("prepare")), stop) and not stop.is_set():
        raise CannotStart("The database or the static files could not be brought up to date: the lines above say why.")


def end(supervisor: Supervisor, console: Console) -> None:
    console.say("Stopping.")
    try:
        supervisor.stop()
    finally:
        supervisor.kill()
