"""Bringing our rows up to Stripe's state: the only writer of the mirror, always from a fresh fetch."""

from billing.sync.choice import choose
from billing.sync.customer import Look, detach, look_at, regrant, sync_customer
from billing.sync.mirror import Difference

__all__ = ["Difference", "Look", "choose", "detach", "look_at", "regrant", "sync_customer"]
