"""Idempotency keys: the answer to a POST is kept for a day and given again, what failed validation is not."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.twin.errors import TwinError
from tests.twin.replies import Reply, json_reply
from tests.twin.routing import Call
from tests.twin.world import World

KEPT = 86_400  # seconds
LONGEST = 255
KEPT_ERRORS = frozenset({402})  # a decline happened; other refusals came before anything was done


class Answers:
    """The answer of one call, found by its key or made now."""

    def __init__(self, world: World, call: Call, request: str) -> None:
        self.world = world
        self.key = call.idempotency_key if call.method == "POST" else None
        self.request = request
        asked = json.dumps([call.method, call.path, call.params], sort_keys=True)
        self.mark = hashlib.sha256(asked.encode()).hexdigest()
        if self.key is not None and len(self.key) > LONGEST:
            raise TwinError(400, "invalid_request_error", f"An idempotency key has at most {LONGEST} characters.")

    @contextmanager
    def in_flight(self, busy: set[str]) -> Iterator[None]:
        """Mark the key as busy. Raises TwinError 409 while another request with it runs."""
        if self.key is None:
            yield
            return
        with self.world.lock:
            if self.key in busy:
                raise TwinError(
                    409,
                    "idempotency_error",
                    f"There is currently another in-progress request using this Idempotent Key: {self.key}.",
                    code="idempotency_key_in_use",
                )
            busy.add(self.key)
        try:
            yield
        finally:
            with self.world.lock:
                busy.discard(self.key)

    def once(self, make: Callable[[], dict[str, Any]]) -> Reply:
        """The kept answer, else the one that `make` gives now. Raises TwinError 400 if the key was for something else.
        """
        if self.key is None:
            return json_reply(200, make())
        kept = self.world.answers.get(self.key)
        if kept is not None and kept["at"] > self.world.now() - KEPT:
            return self._again(kept)
        try:
            reply = json_reply(200, make())
        except TwinError as error:
            if error.status not in KEPT_ERRORS:
                raise
            reply = json_reply(error.status, error.body())
        self.keep(reply)
        return reply

    def keep(self, reply: Reply) -> None:
        """Give this answer to every further request with the key."""
        if self.key is not None:
            self.world.answers[self.key] = {
                "mark": self.mark,
                "status": reply.status,
                "body": reply.body.decode(),
                "request": self.request,
                "at": self.world.now(),
            }

    def _again(self, kept: dict[str, Any]) -> Reply:
        if kept["mark"] != self.mark:
            raise TwinError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{self.key}' if you meant to execute a different request.",
            )
        headers = {"Content-Type": "application/json", "Idempotent-Replayed": "true"}
        return Reply(kept["status"], kept["body"].encode(), {**headers, "Original-Request": kept["request"]})
