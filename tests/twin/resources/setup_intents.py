"""Setup intents: a card is prepared for later payments, with 3D Secure where it asks."""

from tests.twin.errors import TwinError, invalid
from tests.twin.resources.cards import ASKS_ALWAYS, ASKS_ONCE, MESSAGES, REFUSED, card_of, declined
from tests.twin.resources.changes import matching, merge_metadata, reference
from tests.twin.resources.payment_methods import attach_payment_method, authenticate, method_named
from tests.twin.routing import Call, page_of, route
from tests.twin.world import Row, World


def create_setup_intent(world: World, params: Row) -> Row:
    """A new setup intent from Stripe's parameters; `confirm` is carried out at once."""
    if params.get("customer"):
        reference(world, "customer", params["customer"], "customer")
    id = world.new_id("seti")
    row: Row = {
        "id": id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{id}_secret_{world.new_id('s')[2:]}",
        "created": world.now(params.get("customer")),
        "customer": params.get("customer"),
        "customer_account": None,
        "description": params.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"mandate_options": None, "network": None, "request_three_d_secure": None}},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }
    merge_metadata(row, params)
    if params.get("payment_method"):
        row["payment_method"] = method_named(world, params["payment_method"])["id"]
        row["status"] = "requires_confirmation"
    world.add(row)
    world.emit("setup_intent.created", row)
    return confirm_setup(world, row) if params.get("confirm") else row


def confirm_setup(world: World, row: Row, method: str | None = None, *, authenticated: bool = False) -> Row:
    """Set the card up: it is attached to the customer, or its holder must pass 3D Secure first.

    Raises TwinError 402 for a card that declines.
    """
    if row["status"] in ("succeeded", "canceled"):
        raise invalid(
            f"You cannot confirm this SetupIntent because it has already {row['status']}.",
            code="setup_intent_unexpected_state",
        )
    if method:
        row["payment_method"] = method_named(world, method)["id"]
    if not row["payment_method"]:
        raise invalid("You must provide a payment method to confirm a SetupIntent.", "payment_method")
    card = card_of(world.get("payment_method", row["payment_method"])["_number"])
    if card.behaviour == REFUSED:
        return _fail(world, row, card.reason)
    if card.behaviour in (ASKS_ONCE, ASKS_ALWAYS) and not authenticated:
        url = f"{world.base_url}/setup/{row['id']}"
        row.update(
            status="requires_action",
            next_action={"type": "redirect_to_url", "redirect_to_url": {"return_url": None, "url": url}},
        )
        world.emit("setup_intent.requires_action", row)
        return row
    if row["customer"]:
        attach_payment_method(world, row["customer"], row["payment_method"])
    authenticate(world, row["payment_method"])
    row.update(status="succeeded", next_action=None, last_setup_error=None)
    world.emit("setup_intent.succeeded", row)
    return row


def _fail(world: World, row: Row, reason: str) -> Row:
    error = {"code": "card_declined", "decline_code": reason, "message": MESSAGES[reason], "type": "card_error"}
    row.update(status="requires_payment_method", payment_method=None, last_setup_error=error)
    world.emit("setup_intent.setup_failed", row)
    raise declined(reason)


@route("POST", "/v1/setup_intents")
def create(world: World, call: Call) -> Row:
    return create_setup_intent(world, call.params)


@route("GET", "/v1/setup_intents/{intent}")
def retrieve(world: World, call: Call) -> Row:
    return world.get("setup_intent", call.path_args["intent"], "intent")


@route("POST", "/v1/setup_intents/{intent}/confirm")
def confirm(world: World, call: Call) -> Row:
    row = world.get("setup_intent", call.path_args["intent"], "intent")
    return confirm_setup(world, row, call.params.get("payment_method"))


@route("POST", "/v1/setup_intents/{intent}/cancel")
def cancel(world: World, call: Call) -> Row:
    row = world.get("setup_intent", call.path_args["intent"], "intent")
    if row["status"] in ("succeeded", "canceled"):
        raise TwinError(
            400,
            "invalid_request_error",
            f"You cannot cancel this SetupIntent because it has a status of {row['status']}.",
            code="setup_intent_unexpected_state",
        )
    row.update(status="canceled", cancellation_reason=call.params.get("cancellation_reason"))
    world.emit("setup_intent.canceled", row)
    return row


@route("GET", "/v1/setup_intents")
def list_intents(world: World, call: Call) -> Row:
    return page_of(matching(world.rows("setup_intent"), call, "customer", "payment_method"), call)
