"""The embedded servers by themselves: where they listen, who may come in, what a second start finds."""

import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from config import local


def test_postgres_keeps_its_data_and_stays_off_the_network(tmp_path: Path) -> None:
    first = local.start_postgres(tmp_path / "postgres", durable=False)
    try:
        with psycopg.connect(first.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
            assert connection.execute("SELECT lower('ÉCOLE')").fetchone() == ("école",)
    finally:
        first.stop()
    assert first.process.poll() == 0
    second = local.start_postgres(tmp_path / "postgres", durable=False)
    try:
        with psycopg.connect(second.url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    finally:
        second.stop()


def test_a_server_left_behind_is_ended_first(tmp_path: Path) -> None:
    left = local.start_postgres(tmp_path / "postgres", durable=False)
    new = local.start_postgres(tmp_path / "postgres", durable=False)
    try:
        assert left.process.wait(10) == 0
        with psycopg.connect(new.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        new.stop()
        left.stop()


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / "postgres"
    server = local.start_postgres(folder, durable=False)
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        sockets = Path(urlsplit(server.url).query.removeprefix("host="))
        assert folder not in (sockets, *sockets.parents)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    finally:
        server.stop()


def test_valkey_asks_for_its_password_on_loopback_only(tmp_path: Path) -> None:
    server = local.start_valkey(tmp_path / "valkey")
    try:
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
            assert client.config_get("bind")["bind"] == "127.0.0.1"
        parts = urlsplit(server.url)
        with redis.Redis("127.0.0.1", parts.port or 0) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    finally:
        server.stop()


def test_queued_tasks_outlive_a_stop(tmp_path: Path) -> None:
    first = local.start_valkey(tmp_path / "valkey")
    with redis.Redis.from_url(first.url) as client:
        client.rpush("pare", "a task")
    first.stop()
    second = local.start_valkey(tmp_path / "valkey")
    try:
        with redis.Redis.from_url(second.url) as client:
            assert client.lrange("pare", 0, -1) == [b"a task"]
    finally:
        second.stop()


def test_a_data_folder_of_something_else_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "notes.txt").write_text("not a database")
    with pytest.raises(local.LocalStackError, match="could not make its folder.*not empty"):
        local.start_postgres(tmp_path / "postgres")


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(local.LocalStackError, match="cannot be written.*Set PARE_DATA"):
        local.start_valkey(tmp_path / "file" / "valkey")


def test_urls_are_recorded_for_their_owner(tmp_path: Path) -> None:
    assert local.recorded_url(tmp_path, "REDIS_URL") == ""
    local.record_urls(tmp_path, {"REDIS_URL": "redis://:secret@127.0.0.1:1/0"})
    assert local.recorded_url(tmp_path, "REDIS_URL") == "redis://:secret@127.0.0.1:1/0"
    assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600
    local.forget_urls(tmp_path)
    assert local.recorded_url(tmp_path, "REDIS_URL") == ""


def test_ports_of_the_loopback_are_free(tmp_path: Path) -> None:
    from config.processes import free_port

    with socket.create_server(("127.0.0.1", free_port())):
        pass
