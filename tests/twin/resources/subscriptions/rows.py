"""Subscriptions and their items as JSON rows."""

from collections.abc import Iterator
from copy import deepcopy

from tests.twin.resources.changes import merge_metadata
from tests.twin.resources.prices import plan_of
from tests.twin.world import Row, World, public

ENDED = ("canceled", "incomplete_expired")
RUNNING = ("trialing", "active", "past_due", "unpaid")
BLANK: Row = {
    "object": "subscription",
    "application": None,
    "application_fee_percent": None,
    "billing_cycle_anchor_config": None,
    "billing_schedules": [],
    "billing_thresholds": None,
    "cancel_at": None,
    "cancel_at_period_end": False,
    "canceled_at": None,
    "cancellation_details": {"comment": None, "feedback": None, "feedback_option": None, "reason": None},
    "collection_method": "charge_automatically",
    "customer_account": None,
    "days_until_due": None,
    "default_source": None,
    "default_tax_rates": [],
    "discounts": [],
    "ended_at": None,
    "invoice_settings": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": {"account": None, "type": "self"},
    },
    "latest_invoice": None,
    "livemode": False,
    "managed_payments": None,
    "metadata": {},
    "next_pending_invoice_item_invoice": None,
    "on_behalf_of": None,
    "pause_collection": None,
    "pending_invoice_item_interval": None,
    "pending_setup_intent": None,
    "pending_update": None,
    "schedule": None,
    "status": "active",
    "status_details": None,
    "transfer_data": None,
    "trial_end": None,
    "trial_start": None,
    "_pending": None,  # the change that waits for its invoice to be paid
    "_owed": None,  # the invoice whose failure made it past due
    "_warned": False,  # whether trial_will_end was told
}
NOTHING_BILLED: Row = {"amount": 0, "start": 0, "end": 0, "quantity": 0, "invoice": None, "line": None}


def live(world: World, customer: str | None = None) -> Iterator[Row]:
    """Subscriptions that have not ended."""
    for row in world.table("subscription").values():
        if row["status"] not in ENDED and customer in (None, row["customer"]):
            yield row


def new_item(world: World, subscription: str, price: Row, quantity: int, period: tuple[int, int]) -> Row:
    """An item for which nothing was billed yet."""
    return {
        "id": world.new_id("si"),
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": world.now(),
        "current_period_end": period[1],
        "current_period_start": period[0],
        "current_trial": None,
        "discounts": [],
        "metadata": {},
        "plan": plan_of(price),
        "price": public(price),
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
        "_billed": dict(NOTHING_BILLED),
    }


def new_subscription(world: World, id: str, customer: Row, items: list[Row], params: Row) -> Row:
    """The row with the plain parameters of a create request on it; status and time are for the caller to set."""
    now = world.now(customer["id"])
    row: Row = {
        **deepcopy(BLANK),
        "id": id,
        "automatic_tax": automatic_tax(params),
        "billing_cycle_anchor": now,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": now},
        "created": now,
        "currency": items[0]["price"]["currency"],
        "customer": customer["id"],
        "default_payment_method": params.get("default_payment_method"),
        "description": params.get("description"),
        "items": {"object": "list", "data": items, "has_more": False, "url": _items_url(id)},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
            **(params.get("payment_settings") or {}),
        },
        "start_date": now,
        "test_clock": customer["test_clock"],
        "trial_settings": trial_settings(params.get("trial_settings")),
    }
    merge_metadata(row, params)
    return row


def automatic_tax(params: Row) -> Row:
    enabled = bool((params.get("automatic_tax") or {}).get("enabled"))
    liability = {"account": None, "type": "self"} if enabled else None
    return {"disabled_reason": None, "enabled": enabled, "liability": liability}


def trial_settings(given: Row | None) -> Row:
    behaviour = (given or {}).get("end_behavior") or {}
    return {
        "end_behavior": {
            "billing_cycle_anchor": behaviour.get("billing_cycle_anchor"),
            "missing_payment_method": behaviour.get("missing_payment_method", "create_invoice"),
        }
    }


def _items_url(id: str) -> str:
    return f"/v1/subscription_items?subscription={id}"


def items_of(subscription: Row) -> list[Row]:
    items: list[Row] = subscription["items"]["data"]
    return items


def put_items(subscription: Row, items: list[Row]) -> None:
    subscription["items"]["data"] = items


def period_end(subscription: Row) -> int:
    """The end of the period that ends first."""
    return min(int(item["current_period_end"]) for item in items_of(subscription))


def interval_of(price: Row) -> tuple[str, int]:
    return price["recurring"]["interval"], int(price["recurring"]["interval_count"])


def name_of(world: World, price: Row) -> str:
    """The name of the product that the price is for."""
    return str(world.get("product", price["product"])["name"])
