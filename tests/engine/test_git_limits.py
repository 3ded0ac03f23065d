"""No host may cost more time, disk or output than it is given, and nothing is left running."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from repos.engine import errors
from repos.engine.git import GitLimits, Policy, Remote, fetch, parse_address
from repos.engine.git.process import Command, folder_bytes, run
from tests.engine.git_server import HOST, GitServer, commit_files, make_repository, serve


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    make_repository(tmp_path / "srv" / "shop", {"a.py": "a = 1\n"})
    with serve(tmp_path / "srv", tmp_path / "tls") as running:
        yield running


def still_calling(server: GitServer) -> list[str]:
    """The processes on this machine that have the server's address among their arguments."""
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            arguments = cmdline.read_bytes().decode("utf-8", "replace").replace("\0", " ")
            if f"{HOST}:{server.port}/" in arguments:
                found.append(arguments)
    return found


def calls_end(server: GitServer) -> bool:
    """Whether nobody calls the server any more; a killed process may take a moment to be gone."""
    for _ in range(50):
        if not still_calling(server):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("manners", ["stall", "slow"])
def test_a_host_that_stalls_runs_out_of_time(server: GitServer, tmp_path: Path, manners: str) -> None:
    with pytest.raises(errors.GitTimeout) as raised:
        fetch(server.remote(f"{manners}/shop/.git", seconds=1.0), tmp_path / "m")
    assert raised.value.transient and raised.value.code == "git_timeout"
    assert calls_end(server)


def test_a_host_has_little_time_for_its_first_answer(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repos.engine.git.mirror.FIRST_ANSWER", 1.0)
    with pytest.raises(errors.GitTimeout, match="longer than 1 seconds"):
        fetch(server.remote("stall/shop/.git", seconds=600), tmp_path / "m")


def test_a_slow_host_is_given_up_by_its_speed(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(errors.GitTimeout, match="stopped answering"):
        fetch(server.remote("slow/shop/.git", stall_seconds=1), tmp_path / "m")


def test_a_repository_over_the_cap_is_refused(server: GitServer, tmp_path: Path) -> None:
    commit_files(server.root / "shop", {"big.bin": os.urandom(3 << 20)})
    with pytest.raises(errors.RepositoryTooLarge, match="larger than the 1 MB"):
        fetch(server.remote("open/shop/.git", folder_bytes=1 << 20), tmp_path / "m")
    assert calls_end(server)
    assert fetch(server.remote("open/shop/.git"), tmp_path / "m").bytes > 3 << 20


def test_it_is_stopped_while_it_grows(tmp_path: Path) -> None:
    folder = tmp_path / "grows"
    folder.mkdir()
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\nwhile :; do head -c 100000 /dev/zero >> {folder}/pack; sleep 0.02; done\n")
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("repos.engine.git.process.git_program", lambda: str(program))
        with pytest.raises(errors.RepositoryTooLarge):
            run(Command([], watch=folder, limits=GitLimits(folder_bytes=500_000)))
    size = folder_bytes(folder)
    time.sleep(0.2)
    assert folder_bytes(folder) == size  # the whole group is gone, not only the shell


def test_endless_output_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec yes refs\n")
    program.chmod(0o755)
    monkeypatch.setattr("repos.engine.git.process.git_program", lambda: str(program))
    with pytest.raises(errors.RepositoryTooLarge, match="more branches and tags"):
        run(Command([]))


def test_memory_has_a_ceiling_that_children_inherit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nsh -c 'ulimit -v; ulimit -c'\n")
    program.chmod(0o755)
    monkeypatch.setattr("repos.engine.git.process.git_program", lambda: str(program))
    assert run(Command([], limits=GitLimits(memory_bytes=1 << 30))).output.split() == [b"1048576", b"0"]


def test_git_sees_no_configuration_and_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch x")
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    monkeypatch.setattr("repos.engine.git.process.git_program", lambda: str(program))
    seen = run(Command([])).output.decode()
    assert not any(word in seen for word in ("hush", "proxy.example", "touch x"))
    assert "GIT_CONFIG_GLOBAL=/dev/null" in seen and "GIT_ALLOW_PROTOCOL=none" in seen


def test_a_folder_may_not_be_reached_through_another_protocol(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    finished = run(Command(["ls-remote", "--", f"file://{tmp_path}/shop"], protocols="https"))
    assert finished.status and "not allowed" in finished.complaint
    finished = run(Command(["ls-remote", "--", "ext::sh -c touch% pwned"], protocols="https"))
    assert finished.status and not (tmp_path / "pwned").exists()


def test_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which("git")
    program = tmp_path / "git"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *fetch*) echo "fatal: write error: No space left on device" >&2; exit 128;; esac\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    monkeypatch.setattr("repos.engine.git.process.git_program", lambda: str(program))
    policy = Policy(allow_local=True)
    with pytest.raises(errors.DiskFull):
        fetch(Remote(parse_address(str(tmp_path / "shop"), policy), policy), tmp_path / "m")
