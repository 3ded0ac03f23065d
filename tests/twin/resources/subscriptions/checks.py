"""What Stripe refuses about subscriptions, in its words."""

from collections.abc import Iterable

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import reference
from tests.twin.resources.periods import DAY
from tests.twin.resources.subscriptions.rows import ENDED, interval_of
from tests.twin.world import Row, World

NOT_DONE = (
    "add_invoice_items",
    "application_fee_percent",
    "backdate_start_date",
    "billing_cycle_anchor_config",
    "billing_schedules",
    "billing_thresholds",
    "customer_account",
    "default_source",
    "default_tax_rates",
    "invoice_settings",
    "on_behalf_of",
    "pause_collection",
    "pending_invoice_item_interval",
    "transfer_data",
    "trial_from_plan",
)
WITH_PENDING = {
    "billing_cycle_anchor",
    "expand",
    "items",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
}
WITH_PENDING_ITEM = {"deleted", "id", "price", "quantity"}
INVOICES_A_DAY = 20
WHEN_ENDED = {"cancellation_details", "expand", "metadata"}
WHEN_INCOMPLETE = {"default_payment_method", "description", "expand", "metadata", "payment_settings"}


def check_done(params: Row) -> None:
    """Raises TwinError 501 for what only Stripe itself can do: a test must not pass by accident."""
    mode = params.get("billing_mode") or {"type": "flexible"}
    other = mode["type"] != "flexible" or (mode.get("flexible") or {}).get("proration_discounts") == "itemized"
    if other or params.get("collection_method", "charge_automatically") != "charge_automatically":
        raise TwinError(501, "api_error", "The twin does flexible billing that charges automatically, nothing else.")
    if name := next((name for name in NOT_DONE if params.get(name)), None):
        raise TwinError(501, "api_error", f"The twin does not do `{name}` of subscriptions.")


def check_open(subscription: Row, params: Row) -> None:
    """Raises TwinError 400 if a subscription in this status cannot take these changes."""
    names = set(params)
    if subscription["status"] in ENDED and names - WHEN_ENDED:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if subscription["status"] == "incomplete" and names - WHEN_INCOMPLETE:
        raise invalid(
            "You cannot update a subscription in `incomplete` status in a way that results in new charges or invoices."
        )
    if subscription["schedule"] and names & {"cancel_at", "cancel_at_period_end"}:
        raise invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead."
        )


def check_pending(params: Row) -> None:
    """Raises TwinError 400 for what `pending_if_incomplete` does not go with."""
    if params.get("payment_behavior") != "pending_if_incomplete":
        return
    wrong = sorted(set(params) - WITH_PENDING)
    wrong += sorted({name for item in params.get("items", []) for name in item} - WITH_PENDING_ITEM)
    if wrong:
        names = ", ".join(f"`{name}`" for name in wrong)
        raise invalid(
            "When `payment_behavior` is set to `pending_if_incomplete`, you can only pass supported params. "
            f"{names} is not supported.",
            wrong[0],
        )


def check_rate(world: World, subscription: Row) -> None:
    """Raises TwinError 429 for one invoice too many in a day."""
    since = world.now(subscription["customer"]) - DAY
    made = [row for row in world.rows("invoice", _subscription=subscription["id"]) if row["created"] > since]
    if len(made) >= INVOICES_A_DAY:
        message = "Too many invoices for this subscription within a day. Try again later."
        raise TwinError(429, "invalid_request_error", message, code="rate_limit")


def checked_price(world: World, id: str, param: str, currency: str | None) -> Row:
    """The active, recurring price of that currency. Raises TwinError 400."""
    price = reference(world, "price", id, param)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param)
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param,
        )
    if currency is not None and price["currency"] != currency:
        raise invalid(
            f"The price specified only supports `{price['currency']}`. This doesn't match the expected currency: "
            f"`{currency}`.",
            param,
        )
    return price


def check_currency(customer: Row, currency: str) -> None:
    """Raises TwinError 400 for a second currency."""
    if customer["currency"] not in (None, currency):
        raise invalid(
            "You cannot combine currencies on a single customer. This customer has an active subscription, "
            f"subscription schedule, discount, quote, or invoice item with currency {customer['currency']}."
        )


def checked_quantity(value: object, param: str) -> int:
    """Raises TwinError 400 for anything but a whole number from one on."""
    number = int(str(value))
    if number < 1:
        raise invalid("Invalid integer: quantity must be at least 1.", param, code="parameter_invalid_integer")
    return number


def check_together(items: Iterable[Row]) -> None:
    """Raises TwinError for items that cannot be in one subscription."""
    items = list(items)
    if not items:
        raise invalid(
            "A subscription must have at least one active item. To cancel it, delete the subscription.", "items"
        )
    prices = [item["price"]["id"] for item in items]
    if len(set(prices)) < len(prices):
        raise invalid(f"Cannot add multiple subscription items with the same price: {prices[0]}", "items")
    if len({interval_of(item["price"]) for item in items}) > 1:
        raise TwinError(501, "api_error", "The twin does not do items of different intervals.")
