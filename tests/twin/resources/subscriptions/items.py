"""The items a request asks for, from those a subscription has."""

from copy import deepcopy

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.changes import merge_metadata
from tests.twin.resources.prices import plan_of
from tests.twin.resources.subscriptions.checks import check_together, checked_price, checked_quantity
from tests.twin.resources.subscriptions.rows import items_of, new_item
from tests.twin.world import Row, World, public


def first_items(world: World, subscription: str, given: list[Row], customer: Row, currency: str | None) -> list[Row]:
    """The items of a new subscription; their periods are set later. Raises TwinError 400."""
    items: list[Row] = []
    for place, wanted in enumerate(given):
        items.append(_added(world, subscription, wanted, f"items[{place}]", currency, (0, 0)))
        currency = items[0]["price"]["currency"]
    check_together(items)
    return items


def next_items(world: World, subscription: Row, given: list[Row], period: tuple[int, int]) -> list[Row]:
    """Copies of the subscription's items as the request wants them; new ones get `period`. Raises TwinError 400."""
    items = {item["id"]: deepcopy(item) for item in items_of(subscription)}
    for place, wanted in enumerate(given):
        where = f"items[{place}]"
        if "id" not in wanted:
            added = _added(world, subscription["id"], wanted, where, subscription["currency"], period)
            items[added["id"]] = added
            continue
        if wanted["id"] not in items:
            raise invalid(
                f"No such subscription item: '{wanted['id']}'", f"{where}[id]", code="resource_missing"
            )
        if wanted.get("deleted"):
            del items[wanted["id"]]
        else:
            _change(world, items[wanted["id"]], wanted, where, subscription["currency"])
    check_together(items.values())
    return list(items.values())


def _price(world: World, wanted: Row, where: str, currency: str | None) -> Row:
    for name in ("price_data", "billing_thresholds", "current_trial", "discounts", "tax_rates"):
        if wanted.get(name):
            raise TwinError(501, "api_error", f"The twin does not do `{name}` of subscription items.")
    id = wanted.get("price") or wanted.get("plan")
    if not id:
        raise invalid(f"Missing required param: {where}[price].", f"{where}[price]", code="parameter_missing")
    return checked_price(world, id, f"{where}[price]", currency)


def _added(
    world: World, subscription: str, wanted: Row, where: str, currency: str | None, period: tuple[int, int]
) -> Row:
    price = _price(world, wanted, where, currency)
    quantity = checked_quantity(wanted.get("quantity", 1), f"{where}[quantity]")
    item = new_item(world, subscription, price, quantity, period)
    merge_metadata(item, wanted)
    return item


def _change(world: World, item: Row, wanted: Row, where: str, currency: str) -> None:
    """A new price without a quantity means one unit of it, as Stripe has it."""
    id = wanted.get("price") or wanted.get("plan")
    if id and id != item["price"]["id"]:
        price = _price(world, wanted, where, currency)
        item.update(price=public(price), plan=plan_of(price), quantity=1)
    if "quantity" in wanted:
        item["quantity"] = checked_quantity(wanted["quantity"], f"{where}[quantity]")
    merge_metadata(item, wanted)
