"""The twin of Stripe that the tests use, run beside Pare so that billing can be clicked through without an account."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from config.local.server import LocalStackError

CHOICE = "twin"
HOST = "127.0.0.1"  # it believes whoever asks, so nobody else may reach it
KEY = "sk_test_twin"
WEBHOOK = "/webhooks/stripe"


@dataclass(frozen=True)
class StripeTwin:
    """What runs it, what tells Pare about it, and where a person finds it."""

    port: int
    command: list[str]
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def stripe_twin(choice: str, *, real_key: str, root: Path, data: Path, port: int, site: str) -> StripeTwin | None:
    """The twin on `port`, its customers kept in `data`, its webhooks sent to `site`; None when `choice` is empty.

    Raises LocalStackError when it was not asked for properly or is not there.
    """
    if not choice:
        return None
    if choice != CHOICE:
        raise LocalStackError(f"PARE_STRIPE is {choice!r}: set it to twin, or leave it out.")
    if real_key:
        raise LocalStackError("PARE_STRIPE=twin and STRIPE_SECRET_KEY exclude each other: unset one of them.")
    if not (root / "tests" / "twin" / "__main__.py").exists() or find_spec("pydantic") is None:
        raise LocalStackError(
            "PARE_STRIPE=twin needs the folder tests/ of Pare's source, which is not here (the Docker image has none): "
            "run it from a clone, or use a test key of Stripe."
        )
    secret = kept_secret(data / "stripe_twin_secret")
    command = [sys.executable, "-m", "tests.twin", "--port", str(port), "--state", str(data / "twin.json")]
    command += ["--webhook", f"{site}{WEBHOOK}", "--webhook-secret", secret]
    direct = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), HOST]))
    told = {
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_API_BASE": f"http://{HOST}:{port}",
        "STRIPE_WEBHOOK_SECRET": secret,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
    return StripeTwin(port, command, told)


def kept_secret(path: Path) -> str:
    """The signing secret of this data folder, made at the first start; nobody but the owner can read it."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"whsec_{secrets.token_urlsafe(24)}")
    except FileExistsError:
        pass
    return path.read_text(encoding="utf-8").strip()
