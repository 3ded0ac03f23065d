"""The bank's question (3-D Secure): Complete or Fail, then back to the page that took the card."""

import secrets
from collections.abc import Callable

from tests.twin.errors import TwinError
from tests.twin.pages.acts import form, go, hosted, show
from tests.twin.pages.html import button, el
from tests.twin.resources.payment_methods import authenticate
from tests.twin.routing import Page, Visit
from tests.twin.world import Row, World

FAILED = "Your bank did not confirm the payment. Try again, or use another card."

After = Callable[[World, Visit, Row, bool], Page]
AFTER: dict[str, After] = {}


def after(kind: str) -> Callable[[After], After]:
    """Register what goes on once a question of this kind is answered: `f(world, visit, challenge, passed)`."""

    def register(go_on: After) -> After:
        AFTER[kind] = go_on
        return go_on

    return register


def ask(world: World, kind: str, target: str, method: Row, purpose: str, typed: dict[str, str]) -> Page:
    """Send the browser to the question. `typed` is kept for afterwards, without the card."""
    kept = {name: value for name, value in typed.items() if name not in {"number", "expiry", "cvc", "token"}}
    challenge = {
        "id": world.new_id("ask"),
        "object": "_challenge",
        "_secret": secrets.token_urlsafe(32),
        "_kind": kind,
        "_target": target,
        "_method": method["id"],
        "_purpose": purpose,
        "_typed": kept,
    }
    world.add(challenge)
    return go(f"/3ds/{challenge['_secret']}")


@hosted("GET", "/3ds/{secret}")
def question(world: World, visit: Visit) -> Page:
    challenge = _challenge(world, visit)
    card = world.get("payment_method", challenge["_method"])["card"]
    return show(
        "Confirm with your bank",
        el("p", f"The bank of the card ending in {card['last4']} asks: is this you? {challenge['_purpose']}"),
        form(
            f"/3ds/{challenge['_secret']}",
            el("p", button("Complete", "answer", "complete"), " ", button("Fail", "answer", "fail", quiet=True)),
        ),
    )


@hosted("POST", "/3ds/{secret}")
def answer(world: World, visit: Visit) -> Page:
    challenge = _challenge(world, visit)
    del world.table("_challenge")[challenge["id"]]
    passed = visit.form.get("answer") == "complete"
    if passed:
        authenticate(world, challenge["_method"])
    return AFTER[challenge["_kind"]](world, visit, challenge, passed)


def _challenge(world: World, visit: Visit) -> Row:
    for row in world.rows("_challenge"):
        if secrets.compare_digest(row["_secret"], visit.path_args["secret"]):
            return row
    raise TwinError(404, "invalid_request_error", "The bank has no such question open.")
