"""Making our rows equal to what Stripe answered. The caller holds the account's row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import models

from billing.entitlement import LIVE_STATUSES
from billing.gateway.types import LiveCustomer, LiveInvoice, LiveSubscription
from billing.models import BillingAccount, Invoice, Subscription
from billing.sync.choice import duplicates, past_due_since

ACCOUNT_FIELDS = ("currency", "card_brand", "card_last4", "card_expires")
# An invoice with another status is in every answer of Stripe's, however old it is.
SETTLED = ("paid", "void", "uncollectible")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a row that was not as Stripe has it. `field` is "" for a row that was missing, or is gone."""

    row: str
    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name}: {self.before or 'nothing'} -> {self.after or 'nothing'}"

    @property
    def name(self) -> str:
        """The place alone, without values: fit for an alert."""
        return f"{self.row} {self.field}".strip()

    @property
    def has_event(self) -> bool:
        """Whether Stripe tells of such a change by an event that we asked for; cards and drafts change silently."""
        settled = self.field in ("", "status") and self.after in SETTLED
        return self.row.startswith("subscription") or (self.row.startswith("invoice") and settled)


def live_row(account: BillingAccount) -> Subscription | None:
    return account.subscriptions.live().first()


def as_fetched(row: Subscription) -> LiveSubscription:
    """Our row in the form of a fetched one, to compare the two."""
    values = {field.name: getattr(row, field.name) for field in fields(LiveSubscription) if field.name != "id"}
    return LiveSubscription(id=row.stripe_id, **values)


def mirror(account: BillingAccount, customer: LiveCustomer, now: datetime) -> list[Difference]:
    """Writes the account's card and currency, its subscriptions and its invoices; gives what was different."""
    return [
        *_mirror_account(account, customer, now),
        *_mirror_subscriptions(account, customer, now),
        *_mirror_invoices(account, customer.invoices),
    ]


def _mirror_account(account: BillingAccount, customer: LiveCustomer, now: datetime) -> list[Difference]:
    # Stripe fixes a customer's currency with its first invoice; until then it has none to tell.
    wanted = {name: getattr(customer, name) for name in ACCOUNT_FIELDS}
    wanted["currency"] = customer.currency or account.currency
    found = _set(account, "account", wanted)
    account.synced_at = now
    account.save(update_fields=[*ACCOUNT_FIELDS, "synced_at"])
    return found


def _mirror_subscriptions(account: BillingAccount, customer: LiveCustomer, now: datetime) -> list[Difference]:
    """At most one row is live at every step: what has ended is written before what began.

    A live duplicate has no row. It gets one when it is ended, so the mirror can be relied on to name one subscription.
    """
    surplus = {one.id for one in duplicates(customer.subscriptions)}
    rows = {row.stripe_id: row for row in account.subscriptions.all()}
    wanted = {one.id: one for one in customer.subscriptions if one.id not in surplus}
    found: list[Difference] = []
    for stripe_id, row in rows.items():
        if stripe_id in surplus:
            row.delete()
            found.append(Difference(f"subscription {stripe_id}", "", row.status, "a second one, left out"))
        elif stripe_id not in wanted:
            found += _end(row, now)
    for one in sorted(wanted.values(), key=lambda one: one.status in LIVE_STATUSES):
        known = rows.get(one.id)
        values = _values(one)
        since = known.past_due_since if known else None
        values["past_due_since"] = past_due_since(one, customer.invoices, since, now)
        found += _upsert(known, Subscription(account=account, stripe_id=one.id), f"subscription {one.id}", values)
    return found


def _end(row: Subscription, now: datetime) -> list[Difference]:
    """A subscription that Stripe does not know any more."""
    if row.ended_at is not None:
        return []
    nothing_planned: dict[str, Any] = {"schedule_id": "", "next_plan": "", "next_interval": "", "next_at": None}
    nothing_pending: dict[str, Any] = {"pending_plan": "", "pending_quantity": None, "pending_until": None}
    ended = {"status": "canceled", "ended_at": now, "past_due_since": None}
    found = _set(row, f"subscription {row.stripe_id}", {**ended, **nothing_planned, **nothing_pending})
    row.save()
    return found


def _mirror_invoices(account: BillingAccount, invoices: Iterable[LiveInvoice]) -> list[Difference]:
    """Older invoices than Stripe was asked for stay, but for open ones: those would have been in the answer."""
    rows = {row.stripe_id: row for row in account.invoices.all()}
    found: list[Difference] = []
    seen = set()
    for one in invoices:
        seen.add(one.id)
        row = Invoice(account=account, stripe_id=one.id)
        found += _upsert(rows.get(one.id), row, f"invoice {one.id}", _values(one))
    gone = [row for row in rows.values() if row.stripe_id not in seen and row.status not in SETTLED]
    for row in gone:
        row.delete()
        found.append(Difference(f"invoice {row.stripe_id}", "", row.status, ""))
    return found


def _values(one: LiveSubscription | LiveInvoice) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one) if field.name != "id"}


def _upsert(known: models.Model | None, new: models.Model, name: str, values: Mapping[str, Any]) -> list[Difference]:
    if known is None:
        _set(new, name, values)
        new.save(force_insert=True)
        return [Difference(name, "", "", str(values["status"]))]
    found = _set(known, name, values)
    if found:
        known.save(update_fields=[difference.field for difference in found])
    return found


def _set(row: models.Model, name: str, values: Mapping[str, Any]) -> list[Difference]:
    found = []
    for field, value in values.items():
        before = getattr(row, field)
        if before != value:
            setattr(row, field, value)
            found.append(Difference(name, field, _text(before), _text(value)))
    return found


def _text(value: object) -> str:
    return "" if value is None else str(value)
