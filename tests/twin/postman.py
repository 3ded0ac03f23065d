"""The thread that carries webhooks to their endpoints over HTTP."""

import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tests.twin import deliveries
from tests.twin.world import Row, World

TIMEOUT = 10.0
LARGEST_BURST = 16


class Postman(threading.Thread):
    """Sends what is due, one after another; under the chaos `burst` all that is due at the same moment."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True, name="postman")
        self.world = world
        self.pool = ThreadPoolExecutor(LARGEST_BURST, thread_name_prefix="burst")

    def run(self) -> None:
        while True:
            self.world.post.wait(timeout=0.05 if self.world.deliveries else 1)
            self.world.post.clear()
            self.round()

    def round(self) -> None:
        """Send everything that is due now."""
        with self.world.lock:
            rows = deliveries.due_now(self.world)
            burst = bool(self.world.chaos.get("burst"))
        if burst:
            list(self.pool.map(self.carry, rows))
        else:
            for row in rows:
                self.carry(row)

    def carry(self, row: Row) -> None:
        """One attempt. The world is not locked meanwhile: the receiver may well ask the API before it answers."""
        with self.world.lock:
            letter = deliveries.signed(self.world, row) if row["state"] == "queued" else None
        if letter is None:
            return
        status = post(letter)
        with self.world.lock:
            deliveries.attempted(self.world, row, status)


def post(letter: Row) -> int | None:
    """The receiver's status; None if it did not answer in time."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": letter["signature"],
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    request = urllib.request.Request(letter["url"], letter["payload"].encode(), headers, method="POST")
    try:
        with OPENER.open(request, timeout=TIMEOUT) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):
        return None


class Straight(urllib.request.HTTPRedirectHandler):
    """A webhook is never redirected: the answer 3xx counts as a failure, as with Stripe."""

    def redirect_request(self, *arguments: object) -> None:
        return None


OPENER = urllib.request.build_opener(Straight, urllib.request.ProxyHandler({}))
