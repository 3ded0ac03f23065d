"""What comes in over HTTP and what goes out."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from tests.twin.errors import TwinError


@dataclass(frozen=True)
class Request:
    """What came over the wire; `headers` has lower-case names."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    base_url: str


@dataclass(frozen=True)
class Reply:
    """What goes back; with `cut` the connection is closed after `wait` seconds and nothing is sent."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    wait: float = 0


def json_reply(status: int, body: Any, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})


def authenticate(header: str) -> None:
    """Raises TwinError 401 unless the Authorization header holds a test key, as a bearer or as Basic user name."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except ValueError:
            given = ""
    if not given.strip():
        raise _unauthorized("You did not provide an API key. Send one in the Authorization header.")
    if given.startswith(("sk_live_", "rk_live_")):
        raise _unauthorized("This is a twin of Stripe and takes no live key. Use one that begins with sk_test_.")
    if not given.startswith(("sk_test_", "rk_test_")):
        raise _unauthorized(f"Invalid API Key provided: {given[:8]}***")


def _unauthorized(message: str) -> TwinError:
    return TwinError(401, "invalid_request_error", message)
