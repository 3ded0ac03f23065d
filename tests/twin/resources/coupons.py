"""Coupons, promotion codes and the discounts they become."""

from tests.twin.errors import TwinError, invalid, missing
from tests.twin.resources.changes import matching, merge_metadata, needed, recording, reference, take
from tests.twin.resources.periods import add
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World


def create_coupon(world: World, params: Row) -> Row:
    """A new coupon: `percent_off`, or `amount_off` with `currency`."""
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either `percent_off` or `amount_off`, and not both.", "percent_off")
    if percent is not None and not 0 < float(percent) <= 100:
        raise invalid("Invalid percent_off: must be between 0 and 100", "percent_off")
    if amount is not None:
        needed(params, "currency")
    if params.get("applies_to") or params.get("currency_options"):
        raise TwinError(501, "api_error", "The twin's coupons are for everything, in one currency.")
    if params.get("duration") == "repeating":
        needed(params, "duration_in_months")
    id = params.get("id") or world.new_id("co")[3:11]
    if id in world.table("coupon"):
        raise invalid("Coupon already exists.", "id", code="resource_already_exists")
    row: Row = {
        "id": id,
        "object": "coupon",
        "amount_off": amount,
        "created": world.now(),
        "currency": params.get("currency") if amount is not None else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": {},
        "name": params.get("name"),
        "percent_off": None if percent is None else float(percent),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    merge_metadata(row, params)
    world.add(row)
    world.emit("coupon.created", row)
    return row


def create_promotion_code(world: World, params: Row) -> Row:
    """A new code that customers type; `promotion` is {"type": "coupon", "coupon": id}."""
    needed(params, "promotion")
    coupon = reference(world, "coupon", params["promotion"].get("coupon", ""), "promotion[coupon]")
    code = params.get("code") or world.new_id("code")[5:13].upper()
    if any(row["active"] and row["code"].lower() == code.lower() for row in world.rows("promotion_code")):
        raise invalid(f"An active promotion code with `code: {code}` already exists.", "code")
    restrictions = params.get("restrictions") or {}
    if restrictions.get("minimum_amount"):
        raise TwinError(501, "api_error", "The twin's promotion codes have no minimum amount.")
    row: Row = {
        "id": world.new_id("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": code,
        "created": world.now(),
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": {},
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }
    merge_metadata(row, params)
    world.add(row)
    world.emit("promotion_code.created", row)
    return row


def code_named(world: World, code: str, customer: str | None) -> Row:
    """The active promotion code that a person typed. Raises TwinError 400 for one that cannot be used."""
    for row in world.rows("promotion_code"):
        if row["code"].lower() == code.strip().lower() and row["active"]:
            return _usable_code(world, row, customer)
    raise invalid("This code is invalid.", "promotion_code")


def _usable_code(world: World, row: Row, customer: str | None) -> Row:
    spent = row["max_redemptions"] is not None and row["times_redeemed"] >= row["max_redemptions"]
    over = row["expires_at"] is not None and row["expires_at"] <= world.now(customer)
    foreign = row["customer"] is not None and row["customer"] != customer
    if not row["active"] or spent or over or foreign:
        raise invalid("This promotion code cannot be redeemed.", "promotion_code")
    if row["restrictions"]["first_time_transaction"] and world.rows("invoice", customer=customer, status="paid"):
        raise invalid("This promotion code cannot be redeemed: the customer has prior transactions.", "promotion_code")
    return row


def make_discount(world: World, given: Row, *, customer: str, subscription: str | None = None) -> Row:
    """Redeem {"coupon"} or {"promotion_code"} into a discount. Raises TwinError 400."""
    code = None
    if given.get("promotion_code"):
        code = _usable_code(
            world, reference(world, "promotion_code", given["promotion_code"], "promotion_code"), customer
        )
    coupon = reference(world, "coupon", code["promotion"]["coupon"] if code else given.get("coupon", ""), "coupon")
    now = world.now(customer)
    spent = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    if spent or (coupon["redeem_by"] is not None and coupon["redeem_by"] <= now):
        raise invalid("This coupon cannot be redeemed.", "coupon", code="coupon_expired")
    coupon["times_redeemed"] += 1
    if code:
        code["times_redeemed"] += 1
    months = coupon["duration_in_months"]
    return world.add(
        {
            "id": world.new_id("di"),
            "object": "discount",
            "checkout_session": None,
            "customer": customer,
            "customer_account": None,
            "end": add(now, "month", months) if months else None,
            "invoice": None,
            "invoice_item": None,
            "promotion_code": code["id"] if code else None,
            "source": {"coupon": coupon["id"], "type": "coupon"},
            "start": now,
            "subscription": subscription,
            "subscription_item": None,
        }
    )


def taken_off(world: World, discount: str, amount: int) -> int:
    """What this discount takes off `amount` cents (never more than is there)."""
    coupon = world.get("coupon", world.get("discount", discount)["source"]["coupon"])
    if coupon["percent_off"] is not None:
        return int(round(amount * float(coupon["percent_off"]) / 100))
    return max(0, min(amount, int(coupon["amount_off"])))


def lasts(world: World, discount: str, now: int) -> bool:
    """Whether the discount still applies after an invoice took it at `now`."""
    row = world.get("discount", discount)
    coupon = world.get("coupon", row["source"]["coupon"])
    return coupon["duration"] != "once" and (row["end"] is None or row["end"] > now)


def _kept(world: World, call: Call) -> Row:
    row = world.get("coupon", call.path_args["coupon"])
    if row.get("deleted"):
        raise missing("coupon", row["id"], "coupon")
    return row


@route("POST", "/v1/coupons")
def create(world: World, call: Call) -> Row:
    return create_coupon(world, call.params)


@route("GET", "/v1/coupons/{coupon}")
def retrieve(world: World, call: Call) -> Row:
    return _kept(world, call)


@route("POST", "/v1/coupons/{coupon}")
def update(world: World, call: Call) -> Row:
    row = _kept(world, call)
    with recording(world, row, "coupon.updated"):
        take(row, call.params, "name")
        merge_metadata(row, call.params)
    return row


@route("DELETE", "/v1/coupons/{coupon}")
def delete(world: World, call: Call) -> Row:
    row = _kept(world, call)
    row["valid"] = False
    world.emit("coupon.deleted", row)
    # Discounts made from it live on, so the row stays where they find it.
    row["deleted"] = True
    return {"id": row["id"], "object": "coupon", "deleted": True}


@route("GET", "/v1/coupons")
def list_coupons(world: World, call: Call) -> Row:
    return page_of([row for row in matching(world.rows("coupon"), call) if not row.get("deleted")], call)


@route("POST", "/v1/promotion_codes")
def create_code(world: World, call: Call) -> Row:
    return create_promotion_code(world, call.params)


@route("GET", "/v1/promotion_codes/{promotion_code}")
def retrieve_code(world: World, call: Call) -> Row:
    return world.get("promotion_code", call.path_args["promotion_code"])


@route("POST", "/v1/promotion_codes/{promotion_code}")
def update_code(world: World, call: Call) -> Row:
    row = world.get("promotion_code", call.path_args["promotion_code"])
    with recording(world, row, "promotion_code.updated"):
        take(row, call.params, "active")
        merge_metadata(row, call.params)
    return row


@route("GET", "/v1/promotion_codes")
def list_codes(world: World, call: Call) -> Row:
    rows = matching(world.rows("promotion_code"), call, "active", "code", "customer")
    if coupon := call.params.get("coupon"):
        rows = [row for row in rows if row["promotion"]["coupon"] == coupon]
    return page_of(rows, call)
