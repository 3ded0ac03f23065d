"""The world in a file: loaded at the start, written after changes, never half."""

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.twin.world import World

PAUSE = 0.2  # seconds between two writes at least: a click makes many changes, one write holds them


def load(world: World, file: Path) -> None:
    """Become what the file holds; a missing file is an empty world. Exits with a sentence if it cannot be read."""
    if not file.exists():
        return
    try:
        world.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"{file} holds no world of the twin ({error!r}). Move it away to begin with an empty one.")


def save(world: World, file: Path) -> None:
    """Write to a file beside it and put that in its place: a crash leaves the old world or the new one."""
    text = world.to_json()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(handle, "w", encoding="utf-8") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    os.replace(name, file)


class Keeper(threading.Thread):
    """Saves the world soon after each change."""

    def __init__(self, world: World, file: Path) -> None:
        super().__init__(daemon=True, name="keeper")
        self.world, self.file = world, file

    def run(self) -> None:
        while True:
            self.world.dirty.wait()
            self.world.dirty.clear()
            save(self.world, self.file)
            time.sleep(PAUSE)
