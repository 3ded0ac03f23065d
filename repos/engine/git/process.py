"""Running git: a clean environment, hard limits, and nothing left running.

git is the one program here that talks to strangers, so it gets an environment made from nothing, no configuration but
ours, no prompts, no hooks, one protocol, a ceiling on memory, disk, output and time, and its own process group, which
dies as a whole. Secrets travel in the environment, never in the arguments: those can be read by every user of the box.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from repos.engine.errors import GitMissing, GitTimeout, RepositoryTooLarge

Line = Callable[[str], None]

OLDEST = (2, 37)  # http.curloptResolve, which pins a connection to a checked address
MAX_OUTPUT = 16 << 20
MAX_COMPLAINT = 64 << 10
TICK = 0.1

# The shell only sets what the process and its children inherit; a limit the system does not know is left out.
_LIMITED = 'ulimit -c 0; ulimit -v "$1" 2>/dev/null; shift; exec "$@"'


@dataclass(frozen=True, slots=True)
class GitLimits:
    """What one git command may cost. Bytes and seconds."""

    folder_bytes: int = 4 << 30
    seconds: float = 1800.0
    memory_bytes: int = 6 << 30
    stall_seconds: int = 45


@dataclass(frozen=True, slots=True)
class Command:
    """One git command. `protocols` are the transports it may use, `watch` is the folder whose size is limited, `hold` a
    file descriptor the child keeps open."""

    arguments: Sequence[str]
    configuration: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    protocols: str = "none"
    limits: GitLimits = GitLimits()
    watch: Path | None = None
    hold: int | None = None
    on_complaint: Line | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    status: int
    output: bytes
    complaint: str


BASE_CONFIGURATION = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.bigFileThreshold": "16m",
    "core.packedGitWindowSize": "64m",
    "core.packedGitLimit": "1g",
    "core.deltaBaseCacheLimit": "64m",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.threads": "1",
    "pack.windowMemory": "256m",
    "protocol.version": "2",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "transfer.fsckObjects": "true",
    # Old, harmless faults that live in well-known repositories for good.
    "fetch.fsck.badTimezone": "ignore",
    "fetch.fsck.missingSpaceBeforeDate": "ignore",
    "fetch.fsck.zeroPaddedFilemode": "ignore",
    "fetch.fsck.badFilemode": "ignore",
    "transfer.credentialsInUrl": "die",
    "http.followRedirects": "false",
    "http.sslVerify": "true",
    "http.proxy": "",
    "http.lowSpeedLimit": "1000",
}


def git_program() -> str:
    """Where git is. Raises GitMissing with what to install."""
    found = shutil.which("git")
    if found is None:
        raise GitMissing("git is not installed on this server. Its operator has to install git 2.37 or newer.")
    if _version(found) < OLDEST:
        raise GitMissing("The git on this server is too old. Its operator has to install git 2.37 or newer.")
    return found


@functools.lru_cache(maxsize=8)
def _version(program: str) -> tuple[int, int]:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    match = re.search(r"(\d+)\.(\d+)", answer)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def clean_environment(
    home: str, configuration: Mapping[str, str], extra: Mapping[str, str], protocols: str = "none"
) -> dict[str, str]:
    """The whole environment of a git process. `protocols` is the only transport it may use."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    settings = {**BASE_CONFIGURATION, **configuration}
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**environment, **extra}


def run(command: Command) -> Finished:
    """Run git to its end; any exit status is returned. Raises GitTimeout, RepositoryTooLarge, GitMissing."""
    program = git_program()
    memory = str(command.limits.memory_bytes // 1024)
    with tempfile.TemporaryDirectory(prefix="pare-git-") as home:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _LIMITED, "sh", memory, program, *command.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env=clean_environment(
                home,
                {**command.configuration, "http.lowSpeedTime": str(command.limits.stall_seconds)},
                command.environment,
                command.protocols,
            ),
            pass_fds=() if command.hold is None else (command.hold,),
            process_group=0,
        )
        try:
            return _attend(process, command)
        finally:
            end_group(process)


def _attend(process: "subprocess.Popen[bytes]", command: Command) -> Finished:
    output, complaint = _Drain(process.stdout, MAX_OUTPUT), _Drain(process.stderr, None, command.on_complaint)
    deadline = time.monotonic() + command.limits.seconds
    pause = TICK / 10
    while True:
        try:
            process.wait(timeout=pause)
            break
        except subprocess.TimeoutExpired:
            pause = TICK
        if time.monotonic() > deadline:
            raise GitTimeout(
                f"Reading the repository took longer than {command.limits.seconds:.0f} seconds. It will be tried again."
            )
        if output.overflow:
            raise RepositoryTooLarge("The repository has more branches and tags than can be read.")
        if command.watch and folder_bytes(command.watch) > command.limits.folder_bytes:
            raise too_large(command.limits)
    output.join()
    complaint.join()
    if output.overflow:
        raise RepositoryTooLarge("The repository has more branches and tags than can be read.")
    if command.watch and folder_bytes(command.watch) > command.limits.folder_bytes:
        raise too_large(command.limits)
    return Finished(process.returncode, output.data(), complaint.data().decode("utf-8", "replace"))


def too_large(limits: GitLimits) -> RepositoryTooLarge:
    return RepositoryTooLarge(
        f"The repository is larger than the {limits.folder_bytes / (1 << 20):,.0f} MB this server takes. "
        "Link a smaller one, or ask the operator of this server to raise the limit."
    )


class _Drain(threading.Thread):
    """Reads a pipe to its end so that git never blocks. Keeps the first `limit` bytes, or the last of a complaint."""

    def __init__(self, pipe: IO[bytes] | None, limit: int | None, on_line: Line | None = None) -> None:
        super().__init__(daemon=True)
        assert pipe is not None
        self.pipe, self.limit, self.on_line = pipe, limit, on_line
        self.kept = bytearray()
        self.overflow = False
        self.start()

    def run(self) -> None:
        with self.pipe as pipe:
            while chunk := os.read(pipe.fileno(), 1 << 16):
                self.keep(chunk)

    def keep(self, chunk: bytes) -> None:
        if self.limit is None:
            self.kept = (self.kept + chunk)[-MAX_COMPLAINT:]
            if self.on_line:
                for line in re.split(rb"[\r\n]", chunk):
                    self.on_line(line.decode("utf-8", "replace"))
        elif len(self.kept) + len(chunk) > self.limit:
            self.overflow = True
        else:
            self.kept += chunk

    def data(self) -> bytes:
        return bytes(self.kept)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all its children; git is given a moment to remove its temporary files."""
    for number, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait(timeout=10)


def folder_bytes(folder: Path) -> int:
    """The bytes of all files under a folder; files that vanish meanwhile count as nothing."""
    total, folders = 0, [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total
