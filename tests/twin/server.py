"""The HTTP side: `/v1/` is the API, `/_twin/` takes orders, everything else is a page."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.twin import clockwork, control, pages, resources
from tests.twin.api import Twin
from tests.twin.errors import TwinError
from tests.twin.postman import Postman
from tests.twin.replies import Reply, Request, json_reply
from tests.twin.routing import PAGES, Visit

LARGEST_BODY = 1 << 20
PATIENCE = 30.0  # seconds for a client to send what it announced


class Server(ThreadingHTTPServer):
    """Loopback only; one thread for each connection, one request at a time in the world."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, twin: Twin, patience: float = PATIENCE) -> None:
        resources.load()
        pages.load()
        self.twin = twin
        super().__init__(("127.0.0.1", port), type("Handler", (Handler,), {"timeout": patience}))
        twin.world.base_url = self.url
        Postman(twin.world).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for the client to acknowledge its head
    server: Server

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parts.query, headers, body, self.server.url)
        if request.path.startswith("/v1/"):
            self._send(self.server.twin.answer(request))
        elif request.path.startswith("/_twin/"):
            self._send(control.answer(self.server.twin, request))
        else:
            self._send(visit(self.server.twin, request))

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self._refuse(411, "Send a Content-Length.")
            return None
        if int(length) > LARGEST_BODY:
            self._refuse(413, f"The body is larger than {LARGEST_BODY} bytes.")
            return None
        try:
            return self.rfile.read(int(length))
        except TimeoutError:
            self.close_connection = True
            return None

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        self._send(json_reply(status, {"error": {"type": "invalid_request_error", "message": message}}))

    def _send(self, reply: Reply) -> None:
        if reply.cut:
            time.sleep(reply.wait)
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: what was asked is in GET /_twin/calls."""


def visit(twin: Twin, request: Request) -> Reply:
    """What a person's browser gets from a hosted page."""
    found = PAGES.match(request.method, request.path)
    if found is None:
        return Reply(404, b"No such page.", {"Content-Type": "text/plain; charset=utf-8"})
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    form = dict(parse_qsl(request.body.decode("ascii", "replace"), keep_blank_values=True))
    template, path_args = found
    try:
        with twin.world.lock:
            clockwork.run_until(twin.world, twin.world.now())
            shown = PAGES.entries[request.method, template](
                twin.world, Visit(request.method, path_args, query, form, request.base_url)
            )
            twin.world.dirty.set()
    except TwinError as error:
        return Reply(error.status, str(error).encode(), {"Content-Type": "text/plain; charset=utf-8"})
    except Exception:
        twin.crashed(request)
        return Reply(500, b"The twin itself failed; see its log.", {"Content-Type": "text/plain; charset=utf-8"})
    headers = {"Content-Type": "text/html; charset=utf-8", **shown.headers}
    if shown.location is not None:
        return Reply(303, b"", {**headers, "Location": shown.location})
    return Reply(shown.status, shown.html.encode(), headers)
