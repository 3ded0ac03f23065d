"""The HTTP client under Stripe's library. Imported at the first call, for it loads that library."""

import time
from collections.abc import Mapping
from typing import Any

import stripe

KEY = "Idempotency-Key"
REPLAYED = "idempotent-replayed"
HOUR = 3600


class Transport(stripe.RequestsClient):
    """Gets past failures that Stripe has kept.

    Stripe answers a key for a day as it did first, also when that was a failure of its own: whoever repeats the call
    would hear of it all day long. What we write is absolute (these seats, this price) or of no harm when it is there
    twice (a customer or a session that nobody heard of), so the call is made under another key; a new one each hour.
    """

    # As in `RequestsClient`, which differs from the base class in the same way.
    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        content, status, found = super().request(method, url, headers, post_data)
        key = (headers or {}).get(KEY)
        if status >= 500 and key and found.get(REPLAYED) == "true":
            again = {**(headers or {}), KEY: f"{key}-{int(time.time()) // HOUR}"}
            return super().request(method, url, again, post_data)
        return content, status, found
