"""Copies of stored files on this machine's disk: checked when they come, bounded in size, shared by all processes."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from repos.engine.errors import SnapshotCorrupt


class Nearby:
    """A folder of files named by the SHA-256 of what is in them. `most` is its bound in bytes: the files used longest
    ago go first, and the one just fetched stays however large it is.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder, self.most = folder, most

    def file(self, digest: str) -> Path:
        return self.folder / f"{digest}.pare"

    def get(self, digest: str, size: int, fetch: Callable[[], Iterable[bytes]]) -> Path:
        """The copy, fetched when there is none. Raises SnapshotCorrupt when what comes is not what was asked for, and
        whatever `fetch` raises; nothing is kept then.
        """
        path = self.file(digest)
        if not self._is_here(path, size):
            with self._alone(digest):
                if not self._is_here(path, size):
                    self._bring(path, digest, size, fetch)
                    self._make_room(path)
        return path

    def forget(self, digest: str) -> None:
        """Processes that have the copy open go on reading it."""
        self.file(digest).unlink(missing_ok=True)

    def _is_here(self, path: Path, size: int) -> bool:
        with suppress(OSError):
            if path.stat().st_size == size:
                os.utime(path)  # its place in the order of use
                return True
        return False

    def _bring(self, path: Path, digest: str, size: int, fetch: Callable[[], Iterable[bytes]]) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".fetching-")
        try:
            found, length = hashlib.sha256(), 0
            with os.fdopen(handle, "wb") as file:
                for chunk in fetch():
                    length += len(chunk)
                    if length > size:
                        break
                    found.update(chunk)
                    file.write(chunk)
            if length != size or found.hexdigest() != digest:
                raise SnapshotCorrupt("What is stored for this snapshot is not what was stored.")
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _make_room(self, newest: Path) -> None:
        files = sorted((stat.st_mtime, stat.st_size, path) for path, stat in self._stats() if path != newest)
        used = newest.stat().st_size + sum(size for _, size, _ in files)
        for _, size, path in files:
            if used <= self.most:
                break
            path.unlink(missing_ok=True)
            used -= size

    def _stats(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.glob("*.pare"):
            with suppress(FileNotFoundError):
                yield path, path.stat()

    @contextmanager
    def _alone(self, digest: str) -> Iterator[None]:
        """One process at a time fetches a file; those of the first two letters take turns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".lock-{digest[:2]}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def nearby() -> Nearby:
    return Nearby(Path(settings.PARE_SNAPSHOT_CACHE), settings.PARE_SNAPSHOT_CACHE_MB << 20)
