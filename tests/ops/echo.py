"""A program behind the real gateway, served by granian in test_chunked.py: it tells what body Django would see."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from config.gateway import BodyGateway

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY = 2_000_000
READERS = 3


def echo(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    # As Django does it: never more than the length says, and nothing without one.
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    answer = json.dumps({"length": length, "got": len(body), "head": body[:40].decode(), "sum": sum(body)}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


application = BodyGateway(echo, max_body=MAX_BODY, readers=READERS)
