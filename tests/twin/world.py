"""Everything the twin knows: tables of plain JSON rows, and its own time."""

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import stripe

from tests.twin import deliveries, gate
from tests.twin.errors import missing

API_VERSION = str(stripe.api_version)  # of the installed SDK: its types are what the twin is held to
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 24
SHORT_IDS = {"cus": 14, "prod": 14}

Row = dict[str, Any]


def public(value: Any, key: str | None = None) -> Any:
    """A deep copy without the twin's private keys (those that start with `_`); metadata is the user's own."""
    if isinstance(value, dict):
        mine = key == "metadata"
        return {name: public(item, name) for name, item in value.items() if mine or not name.startswith("_")}
    if isinstance(value, list):
        return [public(item) for item in value]
    return value


class World:
    """The state of one account. Whoever touches it from a thread holds `lock`."""

    base_url = ""  # where the twin answers; the server sets it, hosted invoices are addressed with it

    def __init__(self, seed: str | None = None, start: int | None = None) -> None:
        self.lock = threading.RLock()
        self.dirty = threading.Event()  # set when there is something to save
        self.post = threading.Event()  # set when there may be something to deliver
        self.request: dict[str, Any] = {"id": None, "idempotency_key": None}
        self._moment: int | None = None
        self.clear(seed, start)

    def clear(self, seed: str | None = None, start: int | None = None) -> None:
        """An empty account. The same seed gives the same ids again; `start` is the time it begins at (epoch s)."""
        self.tables: dict[str, dict[str, Row]] = {}
        self.deliveries: list[Row] = []
        self.chaos: Row = {}
        self.settings: Row = {}
        self.answers: dict[str, Row] = {}
        self.seed = secrets.token_hex(8) if seed is None else seed
        self.offset = 0 if start is None else start - int(time.time())
        self._made = 0
        self.dirty.set()

    # Rows

    def table(self, name: str) -> dict[str, Row]:
        return self.tables.setdefault(name, {})

    def add(self, row: Row) -> Row:
        """Store a new row under its own `object` and `id`, and give it back."""
        self.table(row["object"])[row["id"]] = row
        return row

    def get(self, table: str, id: str, param: str = "id") -> Row:
        """The row itself (changing it changes the world). Raises TwinError 404 `resource_missing`."""
        row = self.table(table).get(id)
        if row is None:
            raise missing(table, id, param)
        return row

    def rows(self, table: str, **equal: Any) -> list[Row]:
        """The rows whose fields have these values, newest first, as Stripe lists them."""
        found = [row for row in self.table(table).values() if all(row.get(key) == equal[key] for key in equal)]
        return found[::-1]

    def find(self, id: str) -> Row | None:
        """The row with this id in whatever table."""
        return next((rows[id] for rows in self.tables.values() if id in rows), None)

    def new_id(self, prefix: str) -> str:
        """`<prefix>_<letters and digits>`, never given before in this account."""
        self._made += 1
        number = int.from_bytes(hashlib.sha256(f"{self.seed}:{prefix}:{self._made}".encode()).digest(), "big")
        letters = ""
        for _ in range(SHORT_IDS.get(prefix, ID_LENGTH)):
            number, digit = divmod(number, len(ALPHABET))
            letters += ALPHABET[digit]
        return f"{prefix}_{letters}"

    # Time

    def now(self, customer: str | None = None) -> int:
        """Epoch seconds: of the customer's test clock if it has one, else real time moved on by `offset`."""
        if self._moment is not None:
            return self._moment
        clock = self.clock_of(customer)
        if clock is not None:
            return int(clock["frozen_time"])
        return int(time.time()) + self.offset

    def clock_of(self, customer: str | None) -> Row | None:
        """The test clock that this customer is attached to."""
        row = self.table("customer").get(customer or "")
        name = row.get("test_clock") if row else None
        return self.table("test_helpers.test_clock").get(name) if name else None

    @contextmanager
    def at(self, moment: int) -> Iterator[None]:
        """Within this block it is that time for everyone: the clockwork does what was due then, when it was due."""
        before, self._moment = self._moment, moment
        try:
            yield
        finally:
            self._moment = before

    # Events

    def emit(self, type: str, obj: Row, previous: Row | None = None) -> Row:
        """Record an event about `obj` as it is now and queue it for each webhook endpoint that wants it.

        `previous` is what `data.previous_attributes` shows: the former values of what changed. Raises ContractError
        for an object that Stripe would not send.
        """
        customer = obj["id"] if obj.get("object") == "customer" else obj.get("customer")
        data: Row = {"object": public(obj)}
        gate.check_object(data["object"])
        if previous is not None:
            data["previous_attributes"] = deepcopy(previous)
        event = self.add(
            {
                "id": self.new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now(customer if isinstance(customer, str) else None),
                "data": data,
                "livemode": False,
                "pending_webhooks": 0,
                "request": dict(self.request),
                "type": type,
            }
        )
        deliveries.queue(self, event)
        return event

    # Keeping

    SAVED = ("tables", "deliveries", "chaos", "settings", "answers", "seed", "offset", "_made")

    def to_json(self) -> str:
        with self.lock:
            return json.dumps({name: getattr(self, name) for name in self.SAVED}, separators=(",", ":"))

    def from_json(self, text: str) -> None:
        """Become the world that was saved. Raises ValueError or KeyError if this is not one, and changes nothing then.
        """
        saved = json.loads(text)
        values = {name: saved[name] for name in self.SAVED}
        with self.lock:
            for name, value in values.items():
                setattr(self, name, value)
            self.dirty.set()
