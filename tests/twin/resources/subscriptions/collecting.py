"""Collecting invoices of subscriptions: the attempt, and what its end means for the subscription."""

from tests.twin.errors import invalid
from tests.twin.resources.changes import recording
from tests.twin.resources.invoices import intents, paying
from tests.twin.resources.invoices.draft import finalize, void
from tests.twin.resources.invoices.paying import Outcome, attempt, payer_of, tell_failure
from tests.twin.resources.payment_methods import authenticate, owned
from tests.twin.resources.periods import DAY
from tests.twin.resources.subscriptions.ending import UNPAID, cancel, expire_incomplete
from tests.twin.resources.subscriptions.pending import apply_pending, drop_pending
from tests.twin.world import Row, World

RETRY_DAYS = [1, 3, 5, 7, 14, 21, 28]  # after the first failure; `settings.retry_days` changes it
GIVE_UP = "canceled"  # what becomes of it then: canceled, unpaid or past_due; `settings.give_up` changes it


def subscription_of(world: World, invoice: Row) -> Row | None:
    """The subscription that the invoice is for."""
    return world.table("subscription").get(invoice["_subscription"] or "")


def collect(
    world: World,
    invoice: Row,
    method: str | None = None,
    *,
    authenticated: bool = False,
    on_session: bool = False,
) -> Outcome:
    """One attempt with the given card, else with that of the subscription or customer."""
    subscription = subscription_of(world, invoice)
    payer = payer_of(world, invoice, subscription, method)
    outcome = attempt(world, invoice, payer, authenticated=authenticated, on_session=on_session)
    if outcome.paid:
        after_payment(world, invoice)
        _keep_card(world, subscription, outcome)
    else:
        _after_failure(world, invoice, subscription, outcome)
    return outcome


def _keep_card(world: World, subscription: Row | None, outcome: Outcome) -> None:
    """`save_default_payment_method`: the card that paid becomes the subscription's own."""
    if subscription is None or outcome.method is None:
        return
    if subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
        with recording(world, subscription, "customer.subscription.updated"):
            subscription["default_payment_method"] = outcome.method["id"]


def pay_invoice(world: World, id: str, params: Row | None = None) -> Row:
    """Pay an open invoice as the API does. Raises TwinError 402 if the card declines or asks, 400 if it is not open."""
    params, invoice = params or {}, world.get("invoice", id, "invoice")
    if invoice["status"] == "draft":
        finalize(world, invoice)  # Stripe's own scripts pay drafts
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] == "void":
        raise invalid("This invoice is void and cannot be paid.")
    if params.get("paid_out_of_band"):
        intents.succeed(world, invoice, None)
        paying.mark_paid(world, invoice)
        invoice["amount_paid_off_stripe"] = invoice["amount_due"]
        after_payment(world, invoice)
        return invoice
    method = params.get("payment_method")
    if method:
        method = owned(world, method, invoice["customer"], "payment_method")
    if payer_of(world, invoice, subscription_of(world, invoice), method) is None:
        raise paying.no_card()
    outcome = collect(world, invoice, method, on_session=not params.get("off_session", True))
    if not outcome.paid:
        raise paying.refusal(world, outcome, "invoice", invoice)
    return invoice


def confirm_3ds(world: World, invoice: Row) -> Outcome:
    """The customer has passed 3D Secure for this invoice: it is paid, and the card is set up."""
    method = payer_of(world, invoice, subscription_of(world, invoice), _asked(world, invoice))
    if method is not None:
        authenticate(world, method["id"])
    return collect(world, invoice, method["id"] if method else None, authenticated=True)


def fail_3ds(world: World, invoice: Row) -> None:
    """The customer has failed 3D Secure: the payment wants another card."""
    intent = intents.intent_of(world, invoice)
    method = world.table("payment_method").get((intent or {}).get("payment_method") or "")
    if method is not None:
        intents.decline(world, invoice, method, "generic_decline")
        world.emit("invoice.payment_failed", invoice)


def _asked(world: World, invoice: Row) -> str | None:
    intent = intents.intent_of(world, invoice)
    return str(intent["payment_method"]) if intent and intent["payment_method"] else None


def after_payment(world: World, invoice: Row) -> None:
    """An invoice was paid: the subscription starts, is in good standing again, or takes its pending update."""
    customer = world.get("customer", invoice["customer"])
    if not customer.get("deleted"):
        with recording(world, customer, "customer.updated"):
            customer["delinquent"] = False
    subscription = subscription_of(world, invoice)
    if subscription is None:
        return
    with recording(world, subscription, "customer.subscription.updated"):
        if (subscription["_pending"] or {}).get("invoice") == invoice["id"]:
            apply_pending(world, subscription)
        note_billed(subscription, invoice)
        if subscription["status"] == "incomplete":
            subscription["status"] = "active"
        settle(world, subscription, invoice)


