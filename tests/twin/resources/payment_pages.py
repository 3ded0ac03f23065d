"""How Stripe's own CLI clicks a checkout page: through an address that is in no API reference.

`stripe trigger checkout.session.completed` asks for the page of a session and confirms it with a payment method.
"""

from tests.twin.errors import TwinError, invalid
from tests.twin.pages import checkout
from tests.twin.routing import Call, route
from tests.twin.world import Row, World


@route("GET", "/v1/payment_pages/{session}", documented=False)
def retrieve(world: World, call: Call) -> Row:
    return _shown(world.get("checkout.session", call.path_args["session"], "session"))


@route("POST", "/v1/payment_pages/{session}/confirm", documented=False)
def confirm(world: World, call: Call) -> Row:
    """Pay as a person does who types this card. Raises TwinError 400 or 402 if the page would say no."""
    session = world.get("checkout.session", call.path_args["session"], "session")
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", code="payment_intent_unexpected_state")
    if str(session["amount_total"]) != call.params.get("expected_amount"):
        raise invalid(f"The amount is {session['amount_total']}.", "expected_amount", code="checkout_amount_mismatch")
    method = world.get("payment_method", call.params.get("payment_method", ""), "payment_method")
    checkout.finish(world, call.base_url, session, method, {})
    if session["status"] != "complete":
        raise TwinError(402, "card_error", "Your card was declined.", code="card_declined")
    return _shown(session)


def _shown(session: Row) -> Row:
    names = ("id", "status", "mode", "currency", "customer", "success_url", "cancel_url")
    return {"object": "payment_page", "session_id": session["id"], **{name: session[name] for name in names}}
