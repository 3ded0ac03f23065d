"""The outbox: every write to Stripe is a row first, made in the transaction that decides on it.

`perform` claims a row, freezes what it will send, calls Stripe outside any transaction, and writes the outcome. A
worker that dies in between is followed by another that sends the same key and body again, and Stripe answers without
doing it twice.
"""

from billing.changes.freezing import direction, lacks_seats, seats_for
from billing.changes.outbox import due_accounts, perform, request_change, work
from billing.changes.sweeps import accounts_to_sync, find_work

__all__ = [
    "accounts_to_sync",
    "direction",
    "due_accounts",
    "find_work",
    "lacks_seats",
    "perform",
    "request_change",
    "seats_for",
    "work",
]
