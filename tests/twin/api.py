"""One API request from its bytes to its answer, in Stripe's order of checks."""

import base64
import hashlib
import json
import sys
import traceback
from dataclasses import dataclass, field
from typing import Any

from tests.twin import clockwork, gate
from tests.twin.errors import TwinError, invalid
from tests.twin.expand import expand
from tests.twin.forms import decode
from tests.twin.routing import ROUTES, Call, Table
from tests.twin.world import API_VERSION, World, public


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
    """What goes back; with `cut` the connection is closed without it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    wait: float = 0


def json_reply(status: int, body: Any, **headers: str) -> Reply:
    text = json.dumps(body, indent=2).encode()
    return Reply(status, text, {"Content-Type": "application/json", **headers})


@dataclass
class Twin:
    """The running twin: its world, what was asked of it, and what went wrong inside it."""

    world: World
    webhook_secret: str | None = None
    calls: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)

    def count(self, method: str, template: str, verdict: str) -> None:
        seen = self.calls.setdefault((method, template), {})
        seen[verdict] = seen.get(verdict, 0) + 1

    def answer(self, request: Request) -> Reply:
        """The answer to a request below /v1. Never raises."""
        id = self.world.new_id("req")
        try:
            with self.world.lock:
                clockwork.run_until(self.world, self.world.now())
                reply = self._serve(request, id)
        except TwinError as error:
            reply = json_reply(error.status, error.body())
        except Exception:
            self.crashes.append(f"{request.method} {request.path}\n{traceback.format_exc()}")
            print(self.crashes[-1], file=sys.stderr, flush=True)
            reply = json_reply(500, {"error": {"type": "api_error", "message": "The twin itself failed; see its log."}})
        headers = {"Request-Id": id, "Stripe-Version": API_VERSION, **reply.headers}
        return Reply(reply.status, reply.body, headers, reply.cut, reply.wait)

    def _serve(self, request: Request, id: str) -> Reply:
        _authenticate(request)
        method, path = request.method, request.path
        template = gate.match(method, path)
        if template is None:
            self.count(method, path, "unknown")
            raise TwinError(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).")
        found = ROUTES.match(method, path)
        if found is None:
            self.count(method, template, "not implemented")
            raise TwinError(501, "api_error", f"The twin does not do {method} {template} yet.")
        call = self._checked(request, template, found[1])
        key = call.idempotency_key
        if key is None or method != "POST":
            return json_reply(200, self._handle(call, found[0], id))
        return self._once(call, found[0], id, key)

    def _checked(self, request: Request, template: str, path_args: dict[str, str]) -> Call:
        method = request.method
        form = request.query if method != "POST" else _text(request.body)
        try:
            params = gate.check(method, template, decode(form))
        except TwinError:
            self.count(method, template, "refused")
            raise
        self.count(method, template, "passed")
        key = request.headers.get("idempotency-key") or None
        return Call(method, path_args, params, key, request.base_url, request.path)

    def _once(self, call: Call, template: str, id: str, key: str) -> Reply:
        """Answer again what was answered to this key before; the same key for something else is refused."""
        world = self.world
        mark = hashlib.sha256(json.dumps([call.method, call.path, call.params], sort_keys=True).encode()).hexdigest()
        before = world.answers.get(key)
        if before is not None:
            if before["mark"] != mark:
                raise TwinError(
                    400,
                    "idempotency_error",
                    f"Keys for idempotent requests can only be used with the same parameters they were first used "
                    f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                )
            return Reply(before["status"], before["body"].encode(), _replayed(before["request"]))
        reply = json_reply(200, self._handle(call, template, id))
        world.answers[key] = {"mark": mark, "status": 200, "body": reply.body.decode(), "request": id}
        return reply

    def _handle(self, call: Call, template: str, id: str) -> dict[str, Any]:
        world = self.world
        world.request = {"id": id, "idempotency_key": call.idempotency_key}
        paths = call.params.pop("expand", [])
        try:
            answer = public(handler_of(ROUTES, call.method, template)(world, call))
        finally:
            world.request = {"id": None, "idempotency_key": None}
            if call.method != "GET":
                world.dirty.set()
        answer = expand(world, answer, paths)
        gate.check_answer(answer)
        return dict(answer)


def handler_of(table: Table, method: str, template: str) -> Any:
    return table.entries[method, template]


def _replayed(first: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "Idempotent-Replayed": "true", "Original-Request": first}


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise invalid("The body is not form-encoded.") from None


def _authenticate(request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except ValueError:
            given = ""
    if not given:
        raise TwinError(401, "invalid_request_error", "You did not provide an API key.")
    if given.startswith(("sk_live_", "rk_live_")):
        raise TwinError(401, "invalid_request_error", "This is the twin: it never takes a live key.")
    if not given.startswith(("sk_test_", "rk_test_")):
        raise TwinError(401, "invalid_request_error", f"Invalid API Key provided: {given[:8]}***")
