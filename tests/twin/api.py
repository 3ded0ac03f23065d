"""One API request from its bytes to its answer, in Stripe's order of checks."""

import secrets
import sys
import time
import traceback
from dataclasses import dataclass, field, replace
from typing import Any

from tests.twin import chaos, clockwork, gate
from tests.twin.errors import TwinError, invalid
from tests.twin.expand import check_paths, expand
from tests.twin.forms import decode
from tests.twin.idempotency import Answers
from tests.twin.replies import Reply, Request, authenticate, json_reply
from tests.twin.resources.webhook_endpoints import add_endpoint
from tests.twin.routing import ROUTES, UNDOCUMENTED, Call, Handler
from tests.twin.table import shape
from tests.twin.world import API_VERSION, World, public


@dataclass(frozen=True)
class Found:
    """What a request leads to: the address as the SDK writes it, and the function that answers."""

    method: str
    template: str
    path_args: dict[str, str]
    handler: Handler
    documented: bool = True


@dataclass
class Twin:
    """The running twin: its world, what was asked of it, and what went wrong inside it."""

    world: World
    webhook_secret: str | None = None
    calls: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)

    def start(self, seed: str | None = None, start: int | None = None, webhook: str | None = None) -> None:
        """Begin with an empty account, with one endpoint for all events if there is an address for it."""
        with self.world.lock:
            self.world.clear(seed, start)
            self.calls.clear()
            self.crashes.clear()
            self.point_to(webhook)

    def point_to(self, webhook: str | None) -> None:
        """Sign with the secret of this run and have one endpoint for all events there, in an older world too."""
        world = self.world
        endpoints = list(world.table("webhook_endpoint").values())
        if self.webhook_secret:
            world.settings["webhook_secret"] = self.webhook_secret
            for endpoint in endpoints:
                endpoint["_secret"] = self.webhook_secret
        if webhook and webhook not in [endpoint["url"] for endpoint in endpoints]:
            ours = next((endpoint for endpoint in endpoints if endpoint.get("_ours")), None)
            if ours is None:
                ours = add_endpoint(world, webhook, ["*"], api_version=API_VERSION)
            ours.update(url=webhook, _ours=True)

    def count(self, method: str, template: str, verdict: str) -> None:
        seen = self.calls.setdefault((method, template), {})
        seen[verdict] = seen.get(verdict, 0) + 1

    def answer(self, request: Request) -> Reply:
        """The answer to a request below /v1. Never raises."""
        id = f"req_{secrets.token_hex(7)}"
        try:
            reply = self._serve(request, id)
        except TwinError as error:
            reply = json_reply(error.status, error.body())
        except Exception:
            self.crashed(request)
            reply = json_reply(500, {"error": {"type": "api_error", "message": "The twin itself failed; see its log."}})
        headers = {"Request-Id": id, "Stripe-Version": API_VERSION, **reply.headers}
        return replace(reply, headers=headers)

    def crashed(self, request: Request) -> None:
        """Note the exception that is being handled: a failure of the twin itself, which fails the test at its end."""
        self.crashes.append(f"{request.method} {request.path}\n{traceback.format_exc()}")
        print(self.crashes[-1], file=sys.stderr, flush=True)

    def _serve(self, request: Request, id: str) -> Reply:
        authenticate(request.headers.get("authorization", ""))
        if request.headers.get("stripe-version", API_VERSION) != API_VERSION:
            raise invalid(f"The twin speaks API version {API_VERSION} only.")
        found = self._find(request)
        call = self._checked(request, found)
        operation = f"{found.method} {found.template}"
        answers = Answers(self.world, call, id)
        with self.world.lock:
            slow = self._mishaps(operation, answers)
            lost = chaos.strike(self.world, "time_out", operation)
        with answers.in_flight(self.busy):
            if slow:
                time.sleep(slow)
            with self.world.lock:
                clockwork.run_until(self.world, self.world.now())
                reply = answers.once(lambda: self._handle(call, found, id))
        return reply if lost is None else replace(reply, cut=True, wait=lost.get("seconds", 0))

    def _mishaps(self, operation: str, answers: Answers) -> float:
        """How long to be slow. Raises TwinError 500 or 429 if that was ordered."""
        if chaos.strike(self.world, "rate_limit", operation):
            raise chaos.too_many()
        failed = chaos.strike(self.world, "fail_500", operation)
        if failed is not None:
            if failed.get("sticky"):
                answers.keep(json_reply(500, chaos.failure().body()))
            raise chaos.failure()
        slow = chaos.strike(self.world, "slow", operation)
        return float(slow.get("seconds", 0.3)) if slow else 0.0

    def _find(self, request: Request) -> Found:
        """Raises TwinError 404 for an address that the SDK does not know, 501 for one that the twin does not."""
        method, path = request.method, request.path
        template = gate.match(method, path)
        if template is None:
            hidden = UNDOCUMENTED.match(method, path)
            if hidden is None:
                self.count(method, path, "unknown")
                raise TwinError(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).")
            return Found(method, *hidden, UNDOCUMENTED.entries[method, hidden[0]], documented=False)
        found = ROUTES.match(method, path)
        if found is None or shape(found[0]) != shape(template):
            self.count(method, template, "not implemented")
            raise TwinError(501, "api_error", f"The twin does not do {method} {template} yet.")
        return Found(method, template, found[1], ROUTES.entries[method, found[0]])

    def _checked(self, request: Request, found: Found) -> Call:
        method, template = found.method, found.template
        params = decode(request.query if method != "POST" else _text(request.body))
        if found.documented:
            try:
                params = gate.check(method, template, params)
            except TwinError:
                self.count(method, template, "refused")
                raise
        self.count(method, template, "passed" if found.documented else "undocumented")
        key = request.headers.get("idempotency-key") or None
        return Call(method, found.path_args, params, key, request.base_url, request.path)

    def _handle(self, call: Call, found: Found, id: str) -> dict[str, Any]:
        world = self.world
        world.request = {"id": id, "idempotency_key": call.idempotency_key}
        paths = call.params.pop("expand", [])
        check_paths(call, paths)
        try:
            answer = public(found.handler(world, call))
        finally:
            world.request = {"id": None, "idempotency_key": None}
            if call.method != "GET":
                world.dirty.set()
        answer = expand(world, answer, paths)
        gate.check_answer(call.method, call.path, answer)
        return dict(answer)


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise invalid("The body is not form-encoded.") from None
