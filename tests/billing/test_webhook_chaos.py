"""Whatever happens to Stripe's webhooks on their way, rows end equal to Stripe's state, and each thing is told once.

The twin sends them itself, to the web server that runs; the worker looks.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import AuditEntry, Team
from billing import gateway, reconcile, tasks
from billing.models import BillingAccount, StripeEvent, Subscription
from billing.services import plan_of
from billing.sync.mirror import as_fetched
from tests.billing import stripe_side
from tests.conftest import make_cast
from tests.live import LivePare
from tests.twin.client import WEBHOOK, TwinClient

# Seconds until the last webhook is on its way.
LATER = {"reorder": 5, "delay": 5, "burst": 5, "late_retry": 4 * 86_400}
TOLD = ["subscription.started", "plan.changed", "seats.changed", "subscription.cancel_planned"]


def live_through(team: Team) -> str:
    """A subscription that grows, and is planned to end."""
    id = stripe_side.make_customer(team)
    bought = stripe_side.subscribe(id, quantity=2)
    stripe_side.set_quantity(bought, 4)
    stripe_side.api().v1.subscriptions.update(bought, {"cancel_at_period_end": True})
    return id


def check_equal(team: Team, id: str) -> None:
    answer = gateway.fetch_customer(id)
    account = BillingAccount.objects.for_team(team).get()
    assert [as_fetched(row) for row in account.subscriptions.all()] == list(answer.subscriptions)
    assert set(account.invoices.values_list("stripe_id", "status")) == {(one.id, one.status) for one in answer.invoices}
    assert plan_of(team).key == "team" and account.source == "stripe"
    told = list(AuditEntry.objects.for_team(team).order_by("pk").values_list("action", flat=True))[1:]  # but the cast's
    # What came and went between two looks need not be told; nothing is told twice.
    assert [action for action in TOLD if told.count(action) > 1] == []
    assert {"subscription.started", "subscription.cancel_planned"} <= set(told)


@pytest.mark.parametrize(
    "mishap",
    [
        {},
        {"duplicate": 3},
        {"reorder": True},
        {"delay": 1},
        {"burst": 20},
        {"late_retry": True},
        {"duplicate": 2, "reorder": True, "late_retry": True},
    ],
    ids=lambda mishap: " ".join(mishap) or "none",
)
def test_rows_end_equal(live_pare: LivePare, twin: TwinClient, mishap: dict[str, Any]) -> None:
    team = make_cast().rival
    ready(twin, live_pare, mishap)
    id = live_through(team)
    twin.settle()
    if later := LATER.keys() & mishap.keys():
        twin.advance(seconds=max(LATER[name] for name in later))
        twin.settle()
    live_pare.worker.drain()
    assert not StripeEvent.objects.unprocessed().exists()
    assert {row["status"] for row in twin.deliveries() if row["attempt"]} == {200}
    check_equal(team, id)


def test_when_every_webhook_is_lost_the_night_makes_up_for_it(live_pare: LivePare, twin: TwinClient) -> None:
    team = make_cast().rival
    ready(twin, live_pare, {"drop": True})
    id = live_through(team)
    twin.settle()
    live_pare.worker.drain()
    assert not StripeEvent.objects.exists() and not Subscription.objects.exists()
    assert reconcile.check_accounts() == 1
    check_equal(team, id)


def test_while_stripe_does_not_answer_events_wait_for_the_sweep(live_pare: LivePare, twin: TwinClient) -> None:
    team = make_cast().rival
    ready(twin, live_pare, {})
    twin.chaos(fail_500={"times": 1000, "match": "GET /v1/customers"})
    id = live_through(team)
    twin.settle()
    live_pare.worker.drain()
    assert StripeEvent.objects.unprocessed().exists() and not Subscription.objects.exists()
    twin.chaos(fail_500=False)
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    tasks.sweep_events()
    live_pare.worker.drain()
    assert not StripeEvent.objects.unprocessed().exists()
    check_equal(team, id)


def ready(twin: TwinClient, live_pare: LivePare, mishap: dict[str, Any]) -> None:
    """The twin rings at the running web server, with these mishaps."""
    twin.reset(webhook=live_pare.url + WEBHOOK)
    call_command("stripe_setup", no_webhook=True, verbosity=0)
    twin.settle()
    twin.chaos(**mishap)
