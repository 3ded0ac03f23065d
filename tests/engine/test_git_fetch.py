"""Fetching from a real host over https, from folders, and over ssh as far as the command goes."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from repos.engine import errors
from repos.engine.git import (
    Credentials,
    GitTree,
    Policy,
    Remote,
    check_token,
    fetch,
    parse_address,
    remote_head,
    remove_mirror,
)
from repos.engine.git.connection import connect
from repos.engine.git.mirror import _locked
from repos.engine.git.process import BASE_CONFIGURATION
from tests.engine.git_server import TOKEN, GitServer, commit_files, git, make_repository, serve

LOCAL = Policy(allow_local=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    make_repository(tmp_path / "srv" / "shop", {"shop/cart.py": "def total():\n    return 1\n"})
    with serve(tmp_path / "srv", tmp_path / "tls") as running:
        yield running


def folder_remote(folder: Path) -> Remote:
    return Remote(parse_address(str(folder), LOCAL), LOCAL)


def test_it_fetches_over_https(server: GitServer, tmp_path: Path) -> None:
    tip = git("rev-parse", "HEAD", cwd=server.root / "shop")
    seen: list[tuple[int, int]] = []
    mirror = tmp_path / "mirrors" / "a"
    fetched = fetch(server.remote("open/shop/.git"), mirror, progress=lambda *counts: seen.append(counts))
    assert (fetched.branch, fetched.commit) == ("main", tip)
    assert fetched.committed_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert 0 < fetched.bytes < 1 << 20
    assert seen and seen[-1][0] == seen[-1][1]
    assert [file.path for file in GitTree(mirror, tip).files()] == ["shop/cart.py"]
    assert not (mirror / "hooks").exists()


def test_a_second_fetch_brings_only_what_is_new(server: GitServer, tmp_path: Path) -> None:
    remote, mirror = server.remote("open/shop/.git"), tmp_path / "m"
    fetch(remote, mirror)
    server.asked.clear()
    fetch(remote, mirror)
    assert len([line for line in server.asked if line.startswith("POST")]) == 1  # ls-refs only, no pack
    tip = commit_files(server.root / "shop", {"b.py": "b = 1\n"})
    assert fetch(remote, mirror).commit == tip == remote_head(remote).commit


def test_a_rewritten_branch_is_followed(server: GitServer, tmp_path: Path) -> None:
    remote, mirror = server.remote("open/shop/.git"), tmp_path / "m"
    fetch(remote, mirror)
    git("commit", "--quiet", "--amend", "-m", "Other", cwd=server.root / "shop")
    assert fetch(remote, mirror).commit == git("rev-parse", "HEAD", cwd=server.root / "shop")


def test_depth_one_by_default_and_all_history_on_request(server: GitServer, tmp_path: Path) -> None:
    commit_files(server.root / "shop", {"b.py": "b = 1\n"})
    remote, mirror = server.remote("open/shop/.git"), tmp_path / "m"
    fetch(remote, mirror)
    count = ["rev-list", "--count", "refs/pare/head"]
    assert git(*count, cwd=mirror) == "1"
    fetch(remote, mirror, depth=None)
    assert git(*count, cwd=mirror) == "2"


def test_another_branch(server: GitServer, tmp_path: Path) -> None:
    git("switch", "--quiet", "-c", "feature/x", cwd=server.root / "shop")
    tip = commit_files(server.root / "shop", {"x.py": "x = 1\n"})
    git("switch", "--quiet", "main", cwd=server.root / "shop")
    remote = server.remote("open/shop/.git")
    assert fetch(remote, tmp_path / "m", branch="feature/x").commit == tip
    with pytest.raises(errors.BranchNotFound, match="The branch nope does not exist"):
        fetch(remote, tmp_path / "m", branch="nope")


def test_a_token_opens_a_private_repository(server: GitServer, tmp_path: Path) -> None:
    path = "private/shop/.git"
    with pytest.raises(errors.TokenNeeded) as needed:
        fetch(server.remote(path), tmp_path / "m")
    assert needed.value.code == "token_needed"
    with pytest.raises(errors.TokenRefused) as refused:
        fetch(server.remote(path, token="tok-wrong"), tmp_path / "m")
    assert "tok-wrong" not in str(refused.value)
    assert fetch(server.remote(path, token=TOKEN), tmp_path / "m").branch == "main"


def test_a_token_is_never_on_a_command_line(server: GitServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []
    real = subprocess.Popen

    class Watched(real):  # type: ignore[misc, valid-type]
        def __init__(self, arguments: list[str], **rest: object) -> None:
            started.append(list(arguments))
            super().__init__(arguments, **rest)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    fetch(server.remote("private/shop/.git", token=TOKEN), tmp_path / "m")
    assert len(started) >= 3 and not any(TOKEN in word for words in started for word in words)
    assert TOKEN not in (tmp_path / "m" / "config").read_text()
    assert TOKEN not in repr(server.remote("private/shop/.git", token=TOKEN))


@pytest.mark.parametrize("token", ["a b", "a\nAuthorization: x", "", "é"])
def test_a_token_that_could_end_its_header_is_refused(token: str) -> None:
    with pytest.raises(errors.AddressRefused) as refused:
        check_token(token)
    assert refused.value.code == "token_invalid"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("open/nothing/.git", errors.RepositoryNotFound),
        ("busy/shop/.git", errors.HostBusy),
        ("redirect/shop/.git", errors.RepositoryMoved),
        ("garbage/shop/.git", errors.GitError),
    ],
)
def test_what_the_host_does_becomes_a_sentence(
    server: GitServer, tmp_path: Path, path: str, error: type[errors.GitError]
) -> None:
    with pytest.raises(error) as raised:
        fetch(server.remote(path), tmp_path / "m")
    sentence = str(raised.value)
    assert sentence[0].isupper() or sentence.startswith(("code.", "git "))
    assert sentence.endswith(".") and "\n" not in sentence
    assert not any("169.254" in line for line in server.asked)


def test_a_host_that_insists_on_dot_git_is_asked_again(server: GitServer, tmp_path: Path) -> None:
    git("clone", "--quiet", "--bare", str(server.root / "shop"), "bare.git", cwd=server.root)
    assert fetch(server.remote("moved/bare"), tmp_path / "m").branch == "main"


def test_an_unknown_certificate_is_not_trusted(server: GitServer, tmp_path: Path) -> None:
    remote = server.remote("open/shop/.git")
    with pytest.raises(errors.HostUntrusted):
        fetch(replace(remote, policy=Policy(allow_private_hosts=True)), tmp_path / "m")
    assert not server.asked


def test_nobody_listening(server: GitServer, tmp_path: Path) -> None:
    remote = server.remote("open/shop/.git")
    with pytest.raises(errors.HostUnreachable) as raised:
        fetch(replace(remote, address=replace(remote.address, port=9)), tmp_path / "m")
    assert raised.value.transient


def test_a_private_host_is_not_even_connected_to(server: GitServer, tmp_path: Path) -> None:
    remote = server.remote("open/shop/.git")
    with pytest.raises(errors.AddressRefused):
        fetch(replace(remote, policy=replace(remote.policy, allow_private_hosts=False)), tmp_path / "m")
    assert not server.asked


def test_an_empty_repository(tmp_path: Path) -> None:
    git("init", "--quiet", "--bare", "empty.git", cwd=tmp_path)
    with pytest.raises(errors.RepositoryEmpty):
        fetch(folder_remote(tmp_path / "empty.git"), tmp_path / "m")


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(errors.RepositoryNotFound):
        fetch(folder_remote(tmp_path / "plain"), tmp_path / "m")


def test_sha256_repositories(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    git("init", "--quiet", "--object-format=sha256", cwd=folder)
    tip = commit_files(folder, {"a.py": "a = 1\n"})
    assert len(fetch(folder_remote(folder), tmp_path / "m").commit) == len(tip) == 64


def test_a_damaged_mirror_is_made_anew(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    remote, mirror = folder_remote(tmp_path / "shop"), tmp_path / "m"
    fetch(remote, mirror)
    for pack in (*mirror.glob("objects/pack/*"), *(p for p in mirror.glob("objects/??/*"))):
        pack.chmod(0o600)
        pack.write_bytes(b"nonsense")
    tip = commit_files(tmp_path / "shop", {"b.py": "b = 1\n"})
    assert fetch(remote, mirror).commit == tip
    assert len(list(GitTree(mirror, tip).read([file.oid for file in GitTree(mirror, tip).files()]))) == 2


def test_what_a_killed_fetch_left_behind_does_not_block(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    remote, mirror = folder_remote(tmp_path / "shop"), tmp_path / "m"
    fetch(remote, mirror)
    left = [mirror / "shallow.lock", mirror / "refs" / "pare" / "head.lock", mirror / "objects" / "pack" / "tmp_pack_x"]
    for path in left:
        path.write_bytes(b"")
    tip = commit_files(tmp_path / "shop", {"b.py": "b = 1\n"})
    assert fetch(remote, mirror).commit == tip
    assert not any(path.exists() for path in left)


def test_one_process_at_a_time_changes_a_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    monkeypatch.setattr("repos.engine.git.mirror.LOCK_WAIT", 0.0)
    with _locked(tmp_path / "m"), pytest.raises(errors.MirrorBusy):
        fetch(folder_remote(tmp_path / "shop"), tmp_path / "m")
    assert fetch(folder_remote(tmp_path / "shop"), tmp_path / "m").branch == "main"


def test_many_fetches_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repos.engine.git.mirror.TIDY_PACKS", 2)
    monkeypatch.setitem(BASE_CONFIGURATION, "fetch.unpackLimit", "1")
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    remote, mirror = folder_remote(tmp_path / "shop"), tmp_path / "m"
    for number in range(5):
        tip = commit_files(tmp_path / "shop", {"a.py": f"a = {number}\n"})
        assert fetch(remote, mirror).commit == tip
    assert len(list(mirror.glob("objects/pack/*.pack"))) <= 3


def test_many_loose_objects_are_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repos.engine.git.mirror.TIDY_LOOSE", 0)
    make_repository(tmp_path / "shop", {"a.py": "a = 0\n"})
    remote, mirror = folder_remote(tmp_path / "shop"), tmp_path / "m"
    fetch(remote, mirror)
    (mirror / "objects" / "17").mkdir(exist_ok=True)
    (mirror / "objects" / "17" / ("0" * 38)).write_bytes(b"")
    tip = commit_files(tmp_path / "shop", {"b.py": "b = 1\n"})
    assert fetch(remote, mirror).commit == tip
    assert list(mirror.glob("objects/pack/*.pack"))
    assert len(dict(GitTree(mirror, tip).read([file.oid for file in GitTree(mirror, tip).files()]))) == 2


def test_removing_a_mirror(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    fetch(folder_remote(tmp_path / "shop"), tmp_path / "mirrors" / "m")
    remove_mirror(tmp_path / "mirrors" / "m")
    remove_mirror(tmp_path / "mirrors" / "m")
    assert list((tmp_path / "mirrors").iterdir()) == []


def test_without_git_the_operator_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.GitMissing, match="git 2.37 or newer"):
        fetch(folder_remote(tmp_path), tmp_path / "m")
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.30.2\n")
    old.chmod(0o755)
    with pytest.raises(errors.GitMissing, match="too old"):
        fetch(folder_remote(tmp_path), tmp_path / "m")


def ssh_remote(known_hosts: Path | None = None) -> Remote:
    address = parse_address("ssh://git@code.acme.example:2222/acme/shop.git", Policy())
    credentials = Credentials(private_key="-----BEGIN KEY-----\n", known_hosts=known_hosts)
    return Remote(address, Policy(), credentials, resolve=lambda host, port: ("140.82.121.4",))


def test_the_ssh_command_is_one_that_ssh_understands(tmp_path: Path) -> None:
    with connect(ssh_remote(tmp_path / "known")) as connection:
        command = connection.environment["GIT_SSH_COMMAND"]
        answer = subprocess.run(
            ["/bin/sh", "-c", f"{command} -G -p 2222 git@code.acme.example"], capture_output=True, text=True, check=True
        ).stdout
        key = Path(command.split(" -i ")[1].split()[0])
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not key.exists()
    said = dict(line.split(" ", 1) for line in answer.splitlines() if " " in line)
    assert said["hostname"] == "140.82.121.4"
    assert said["hostkeyalias"] == "code.acme.example-2222"
    assert said["batchmode"] == said["identitiesonly"] == "yes"
    assert said["stricthostkeychecking"] == "accept-new"
    assert said["passwordauthentication"] == said["forwardagent"] == "no"
    assert said["userknownhostsfile"] == str(tmp_path / "known")
    assert "proxycommand" not in said


def test_without_an_ssh_client_the_operator_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("git", "sh"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.GitMissing, match="OpenSSH"):
        remote_head(ssh_remote())


def test_over_ssh_with_a_stand_in_for_the_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    wire = tmp_path / "bin" / "ssh"
    wire.parent.mkdir()
    wire.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexec git-upload-pack {tmp_path}/shop\n')
    wire.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wire.parent}:{os.environ['PATH']}")
    assert fetch(ssh_remote(), tmp_path / "m").commit == tip
    asked = (tmp_path / "asked").read_text()
    assert "HostName=140.82.121.4" in asked and "-p 2222" in asked and "/acme/shop.git" in asked


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("git@code.acme.example: Permission denied (publickey).", errors.KeyRefused),
        ("Host key verification failed.", errors.HostUntrusted),
        ("ERROR: Repository not found.", errors.RepositoryNotFound),
        ("ssh: connect to host 140.82.121.4 port 2222: Connection timed out", errors.GitTimeout),
    ],
)
def test_what_ssh_says_becomes_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, error: type[errors.GitError]
) -> None:
    wire = tmp_path / "ssh"
    wire.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 255\n")
    wire.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(error):
        remote_head(ssh_remote())


@pytest.mark.parametrize("kind", ["shallow", "detached", "worktree"])
def test_clones_of_every_kind_can_be_fetched_from(tmp_path: Path, kind: str) -> None:
    make_repository(tmp_path / "shop", {"a.py": "a = 1\n"})
    tip = commit_files(tmp_path / "shop", {"b.py": "b = 1\n"})
    if kind == "shallow":
        git("clone", "--quiet", "--depth=1", f"file://{tmp_path}/shop", "other", cwd=tmp_path)
    elif kind == "detached":
        git("clone", "--quiet", "shop", "other", cwd=tmp_path)
        git("switch", "--quiet", "--detach", cwd=tmp_path / "other")
    else:
        git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "other"), cwd=tmp_path / "shop")
    fetched = fetch(folder_remote(tmp_path / "other"), tmp_path / "m")
    assert fetched.commit == tip
    assert len(GitTree(tmp_path / "m", tip).files()) == 2
    newer = commit_files(tmp_path / "other", {"c.py": "c = 1\n"})
    assert fetch(folder_remote(tmp_path / "other"), tmp_path / "m").commit == newer
