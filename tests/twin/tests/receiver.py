"""A webhook endpoint that a test can look into."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe
from django.conf import settings

from tests.races import wait_for


class Receiver(ThreadingHTTPServer):
    """An endpoint that notes what it gets and answers with the next of `answers` (then with 200)."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        self.at_once = 0  # how many are being received right now
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), ReceiverHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def wait_for(self, many: int) -> None:
        """Until that many are being received at once. Raises TimeoutError after 20 s."""
        wait_for(lambda: self.at_once >= many, 20)

    def events(self) -> list[stripe.Event]:
        """What arrived, each checked by the SDK as the product does it."""
        secret = settings.STRIPE_WEBHOOK_SECRETS[0]
        with self.lock:
            return [stripe.Webhook.construct_event(body, header, secret) for body, header in self.got]

    def names(self) -> list[str]:
        """The names of the customers, in the order of arrival."""
        return [event.data.object["name"] for event in self.events()]


class ReceiverHandler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        here = self.server
        with here.lock:
            here.at_once += 1
            status = here.answers.pop(0) if here.answers else 200
        here.may_answer.wait(20)
        with here.lock:
            here.got.append((body, self.headers["Stripe-Signature"]))
            here.at_once -= 1
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if 300 <= status < 400:
            self.send_header("Location", here.url)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""
