"""The twin's own front page: what it is, the cards, the clock, mishaps, who is subscribed, what was sent."""

from tests.twin import chaos, clockwork, deliveries
from tests.twin.errors import invalid
from tests.twin.pages.acts import form, go, hosted, show
from tests.twin.pages.cards import CARDS
from tests.twin.pages.html import Child, Html, button, day, el, moment, money, table
from tests.twin.routing import Page, Visit
from tests.twin.world import Row, World

DAY = 86_400
STEPS = (("Advance a day", 1), ("Advance a week", 7), ("Advance a month", 31))
MISHAPS: tuple[tuple[str, object, str], ...] = (
    ("duplicate", 1, "every webhook is sent twice"),
    ("reorder", True, "webhooks arrive in another order"),
    ("delay", 20, "webhooks arrive 20 seconds late, after the way back from Checkout"),
    ("drop", True, "webhooks are lost"),
    ("hold", True, "webhooks wait here until you let them go"),
    ("fail_500", 3, "the next three API requests fail with 500"),
    ("time_out", 1, "the next API request is carried out but never answered"),
    ("rate_limit", 3, "the next three API requests are refused with 429"),
)
SHOWN = 20


@hosted("GET", "/")
def dashboard(world: World, visit: Visit) -> Page:
    parts = [_what_it_is(world), _cards(), _clock(world), _customers(world), _mishaps(world), _sent(world)]
    return show("Payments without Stripe", parts)


@hosted("POST", "/advance")
def advance(world: World, visit: Visit) -> Page:
    """Move the clock on; what falls due on the way happens at its time."""
    days = visit.form.get("days", "")
    if days not in {str(number) for _, number in STEPS}:
        raise invalid("Choose a day, a week or a month.", "days")
    to = world.now() + int(days) * DAY
    clockwork.run_until(world, to)
    world.offset += to - world.now()
    world.post.set()
    return go("/")


@hosted("POST", "/mishap")
def mishap(world: World, visit: Visit) -> Page:
    """Turn one mishap on or off."""
    name = visit.form.get("name", "")
    values = {known: value for known, value, _ in MISHAPS}
    if name not in values:
        raise invalid("There is no such mishap.", "name")
    chaos.switch(world, {name: False if name in world.chaos else values[name]})
    return go("/")


@hosted("POST", "/release")
def release(world: World, visit: Visit) -> Page:
    """Send the webhooks that wait."""
    for row in deliveries.held(world):
        row.update(state="queued", due=deliveries.clock(world))
    world.post.set()
    return go("/")


def _what_it_is(world: World) -> Html:
    sites = {"/".join(row["url"].split("/")[:3]) for row in world.table("webhook_endpoint").values()}
    links = [el("p", el("a", f"Open {site}", href=site)) for site in sorted(sites)]
    return el(
        "div",
        el(
            "p",
            "This process answers Pare in place of Stripe: the same requests, pages and webhooks. Subscribe in Pare, "
            "pay with one of these cards, then come back and move the clock.",
        ),
        links,
    )


def _cards() -> Html:
    rows = [[el("code", number), f"It {effect}."] for number, effect in CARDS]
    note = el("p", "Any expiry in the future and any three digits as CVC will do.", class_="note")
    return el("section", el("h2", "Cards"), table("Test cards", ("Number", "What it does"), rows, empty=""), note)


def _clock(world: World) -> Html:
    steps = [form("/advance", button(text, "days", str(days))) for text, days in STEPS]
    time = el("strong", moment(world.now()))
    now = el("p", "It is ", time, " here. Renewals, retries and endings happen on the way.")
    return el("section", el("h2", "Clock"), now, el("div", steps, class_="row"))


def _customers(world: World) -> Html:
    rows: list[list[Child]] = []
    for customer in world.rows("customer"):
        if customer.get("deleted"):
            rows.append([customer["id"], "deleted", "", "", ""])
            continue
        name = customer["name"] or customer["email"] or customer["id"]
        own = world.rows("subscription", customer=customer["id"])
        rows += [[name, *_subscription(world, row)] for row in own] or [[name, "no subscription", "", "", ""]]
    columns = ("Customer", "Status", "Plan", "Price", "Next")
    shown = table("Customers and their subscriptions", columns, rows, empty="Nobody has come to Checkout yet.")
    return el("section", el("h2", "Customers"), shown)


def _subscription(world: World, row: Row) -> list[Child]:
    item = row["items"]["data"][0]
    price = item["price"]
    plan = world.get("product", price["product"])["name"]
    amount = money(price["unit_amount"] * item["quantity"], price["currency"])
    ends = row["ended_at"] or row["cancel_at"] or (item["current_period_end"] if row["cancel_at_period_end"] else None)
    when = f"ends {day(ends)}" if ends else f"renews {day(item['current_period_end'])}"
    if row["ended_at"]:
        when = f"ended {day(ends)}"
    status = row["status"].replace("_", " ")
    return [status, f"{plan} × {item['quantity']}", f"{amount} a {price['recurring']['interval']}", when]


def _mishaps(world: World) -> Html:
    rows: list[list[Child]] = []
    for name, _, effect in MISHAPS:
        on = name in world.chaos
        hidden = el("input", type="hidden", name="name", value=name)
        turn = button("Turn off" if on else "Turn on", quiet=True, label=f"Turn {'off' if on else 'on'}: {effect}")
        rows.append([effect[0].upper() + effect[1:] + ".", "on" if on else "off", form("/mishap", hidden, turn)])
    held = len(deliveries.held(world))
    send = form("/release", el("p", button(f"Send the {held} that wait"))) if held else None
    columns = ("What goes wrong", "State", "Switch")
    return el("section", el("h2", "Mishaps"), table("Mishaps", columns, rows, empty=""), send)


def _sent(world: World) -> Html:
    rows = [
        [row["type"], row["state"], row["status"], row["attempt"]] for row in reversed(world.deliveries[-SHOWN:])
    ]
    columns = ("Event", "State", "Answer", "Attempts")
    shown = table(f"The last {SHOWN} webhooks", columns, rows, empty="None has been sent yet.")
    return el("section", el("h2", "Webhooks"), shown)