def settle(world: World, subscription: Row, invoice: Row) -> None:
    """Past due no longer, if this is the invoice that was owed or a later one."""
    owed = world.table("invoice").get(subscription["_owed"] or "")
    if subscription["status"] in ("past_due", "unpaid") and (owed is None or invoice["created"] >= owed["created"]):
        subscription.update(status="active", _owed=None)


def note_billed(subscription: Row, invoice: Row) -> None:
    """Items remember what was billed for them, net of discounts, for the credit they may get later."""
    items = {item["id"]: item for item in subscription["items"]["data"]}
    for line in invoice["lines"]["data"]:
        details = line["parent"]["subscription_item_details"]
        item = items.get(details["subscription_item"])
        if item is None or not line["discountable"] or line["period"]["end"] != item["current_period_end"]:
            continue
        cut = sum(part["amount"] for part in line["discount_amounts"])
        if line["period"]["start"] >= item["_billed"]["start"]:
            item["_billed"] = {
                "amount": line["amount"] - cut,
                **line["period"],
                "quantity": line["quantity"],
                "invoice": invoice["id"],
                "line": line["id"],
            }


def _after_failure(world: World, invoice: Row, subscription: Row | None, outcome: Outcome) -> None:
    customer = world.get("customer", invoice["customer"])
    if not customer.get("deleted"):
        with recording(world, customer, "customer.updated"):
            customer["delinquent"] = True
    over = _plan_retry(world, invoice, subscription)
    tell_failure(world, invoice, outcome)
    if subscription is None or subscription["status"] not in ("active", "trialing", "past_due", "unpaid"):
        return
    if (subscription["_pending"] or {}).get("invoice") == invoice["id"]:
        return
    with recording(world, subscription, "customer.subscription.updated"):
        owed = world.table("invoice").get(subscription["_owed"] or "")
        if owed is None or owed["created"] <= invoice["created"]:
            subscription["_owed"] = invoice["id"]
        if subscription["status"] != "unpaid":
            subscription["status"] = "past_due"
    if over:
        give_up(world, subscription, invoice)


def _plan_retry(world: World, invoice: Row, subscription: Row | None) -> bool:
    """Set the next attempt; True when this was the last one."""
    waits = subscription is None or subscription["status"] == "incomplete"
    pending = subscription is not None and (subscription["_pending"] or {}).get("invoice") == invoice["id"]
    if waits or pending or not invoice["auto_advance"]:
        invoice["next_payment_attempt"] = None
        return False
    now = world.now(invoice["customer"])
    first = invoice.setdefault("_failed_at", now)
    days = world.settings.get("retry_days", RETRY_DAYS)
    ahead = [first + day * DAY for day in days if first + day * DAY > now]
    invoice["next_payment_attempt"] = ahead[0] if ahead else None
    return not ahead


def give_up(world: World, subscription: Row, invoice: Row) -> None:
    """All retries failed: the subscription ends or stands unpaid, as the account's settings say."""
    end = world.settings.get("give_up", GIVE_UP)
    if end == "canceled":
        cancel(world, subscription, reason=UNPAID)
    elif end == "unpaid":
        with recording(world, subscription, "customer.subscription.updated"):
            subscription["status"] = "unpaid"


def void_invoice(world: World, id: str) -> Row:
    """Void an open invoice: a pending update goes with it, a first invoice takes its subscription along."""
    invoice = void(world, world.get("invoice", id, "invoice"))
    subscription = subscription_of(world, invoice)
    if subscription is None:
        return invoice
    if (subscription["_pending"] or {}).get("invoice") == invoice["id"]:
        drop_pending(world, subscription, expired=False)
    elif subscription["status"] == "incomplete":
        expire_incomplete(world, subscription)
    else:
        _look_at_the_rest(world, subscription, invoice)
    return invoice


def write_off(world: World, id: str) -> Row:
    """Mark an open invoice uncollectible: its subscription is in good standing again, as if it were paid."""
    invoice = world.get("invoice", id, "invoice")
    if invoice["status"] != "open":
        raise invalid("Only open invoices can be marked uncollectible.", code="status_transition_invalid")
    invoice.update(status="uncollectible", auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"]["marked_uncollectible_at"] = world.now(invoice["customer"])
    invoice["status_details"] = {"uncollectible": {"reason": "user_forgiven"}}
    world.emit("invoice.marked_uncollectible", invoice)
    subscription = subscription_of(world, invoice)
    if subscription is not None:
        with recording(world, subscription, "customer.subscription.updated"):
            settle(world, subscription, invoice)
    return invoice


def _look_at_the_rest(world: World, subscription: Row, voided: Row) -> None:
    """A voided invoice counts for nothing: the newest of the others says how the subscription stands."""
    every = world.rows("invoice", _subscription=subscription["id"])
    rest = [row for row in every if row["status"] not in ("draft", "void")]
    newest = max(rest, key=lambda row: int(row["created"]), default=None)
    with recording(world, subscription, "customer.subscription.updated"):
        if newest is not None and newest["status"] == "open" and newest["attempted"]:
            subscription["_owed"] = newest["id"]
        else:
            settle(world, subscription, voided)
