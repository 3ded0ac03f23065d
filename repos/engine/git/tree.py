"""Reading a commit's files straight from a bare mirror: one listing, one stream of blobs, no checkout."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from repos.engine.errors import GitTimeout, MirrorBroken, RepositoryTooLarge
from repos.engine.git.process import clean_environment, end_group, git_program
from repos.engine.types import SourceFile

MAX_LISTING = 256 << 20
LISTING_SECONDS = 300.0
MAX_BLOB = 64 << 20


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of one commit in a bare mirror. Links and submodules are left out: they point elsewhere."""

    mirror: Path
    commit: str
    left_out: dict[str, str] = field(default_factory=dict, compare=False)
    """Path to reason (`submodule`, `symlink`) of what `files` did not list; filled by `files`."""

    def files(self) -> list[SourceFile]:
        """Regular files, sorted by path. Raises MirrorBroken when the commit is not there."""
        found, self_left = [], self.left_out
        for entry in self._listing().split(b"\0"):
            facts, _, path = entry.partition(b"\t")
            mode, _, rest = facts.partition(b" ")
            name = path.decode("utf-8", "surrogateescape")
            if mode in (b"100644", b"100755", b"100664"):
                oid, size = rest.split()[1:3]
                # A blob the mirror does not hold has no size; it is listed, and left out when read.
                found.append(SourceFile(name, oid.decode(), int(size) if size.isdigit() else 0))
            elif mode == b"120000":
                self_left[name] = "symlink"
            elif mode == b"160000":
                self_left[name] = "submodule"
        return sorted(found, key=lambda file: file.path)

    def read(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Each blob once, in the asked order. Missing ones and ones over `MAX_BLOB` are left out."""
        wanted = list(dict.fromkeys(oids))
        if not wanted:
            return
        with tempfile.TemporaryDirectory(prefix="pare-git-") as home:
            process = self._start(["cat-file", "--batch", "--buffer"], home)
            assert process.stdin is not None and process.stdout is not None
            feeder = threading.Thread(target=_feed, args=(process.stdin, wanted), daemon=True)
            feeder.start()
            try:
                for oid in wanted:
                    content = _next_blob(process.stdout)
                    if content is not None:
                        yield oid, content
            finally:
                end_group(process)
                feeder.join(timeout=10)
                process.stdout.close()

    def _listing(self) -> bytes:
        with tempfile.TemporaryDirectory(prefix="pare-git-") as home:
            process = self._start(["ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", self.commit], home)
            watch = threading.Timer(LISTING_SECONDS, end_group, args=(process,))
            watch.start()
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.close()
                listing = process.stdout.read(MAX_LISTING + 1)
                if len(listing) > MAX_LISTING:
                    raise RepositoryTooLarge("The repository has more files than this server takes.")
                status = process.wait(timeout=30)
            except subprocess.TimeoutExpired as error:
                raise GitTimeout("Listing the files took too long. It will be tried again.") from error
            finally:
                watch.cancel()
                end_group(process)
                process.stdout.close()
        if status:
            raise MirrorBroken("The copy of the repository on this server is damaged. It is fetched anew.")
        return listing.removesuffix(b"\0")

    def _start(self, arguments: list[str], home: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [git_program(), f"--git-dir={self.mirror}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=clean_environment(home, {}, {}),
            process_group=0,
        )


def _feed(pipe: IO[bytes], oids: Sequence[str]) -> None:
    # The reader may stop early; then git is gone and nobody waits for the rest.
    try:
        with pipe:
            pipe.write(b"".join(oid.encode() + b"\n" for oid in oids))
    except (BrokenPipeError, ValueError):
        return


def _next_blob(pipe: IO[bytes]) -> bytes | None:
    """The next answer of `cat-file --batch`: `<oid> <type> <size>`, the content, a line end; or `<oid> missing`."""
    header = pipe.readline().split()
    if not header:
        raise MirrorBroken("The copy of the repository on this server is damaged. It is fetched anew.")
    if len(header) != 3 or not header[2].isdigit():
        return None
    size = int(header[2])
    if size > MAX_BLOB:
        _skip(pipe, size + 1)
        return None
    content = pipe.read(size)
    pipe.read(1)
    if len(content) != size:
        raise MirrorBroken("The copy of the repository on this server is damaged. It is fetched anew.")
    return content if header[1] == b"blob" else None


def _skip(pipe: IO[bytes], size: int) -> None:
    while size > 0 and (chunk := pipe.read(min(size, 1 << 20))):
        size -= len(chunk)
