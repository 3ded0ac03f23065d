"""A WSGI gateway that knows bodies of unknown length.

Telemetry clients send `Transfer-Encoding: chunked` and no Content-Length. WSGI has no word for that, and Django reads
such a body as empty. The gateway reads every body to its end first (small ones in memory, larger ones on disk) and
gives Django the length. It also holds the one cap that no request may pass; views have smaller ones of their own.

A sender that never comes to an end holds its thread: the server's read knows no time limit. So only some of the threads
may read bodies; with all of those taken, requests with a body are refused and everything else is still answered.
"""

import json
import os
import tempfile
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import IO, TYPE_CHECKING

from config.errors import BodyTooLarge, DomainError, error_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PIECE = 64 * 1024
IN_MEMORY = 1024 * 1024
BODILESS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class UnknownTransferCoding(DomainError):
    code, status = "unknown_transfer_coding", 501
    message = "Send the body plain, with a Content-Length or with Transfer-Encoding: chunked alone."


class BadLength(DomainError):
    code, status, message = "bad_length", 400, "Content-Length must be a whole number of bytes."


class TooManyBodies(DomainError):
    code, status = "busy", 503
    message = "Too many bodies are being received at once. Send this request again in a few seconds."


class BodyGateway:
    """Wraps a WSGI application: bodies longer than `max_body` bytes get 413, chunked ones get their length.

    At most `readers` bodies are received at once in this process; one more gets 503.
    """

    def __init__(self, application: "WSGIApplication", *, max_body: int, readers: int):
        self.application = application
        self.max_body = max_body
        self.readers = threading.BoundedSemaphore(readers)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            body = self.admit(environ)
        except DomainError as error:
            return _refuse(error, start_response)
        if body is not None:
            environ["wsgi.input"] = body
            environ["CONTENT_LENGTH"] = str(body.seek(0, os.SEEK_END))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            body.seek(0)
        return self.application(environ, start_response)

    def admit(self, environ: "WSGIEnvironment") -> IO[bytes] | None:
        """The whole body, or None without one. Raises DomainError when it cannot be taken."""
        coding = environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower()
        length = environ.get("CONTENT_LENGTH", "")
        if coding not in {"", "chunked", "identity"}:
            raise UnknownTransferCoding
        if length and coding != "chunked":
            self.check_length(length)
            return self.receive_exactly(environ["wsgi.input"], int(length)) if int(length) else None
        # Without `input_terminated` the end of a body of unknown length cannot be told from a slow client.
        if not environ.get("wsgi.input_terminated") or (environ["REQUEST_METHOD"] in BODILESS and not coding):
            return None
        return self.receive(environ["wsgi.input"])

    def check_length(self, length: str) -> None:
        if not (length.isascii() and length.isdigit()):
            raise BadLength
        if int(length) > self.max_body:
            raise BodyTooLarge(self.too_large())

    def receive_exactly(self, source: IO[bytes], length: int) -> IO[bytes]:
        body = self.receive(source)
        if body.seek(0, os.SEEK_END) != length:  # the sender went away: what came is not what was meant
            body.close()
            raise BadLength(f"The body ended before its {length} bytes.")
        return body

    def receive(self, source: IO[bytes]) -> IO[bytes]:
        # Not waited for: waiting would hold the very threads that are to stay free.
        if not self.readers.acquire(blocking=False):
            raise TooManyBodies(headers={"Retry-After": "5"})
        try:
            return self.read_to_end(source)
        finally:
            self.readers.release()

    def read_to_end(self, source: IO[bytes]) -> IO[bytes]:
        body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the request closes it by letting go
        taken = 0
        # Always with a size: granian's `read()` forgets what is left once `read(n)` has been called.
        while piece := source.read(PIECE):
            taken += len(piece)
            if taken > self.max_body:
                body.close()
                raise BodyTooLarge(self.too_large())
            body.write(piece)
        return body

    def too_large(self) -> str:
        return f"The body is larger than {self.max_body} bytes. Send it in smaller parts."


def _refuse(error: DomainError, start_response: "StartResponse") -> Iterable[bytes]:
    body = json.dumps(error_body(error.code, error.message)).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
    headers += error.headers.items()
    start_response(f"{error.status} {HTTPStatus(error.status).phrase}", headers)
    return [body]
