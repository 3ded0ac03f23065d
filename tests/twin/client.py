"""Orders from a test to the twin, and the twin's webhooks carried by hand."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from django.test import Client

from tests.twin.clicks import Clicks
from tests.twin.postman import post

Row = dict[str, Any]
WEBHOOK = "/webhooks/stripe"


class TwinClient(Clicks):
    """The running twin at `url`. With `expects_refusals` a test may send what the gate or the router refuses."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.expects_refusals = False

    # Orders

    def order(self, method: str, name: str, **order: Any) -> Row:
        """One order under /_twin/. Raises AssertionError with the twin's words if it was refused."""
        body = json.dumps(order).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self.url}/_twin/{name}", body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer: Row = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {name}: {error.read().decode()}") from None

    def reset(self, **order: Any) -> None:
        """An empty account: `seed`, `start` (epoch s) and `webhook` (address of an endpoint for all events)."""
        self.order("POST", "reset", **order)

    def advance(self, **by: float) -> int:
        """Move time by `seconds=` or `days=`, or `to=` a time; gives the twin's time then."""
        return int(self.order("POST", "advance", **by)["now"])

    def now(self) -> int:
        return int(self.order("GET", "state")["now"])

    def chaos(self, **switches: Any) -> None:
        """Turn mishaps on and (with False) off, see `tests.twin.chaos`."""
        self.order("POST", "chaos", **switches)

    def settings(self, **settings: Any) -> None:
        """What Stripe has in its dashboard."""
        self.order("POST", "settings", **settings)

    def truth(self, table: str) -> list[Row]:
        """The rows of one table ("subscription", "checkout.session", ...), oldest first."""
        return list(self.order("GET", "truth").get(table, {}).values())

    def calls(self) -> list[Row]:
        """`{method, template, passed, refused, unknown, not implemented}` for each operation asked for."""
        return list(self.order("GET", "calls")["calls"])

    def crashes(self) -> list[str]:
        """Failures of the twin itself."""
        return list(self.order("GET", "calls")["crashes"])

    # Webhooks

    def deliveries(self, state: str | None = None) -> list[Row]:
        rows: list[Row] = self.order("GET", "deliveries")["deliveries"]
        return [row for row in rows if state in (None, row["state"])]

    def held(self) -> list[Row]:
        """The deliveries that wait to be let go."""
        return self.deliveries("held")

    def release(self, order: str = "given", which: list[str] | None = None) -> int:
        """Let the twin itself send what is held; gives how many."""
        return int(self.order("POST", "deliver", order=order, which=which)["sent"])

    def letters(self, order: str = "given", which: list[str] | None = None) -> list[Row]:
        """What is held as `{id, event, type, url, payload, signature}`, signed now. Nothing counts as delivered."""
        return list(self.order("POST", "deliver", order=order, which=which, pull=True)["letters"])

    def deliver_to(
        self, receiver: Client | str, order: str = "given", which: list[str] | None = None, path: str = WEBHOOK
    ) -> list[int]:
        """Carry what is held to the product (a Django test client or a base URL); gives the answers' statuses.

        What is answered with another status than 2xx stays held, so that a second call is Stripe's retry.
        """
        results: dict[str, int | None] = {}
        for letter in self.letters(order, which):
            if isinstance(receiver, str):
                results[letter["id"]] = post({**letter, "url": receiver.rstrip("/") + path})
            else:
                answer = receiver.post(
                    path,
                    data=letter["payload"],
                    content_type="application/json; charset=utf-8",
                    headers={"Stripe-Signature": letter["signature"]},
                )
                results[letter["id"]] = answer.status_code
        self.order("POST", "report", results=results)
        return [status or 0 for status in results.values()]

    def settle(self, timeout: float = 30) -> None:
        """Wait until every webhook that is due has been sent. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while self.order("GET", "state")["due"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Webhooks are still unsent after {timeout} s: {self.deliveries('queued')}")
            time.sleep(0.02)
