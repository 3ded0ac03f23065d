"""What Stripe refuses when a checkout session is made; what the twin does not know at all is answered with 501."""

from typing import Any

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import needed, reference
from tests.twin.resources.subscriptions.checks import check_currency
from tests.twin.world import Row, World

HALF_HOUR, DAY = 1800, 86_400
KNOWN = {
    "adaptive_pricing",
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "automatic_tax",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_update",
    "discounts",
    "expires_at",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "payment_method_collection",
    "subscription_data",
    "success_url",
    "tax_id_collection",
    "ui_mode",
}


def check_scope(params: dict[str, Any]) -> None:
    needed(params, "mode", "success_url", "line_items")
    beyond = sorted(set(params) - KNOWN)
    if params["mode"] != "subscription" or params.get("ui_mode", "hosted_page") != "hosted_page" or beyond:
        raise TwinError(501, "api_error", f"The twin knows hosted pages of mode subscription, and not: {beyond}.")
    allowed = params.get("allowed_payment_method_types", ["card"])
    if "card" not in allowed or params.get("payment_method_collection", "always") != "always":
        raise TwinError(501, "api_error", "The twin takes cards only, and always one.")
    if extra := sorted(set(params.get("subscription_data", {})) - {"metadata", "description"}):
        raise TwinError(501, "api_error", f"The twin does not know subscription_data {extra}.")
    if len(params.get("client_reference_id", "")) > 200:
        raise invalid("Invalid string: must be at most 200 characters", "client_reference_id")


def known_customer(world: World, params: dict[str, Any]) -> Row:
    id = params.get("customer")
    if id is None:
        raise TwinError(501, "api_error", "The twin wants an existing customer for Checkout.")
    return reference(world, "customer", id, "customer")


def known_price(world: World, item: dict[str, Any], index: int) -> Row:
    param, quantity = f"line_items[{index}][price]", f"line_items[{index}][quantity]"
    if "price" not in item or set(item) - {"price", "quantity"}:
        raise TwinError(501, "api_error", "The twin wants price and quantity in line_items, nothing else.")
    price = reference(world, "price", item["price"], param)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param)
    if price["billing_scheme"] != "per_unit" or price["unit_amount"] is None:
        raise TwinError(501, "api_error", "The twin knows prices per unit only.")
    if item.get("quantity") is None:
        raise invalid(f"Quantity is required. Add `quantity` to `line_items[{index}]`", quantity)
    if item["quantity"] < 1:
        raise invalid("This value must be greater than or equal to 1.", quantity)
    return price


def check_prices(prices: list[Row], customer: Row) -> None:
    recurring = [price["recurring"] for price in prices if price["recurring"]]
    if not recurring:
        raise invalid("You must provide at least one recurring price in `subscription` mode when using prices.")
    if len(recurring) < len(prices):
        raise TwinError(501, "api_error", "The twin knows recurring prices only.")
    if len({(item["interval"], item["interval_count"]) for item in recurring}) > 1:
        raise invalid("Checkout does not support multiple prices with different billing intervals.", "line_items")
    if len({price["currency"] for price in prices}) > 1:
        raise invalid("All prices must have the same currency.", "line_items")
    check_currency(customer, prices[0]["currency"])


def check_customer_update(params: dict[str, Any], customer: Row) -> None:
    update = params.get("customer_update", {})
    if params.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
        raise invalid(
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an "
            "existing customer, please set `customer_update[name]` to `auto`.",
            "customer_update",
        )
    if params.get("automatic_tax", {}).get("enabled") and update.get("address") != "auto" and not customer["address"]:
        raise invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to "
            "the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' "
            "to save the address entered in Checkout to the Customer."
        )


def expiry(world: World, customer: str, params: dict[str, Any], now: int) -> int:
    """The clock of whoever asks stays behind when only the world's is moved on; then its time is moved on as far."""
    at = int(params.get("expires_at", now + DAY))
    if not now + HALF_HOUR <= at <= now + DAY and world.clock_of(customer) is None:
        at += world.offset
    bound = "at least 30 minutes" if at < now + HALF_HOUR else "less than 24 hours" if at > now + DAY else None
    if bound:
        raise invalid(f"The `expires_at` timestamp must be {bound} from Checkout Session creation.", "expires_at")
    return at


def known_discount(world: World, params: dict[str, Any]) -> tuple[str | None, str | None]:
    """Ids of the promotion code and the coupon that the caller gives from the start."""
    given = params.get("discounts")
    if not given:
        return None, None
    if params.get("allow_promotion_codes") is not None:
        raise invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.")
    if len(given) > 1:
        raise invalid("You may only specify up to 1 discount.", "discounts")
    if code := given[0].get("promotion_code"):
        row = reference(world, "promotion_code", code, "discounts[0][promotion_code]")
        return code, str(row["promotion"]["coupon"])
    return None, reference(world, "coupon", given[0]["coupon"], "discounts[0][coupon]")["id"]
