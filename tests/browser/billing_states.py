"""Each state of a team's billing as rows, by name, and the page to look at in it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import Team, User
from billing.models import ChangeKind
from billing.services import change_plan
from repos.models import Repository
from tests.billing.rows import (
    fail_payment,
    make_account,
    make_change,
    make_checkout,
    make_invoice,
    make_prices,
    refuse,
    subscribe,
)


@dataclass(frozen=True)
class State:
    """`make` writes the rows for a team with somebody who acts; `path` is below the team's address."""

    make: Callable[[Team, User], object]
    path: str = "billing/"


def free(team: Team, olga: User) -> None:
    change_plan(team=team, plan="starter", actor=None)


def begun(team: Team, olga: User) -> None:
    free(team, olga)
    make_checkout(team, started_by=olga)


def active(team: Team, olga: User) -> None:
    make_prices("year")
    subscription, now = subscribe(team), timezone.now()
    for months in range(4):
        age = {"created_at": now - timedelta(days=10 + 30 * months), "number": f"PARE-{7 - months:04}"}
        make_invoice(team, subscription, status="void" if months == 3 else "paid", **age)


def failed(team: Team, olga: User) -> None:
    active(team, olga)
    team.billing_account.subscriptions.all().delete()
    team.billing_account.invoices.filter(number="PARE-0007").delete()
    fail_payment(team, number="PARE-0007", next_attempt_at=timezone.now() + timedelta(days=2))


def lapsed(team: Team, olga: User) -> None:
    for place in range(4):
        address = f"git.example/acme/shop{place}"
        Repository.objects.create(team=team, name=f"shop{place}", url=f"https://{address}", identity=address)
    fail_payment(team, days_ago=23)


def confirming(team: Team, olga: User) -> None:
    until = timezone.now() + timedelta(hours=20)
    pending = {"pending_plan": "team", "pending_quantity": 3, "pending_until": until}
    subscription = subscribe(team, "pro", quantity=1, **pending)
    make_invoice(team, subscription, status="open", needs_confirmation=True, amount_due_cents=4127, total_cents=4127)


def planned(team: Team, olga: User) -> None:
    at = timezone.now() + timedelta(days=20)
    subscribe(team, schedule_id="sub_sched_1", next_plan="pro", next_interval="month", next_at=at)


def cancelled(team: Team, olga: User) -> None:
    subscribe(team, cancel_at=timezone.now() + timedelta(days=20))


def changing(team: Team, olga: User) -> None:
    subscribe(team, quantity=2)
    make_change(team, ChangeKind.CANCEL, created_at=timezone.now() - timedelta(minutes=5))


def refused(team: Team, olga: User) -> None:
    subscribe(team, "pro", quantity=1)
    refuse(team, "The card was declined. Update the card, then try again.")


def paid_once(team: Team, olga: User) -> None:
    subscribe(team, status="canceled", ended_at=timezone.now())
    make_account(team)


def returned(team: Team, olga: User) -> None:
    free(team, olga)
    make_checkout(team, stripe_id="cs_test_returned")


STATES = {
    "free": State(free),
    "operator": State(lambda team, olga: None),
    "begun": State(begun),
    "active": State(active),
    "trial": State(lambda team, olga: subscribe(team, status="trialing")),
    "failed": State(failed),
    "lapsed": State(lapsed),
    "confirming": State(confirming),
    "planned": State(planned),
    "cancelled": State(cancelled),
    "changing": State(changing),
    "refused": State(refused),
    "paid-once": State(paid_once),
    "choose-checkout": State(free, "billing/plan/team/month/"),
    "choose-up": State(lambda team, olga: subscribe(team, "pro", quantity=1), "billing/plan/team/month/"),
    "choose-down": State(active, "billing/plan/pro/month/"),
    "choose-cancel": State(active, "billing/plan/starter/month/"),
    "returned": State(returned, "billing/return/?session_id=cs_test_returned"),
    "banner": State(failed, "team/"),
    "banner-late": State(lapsed, "team/"),
}
