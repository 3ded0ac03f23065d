"""What must hold of a life: at every moment, and in the end, reckoned from the twin's rows alone."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from accounts.models import Team
from accounts.services import members_in_use
from billing import services
from billing.entitlement import GRACE, LIVE_STATUSES
from billing.models import BillingAccount, Checkout, Invoice, Subscription
from billing.plans import BY_KEY
from tests.billing.life import Life
from tests.twin.client import Row


def check_rows(life: Life) -> None:
    """Our rows are what the twin holds, and the team has what it pays for."""
    account = BillingAccount.objects.filter(team=life.team).first()
    customer = account.stripe_customer_id if account else None
    subscriptions = [row for row in life.twin.truth("subscription") if row["customer"] == customer]
    ours = {row.stripe_id: _ours(row) for row in Subscription.objects.filter(account=account)}
    assert ours == {row["id"]: _theirs(row) for row in subscriptions}
    invoices = [row for row in life.twin.truth("invoice") if row["customer"] == customer]
    assert {row.stripe_id: (row.status, row.total_cents) for row in Invoice.objects.filter(account=account)} == {
        row["id"]: (row["status"], row["total"]) for row in invoices
    }
    check_plan(life, live_at_stripe(life), invoices)


def live_at_stripe(life: Life) -> Row | None:
    """The one subscription that the twin goes on with."""
    live = [row for row in life.twin.truth("subscription") if row["status"] in LIVE_STATUSES]
    assert len(live) <= 1, [row["id"] for row in live]
    return live[0] if live else None


def check_plan(life: Life, live: Row | None, invoices: list[Row]) -> None:
    """Reckoned from the twin's rows alone: the plan, the cap on members, and the seats that are billed."""
    life.team.refresh_from_db()
    with life.in_twin_time():
        plan = services.plan_of(life.team)
        expected = _plan_paid_for(live, invoices, timezone.now())
    assert plan.key == expected
    if live is None or expected == "starter":
        assert life.team.member_cap == 1
        assert not life.team.service_keys_allowed
    if life.team.closed_at:
        assert live is None
        assert not [row for row in life.twin.truth("checkout.session") if row["status"] == "open"]
    elif live and expected == "team" and live["status"] == "active" and not live["pending_update"]:
        assert life.team.member_cap is None
        assert live["items"]["data"][0]["quantity"] == members_in_use(life.team)


def check_always(life: Life) -> None:
    """True at every moment, whatever is on its way: one subscription, and caps as the rows say."""
    live_at_stripe(life)
    assert Checkout.objects.for_team(life.team).unfinished().count() <= 1
    with life.in_twin_time():
        row, now = Subscription.objects.for_team(life.team).live().first(), timezone.now()
        plan = services.plan_of(life.team)
    team = Team.objects.get(pk=life.team.pk)
    if row is None or row.status in ("unpaid", "paused"):
        assert plan.key == "starter"
    elif row.status in ("active", "trialing"):
        paid_seats = row.quantity if row.pending_until else None  # until Stripe says that the change lapsed
        assert (plan.key, team.member_cap) == (row.plan, paid_seats if row.plan == "team" else 1)
    elif row.past_due_since:
        assert plan.key == (row.plan if now < row.past_due_since + GRACE else "starter")
    if plan.key != "team":
        assert plan.members == 1


def _plan_paid_for(live: Row | None, invoices: list[Row], now: datetime) -> str:
    if live is None or live["status"] in ("unpaid", "paused"):
        return "starter"
    plan: str = live["items"]["data"][0]["price"]["lookup_key"].split("_")[1]
    assert plan in BY_KEY
    if live["status"] != "past_due":
        return plan
    unpaid = [row["created"] for row in invoices if row["status"] == "open" and row["amount_remaining"]]
    since = datetime.fromtimestamp(min(unpaid), UTC)
    return plan if now < since + GRACE else "starter"


def _ours(row: Subscription) -> tuple[Any, ...]:
    ends = int(row.cancel_at.timestamp()) if row.cancel_at else None
    return row.status, row.plan, row.interval, row.quantity, int(row.period_end.timestamp()), ends, row.schedule_id


def _theirs(row: Row) -> tuple[Any, ...]:
    item = row["items"]["data"][0]
    plan = item["price"]["lookup_key"].split("_")[1]
    interval = item["price"]["recurring"]["interval"]
    ends = row["cancel_at"] or (item["current_period_end"] if row["cancel_at_period_end"] else None)
    schedule = row["schedule"] or ""
    return row["status"], plan, interval, item["quantity"], item["current_period_end"], ends, schedule
