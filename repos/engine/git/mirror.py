"""A bare mirror of one branch: created, brought up to date, kept small. Never a checkout."""

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from repos.engine.errors import BranchNotFound, DiskFull, MirrorBroken, MirrorBusy, RepositoryEmpty, RepositoryMoved
from repos.engine.git.address import check_branch
from repos.engine.git.connection import Connection, Remote, connect, with_suffix
from repos.engine.git.process import Command, GitLimits, folder_bytes, run

MIRROR_HEAD = "refs/pare/head"
LOCK_WAIT = 30.0
FIRST_ANSWER = 90.0  # seconds for a host to say what it has; one that drops packets would hold a worker for minutes
TIDY_PACKS = 20
TIDY_LOOSE = 4000
_OID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_COUNTED = re.compile(r"(?:Receiving|Unpacking) objects:\s+\d+% \((\d+)/(\d+)\)")

FetchProgress = Callable[[int, int], None]
"""Called with objects received and objects in all, from another thread; it must not raise."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteHead:
    """The tip of a branch as the host tells it. `branch` has no refs/heads/ before it."""

    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a mirror holds after a fetch. `bytes` is its size on disk."""

    branch: str
    commit: str
    committed_at: datetime
    bytes: int


def remote_head(remote: Remote, *, branch: str = "") -> RemoteHead:
    """Ask the host for the tip of `branch`, or of its default branch. Stores nothing. Raises GitError."""
    return _reaching(remote, lambda connection: _ask_head(connection, branch))


def fetch(
    remote: Remote, mirror: Path, *, branch: str = "", depth: int | None = 1, progress: FetchProgress | None = None
) -> Fetched:
    """Bring the mirror's one branch to what the host has now; `depth=None` brings its whole history.

    A damaged mirror is made anew once. One process at a time changes a mirror; a second one waits `LOCK_WAIT`
    seconds, then gets MirrorBusy. Raises GitError.
    """

    def work(connection: Connection) -> Fetched:
        head = _ask_head(connection, branch)
        with _locked(mirror) as hold:
            update = _Update(connection, mirror, head, depth, hold, progress)
            try:
                return update.run()
            except MirrorBroken:
                shutil.rmtree(mirror, ignore_errors=True)
                return update.run()

    return _reaching(remote, work)


def remove_mirror(mirror: Path) -> None:
    """Delete a mirror and its lock. A missing one is fine; one in use is deleted under its user."""
    shutil.rmtree(mirror, ignore_errors=True)
    _lock_path(mirror).unlink(missing_ok=True)


def _reaching(remote: Remote, work: Callable[[Connection], T]) -> T:
    try:
        with connect(remote) as connection:
            return work(connection)
    except RepositoryMoved:
        # Redirects are never followed, but a missing .git is the one known reason for a harmless one.
        if (suffixed := with_suffix(remote)) is None:
            raise
        with connect(suffixed) as connection:
            return work(connection)


def _ask_head(connection: Connection, branch: str) -> RemoteHead:
    wanted = f"refs/heads/{check_branch(branch)}" if branch else "HEAD"
    url = connection.remote.address.url
    finished = connection.run(["ls-remote", "--symref", "--quiet", "--", url, wanted], seconds=FIRST_ANSWER)
    target, commits = "", {}
    for line in finished.output.decode("utf-8", "replace").splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: refs/heads/") and name == "HEAD":
            target = left.removeprefix("ref: refs/heads/")
        elif _OID.match(left):
            commits[name] = left
    if wanted in commits:
        return RemoteHead(branch or check_branch(target or "HEAD"), commits[wanted])
    if branch:
        raise BranchNotFound(f"The branch {branch} does not exist in the repository. Choose another one.")
    raise RepositoryEmpty("The repository has no commit on its default branch yet. Push one, then index again.")


