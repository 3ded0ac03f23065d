"""Where the servers of a running `manage.py up` are, kept in its data folder for other commands of the same person."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

RECORD = "running.json"


def recorded_url(data: Path, name: str) -> str:
    """The URL of a server that `manage.py up` runs on `data` right now, or "". `name` is DATABASE_URL or REDIS_URL."""
    with suppress(OSError, ValueError):
        return str(json.loads((data / RECORD).read_text(encoding="utf-8")).get(name, ""))
    return ""


def record_urls(data: Path, urls: Mapping[str, str]) -> None:
    """Write them down in one step. The file holds a password: it is for its owner's eyes only."""
    part = data / f"{RECORD}.part"
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(dict(urls), file)
    part.replace(data / RECORD)


def forget_urls(data: Path) -> None:
    (data / RECORD).unlink(missing_ok=True)
