"""One attempt to collect an invoice, and what it leaves on the invoice."""

from dataclasses import dataclass

from tests.twin.errors import TwinError
from tests.twin.resources.cards import ASKS_ALWAYS, ASKS_ONCE, REFUSED, REFUSED_LATER, card_of, declined
from tests.twin.resources.invoices import intents
from tests.twin.resources.payment_methods import default_method
from tests.twin.world import Row, World

PAID, DECLINED, ACTION_REQUIRED, NO_CARD = "paid", "declined", "action_required", "no_card"


@dataclass(frozen=True)
class Outcome:
    """How an attempt went; `reason` is the decline code."""

    kind: str
    method: Row | None = None
    reason: str | None = None

    @property
    def paid(self) -> bool:
        return self.kind == PAID


def verdict(method: Row | None, due: int, *, on_session: bool = False) -> Outcome:
    """What charging this card will come to; nothing due is always paid.

    `on_session`: the request says that the holder is there, as updates of subscriptions do unless told otherwise.
    """
    if due == 0:
        return Outcome(PAID, method)
    if method is None:
        return Outcome(NO_CARD)
    card = card_of(method["_number"])
    if card.behaviour in (REFUSED, REFUSED_LATER):
        return Outcome(DECLINED, method, card.reason)
    if card.behaviour == ASKS_ALWAYS or (
        card.behaviour == ASKS_ONCE and (on_session or not method["_set_up"])
    ):
        return Outcome(ACTION_REQUIRED, method)
    return Outcome(PAID, method)


def payer_of(world: World, invoice: Row, subscription: Row | None, given: str | None = None) -> Row | None:
    """The card that an invoice is charged to."""
    own = subscription["default_payment_method"] if subscription else None
    return default_method(world, invoice["customer"], given, invoice["default_payment_method"], own)


def attempt(
    world: World, invoice: Row, method: Row | None, *, authenticated: bool = False, on_session: bool = False
) -> Outcome:
    """Charge the card for what is due; `authenticated` after the holder has passed 3D Secure for this payment.

    On success the invoice is paid and says so in events; on failure only the attempt is counted: whoever asked knows
    what is to follow, and tells.
    """
    outcome = verdict(method, invoice["amount_due"], on_session=on_session)
    if authenticated and outcome.kind == ACTION_REQUIRED:
        outcome = Outcome(PAID, method)
    if invoice["amount_due"]:
        invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if outcome.paid:
        intents.succeed(world, invoice, method)
        mark_paid(world, invoice)
    elif outcome.kind == DECLINED and method is not None and outcome.reason is not None:
        intents.decline(world, invoice, method, outcome.reason)
    elif outcome.kind == ACTION_REQUIRED and method is not None:
        intents.ask(world, invoice, method)
    return outcome


def mark_paid(world: World, invoice: Row) -> None:
    """Close the invoice as paid and say so."""
    invoice.update(
        status="paid",
        attempted=True,
        auto_advance=False,
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        next_payment_attempt=None,
    )
    invoice["status_transitions"]["paid_at"] = world.now(invoice["customer"])
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)


def tell_failure(world: World, invoice: Row, outcome: Outcome) -> None:
    """The events of an attempt that failed; `next_payment_attempt` is known by now."""
    if outcome.kind == ACTION_REQUIRED:
        world.emit("invoice.payment_action_required", invoice)
    world.emit("invoice.payment_failed", invoice)


def refusal(world: World, outcome: Outcome, what: str, invoice: Row | None = None) -> TwinError:
    """The error that a request gets for a payment (`what`: invoice or subscription) that did not succeed."""
    extra: Row = {}
    if invoice is not None and (intent := intents.intent_of(world, invoice)) is not None:
        extra["payment_intent"] = {"id": intent["id"], "object": "payment_intent", "status": intent["status"]}
    if outcome.kind == DECLINED and outcome.reason is not None:
        return declined(outcome.reason, **extra)
    if outcome.kind == ACTION_REQUIRED:
        return TwinError(
            402,
            "card_error",
            f"Payment for this {what} requires additional user action before it can be completed successfully.",
            code=f"{what}_payment_intent_requires_action",
            **extra,
        )
    return no_card()


def no_card() -> TwinError:
    return TwinError(
        400,
        "invalid_request_error",
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method.",
        code="resource_missing",
    )