@dataclass(frozen=True, slots=True)
class _Update:
    """One attempt to bring a locked mirror to a head."""

    connection: Connection
    mirror: Path
    head: RemoteHead
    depth: int | None
    hold: int
    progress: FetchProgress | None

    def run(self) -> Fetched:
        self._prepare()
        if self.depth is None or not has_commit(self.mirror, self.head.commit):
            self._fetch()
            tidy(self.mirror)
        commit, committed_at = commit_of(self.mirror, MIRROR_HEAD)
        return Fetched(self.head.branch, commit, committed_at, folder_bytes(self.mirror))

    def _prepare(self) -> None:
        if (self.mirror / "HEAD").is_file():
            _remove_leftovers(self.mirror)
            return
        shutil.rmtree(self.mirror, ignore_errors=True)
        form = "sha256" if len(self.head.commit) == 64 else "sha1"
        _local(["init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(self.mirror)])

    def _fetch(self) -> None:
        source = "HEAD" if self.head.branch == "HEAD" else f"refs/heads/{self.head.branch}"
        depth = self._depth_options()
        self.connection.run(
            [
                f"--git-dir={self.mirror}", "fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--force",
                "--no-recurse-submodules", "--no-auto-maintenance", *depth,
                "--", self.connection.remote.address.url, f"+{source}:{MIRROR_HEAD}",
            ],
            watch=self.mirror, hold=self.hold, on_complaint=self._report,
        )  # fmt: skip

    def _depth_options(self) -> list[str]:
        if self.depth is not None:
            return [f"--depth={self.depth}"]
        return ["--unshallow"] if (self.mirror / "shallow").exists() else []

    def _report(self, line: str) -> None:
        if self.progress and (match := _COUNTED.search(line)):
            self.progress(int(match[1]), int(match[2]))


def has_commit(mirror: Path, commit: str) -> bool:
    """Whether the mirror's head is that commit already, so that nothing has to be fetched."""
    finished = run(Command([f"--git-dir={mirror}", "rev-parse", "--verify", "--quiet", MIRROR_HEAD]))
    return finished.status == 0 and finished.output.decode().strip() == commit


def commit_of(mirror: Path, name: str) -> tuple[str, datetime]:
    """Full id and committer time of a commit in the mirror. Raises MirrorBroken when it is not there."""
    output = _local([f"--git-dir={mirror}", "log", "-1", "--format=%H %ct", "--end-of-options", name, "--"])
    commit, _, seconds = output.decode().strip().partition(" ")
    # A commit may carry any number as its time; what no calendar holds becomes the nearest that it does.
    moment = min(max(int(seconds or 0), 0), 253_402_300_799)
    return commit, datetime.fromtimestamp(moment, tz=UTC)


def tidy(mirror: Path) -> None:
    """Pack a mirror that many fetches have left in many pieces, and drop what no longer belongs to its branch."""
    packs = sum(1 for _ in (mirror / "objects" / "pack").glob("*.pack"))
    # Loose objects are spread evenly over 256 folders, so one of them tells how many there are.
    loose = 256 * sum(1 for _ in (mirror / "objects" / "17").glob("*"))
    if packs > TIDY_PACKS or loose > TIDY_LOOSE:
        _local([f"--git-dir={mirror}", "gc", "--quiet", "--prune=now"])


def _local(arguments: list[str]) -> bytes:
    finished = run(Command(arguments, limits=GitLimits(seconds=600)))
    if finished.status:
        if "no space left" in finished.complaint.lower():
            raise DiskFull("The disk of this server is full. Its operator has to make room.")
        raise MirrorBroken("The copy of the repository on this server is damaged. It is fetched anew.")
    return finished.output


def _lock_path(mirror: Path) -> Path:
    return mirror.with_name(mirror.name + ".lock")


@contextlib.contextmanager
def _locked(mirror: Path) -> Iterator[int]:
    """Hold the mirror; gives the descriptor to hand on to git, so that the lock outlives a killed caller's git."""
    mirror.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_lock_path(mirror), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_WAIT
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise MirrorBusy("The repository is being fetched by another run. It will be tried again.")
            time.sleep(0.1)
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_leftovers(mirror: Path) -> None:
    """What a killed git leaves behind would block or fill the mirror; under our lock none of it is in use."""
    for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/pack/.tmp-*", "objects/incoming-*"):
        for path in mirror.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
