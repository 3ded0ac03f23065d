"""Two ways for a test to ask the twin: Stripe's own client, and plain HTTP."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import stripe


def sdk(url: str, retries: int = 0) -> stripe.StripeClient:
    """Stripe's own client with all its addresses turned to the twin."""
    bases: Any = dict.fromkeys(("api", "files", "connect", "meter_events"), url)
    return stripe.StripeClient("sk_test_twin", base_addresses=bases, max_network_retries=retries)


def raw(url: str, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, dict[str, Any], Any]:
    """One request without the SDK: (status, JSON, headers)."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    given = {"Authorization": "Bearer sk_test_1", "Content-Type": "application/x-www-form-urlencoded", **headers}
    connection.request(method, path, body, {name: value for name, value in given.items() if value})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text), answer.headers
