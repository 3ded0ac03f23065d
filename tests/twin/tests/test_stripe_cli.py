"""Stripe's own command line tool drives the twin: its authors know Stripe, and know nothing of the twin.

It is taken from PARE_STRIPE_CLI (a path), from PATH, or fetched from npm into `.pare/stripe-cli`; without any of them
these tests are skipped. Each of its scripts must run to its end, every documented request must pass the contract gate
and be answered as the SDK's classes want it, and the twin must then hold the event that the script is for. The table
of what happened is printed at the end of the run.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.twin.client import TwinClient
from tests.twin.fixtures import REPORT
from tests.twin.talk import sdk

PACKAGE = "@stripe/cli@1.52.0"
KEY = "sk_test_0123456789abcdef"
PROGRAM = "node_modules/@stripe/cli-*/bin/stripe"
LINE = "{:<72}{:>9}{:>8}{:>14}{:>9}{:>8}"
SCRIPT = Path(__file__).with_name("stripe_cli_script.json")

TRIGGERS = [
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "price.created",
    "price.updated",
    "coupon.created",
    "coupon.updated",
    "coupon.deleted",
    "payment_method.attached",
    "payment_method.updated",
    "payment_method.detached",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.trial_will_end",
    "invoice.created",
    "invoice.updated",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.marked_uncollectible",
    "invoice.voided",
    "billing_portal.configuration.created",
    "billing_portal.configuration.updated",
    "test_helpers.test_clock.created",
    "test_helpers.test_clock.advancing",
    "test_helpers.test_clock.ready",
    "test_helpers.test_clock.deleted",
]
# Scripts of the CLI that are older than the API version of the SDK: event -> the parameter that is wrong or missing.
OUTDATED = {
    "subscription_schedule.created": "phases[0][iterations]",
    "promotion_code.created": "promotion",
    "customer.discount.created": "coupon",
}


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Cli"]:
    program = find_program()
    if isinstance(program, str):
        pytest.skip(program)
    yield Cli(program, tmp_path_factory.mktemp("stripe-home"))


def find_program() -> Path | str:
    """The CLI, or a sentence why there is none."""
    given = os.environ.get("PARE_STRIPE_CLI") or shutil.which("stripe")
    if given:
        return Path(given)
    folder = settings.BASE_DIR / ".pare" / "stripe-cli"
    if not list(folder.glob(PROGRAM)):
        npm = shutil.which("npm")
        if npm is None:
            return "Stripe's CLI is not here (set PARE_STRIPE_CLI), and there is no npm to fetch it."
        options = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
        try:
            subprocess.run([npm, *options], capture_output=True, timeout=180, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            return f"Stripe's CLI could not be fetched from npm: {error}"
    found = list(folder.glob(PROGRAM))
    return found[0] if found else f"{PACKAGE} has no program for this machine."


class Cli:
    """The program with a home of its own, kept from everything but the twin."""

    def __init__(self, program: Path, home: Path) -> None:
        self.program, self.home = program, home

    def run(self, twin: TwinClient, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "STRIPE_API_KEY": KEY,
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
            # It looks for a newer version of itself: not from a test. Loopback goes past a proxy.
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        command = [str(self.program), *arguments, "--api-base", twin.url, "--color", "off"]
        return subprocess.run(
            command, env=environment, cwd=self.home, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def report(bare_twin: TwinClient, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Adds a line to the table: what the test put into this list, then what the twin counted."""
    told: list[str] = []
    yield told
    calls = bare_twin.calls()
    counts = [sum(call.get(name, 0) for call in calls) for name in ("passed", "undocumented", "refused")]
    events = len(bare_twin.truth("event"))
    lines = request.config.stash.setdefault(REPORT, [])
    if not lines:
        lines.append(LINE.format("Stripe CLI: script", "requests", "passed", "undocumented", "refused", "events"))
    lines.append(LINE.format(told[0], sum(counts), *counts, events))


def event_types(twin: TwinClient) -> set[str]:
    return {event["type"] for event in twin.truth("event")}


@pytest.mark.parametrize("event", TRIGGERS)
def test_a_trigger_runs_to_its_end(cli: Cli, bare_twin: TwinClient, report: list[str], event: str) -> None:
    report.append(f"trigger {event}")
    answer = cli.run(bare_twin, "trigger", event)
    assert "Trigger succeeded" in answer.stdout, answer.stdout + answer.stderr
    assert answer.returncode == 0
    assert event in event_types(bare_twin)


@pytest.mark.parametrize(
    ("script", "event"),
    [
        ("subscription.payment_succeeded", "invoice.payment_succeeded"),
        ("subscription.payment_failed", "invoice.payment_failed"),
    ],
)
def test_a_subscription_is_paid_or_not(
    cli: Cli, bare_twin: TwinClient, report: list[str], script: str, event: str
) -> None:
    report.append(f"trigger {script}")
    answer = cli.run(bare_twin, "trigger", script)
    assert "Trigger succeeded" in answer.stdout, answer.stdout + answer.stderr
    assert event in event_types(bare_twin)
    (subscription,) = bare_twin.truth("subscription")
    assert subscription["status"] == ("active" if event.endswith("succeeded") else "incomplete")


def test_checkout_is_paid_through_an_address_that_is_not_documented(
    cli: Cli, bare_twin: TwinClient, report: list[str]
) -> None:
    """The CLI's script sells once; here it sells a subscription to a customer, which is what the twin does."""
    report.append("trigger checkout.session.completed")
    customer = sdk(bare_twin.url).v1.customers.create({"name": "Acme"})
    changes = [
        "--override=checkout_session:mode=subscription",
        f"--add=checkout_session:customer={customer.id}",
        "--remove=checkout_session:payment_intent_data",
        "--add=price:recurring[interval]=month",
    ]
    answer = cli.run(bare_twin, "trigger", "checkout.session.completed", *changes)
    assert "Trigger succeeded" in answer.stdout, answer.stdout + answer.stderr
    assert {"checkout.session.completed", "customer.subscription.created", "invoice.paid"} <= event_types(bare_twin)
    (session,) = bare_twin.truth("checkout.session")
    (subscription,) = bare_twin.truth("subscription")
    assert (session["status"], session["subscription"]) == ("complete", subscription["id"])
    assert subscription["status"] == "active"


def test_the_portal_is_opened_once_there_is_a_configuration(
    cli: Cli, bare_twin: TwinClient, report: list[str]
) -> None:
    report.append("trigger billing_portal.session.created")
    answer = cli.run(bare_twin, "trigger", "billing_portal.session.created")
    assert answer.returncode != 0 and "default configuration has not been created" in answer.stdout + answer.stderr
    assert cli.run(bare_twin, "trigger", "billing_portal.configuration.created").returncode == 0
    (configuration,) = bare_twin.truth("billing_portal.configuration")
    chosen = f"--add=billing_portal:configuration={configuration['id']}"
    answer = cli.run(bare_twin, "trigger", "billing_portal.session.created", chosen)
    assert "Trigger succeeded" in answer.stdout, answer.stdout + answer.stderr
    assert "billing_portal.session.created" in event_types(bare_twin)


@pytest.mark.parametrize(("event", "param"), OUTDATED.items())
def test_what_the_api_version_dropped_is_refused(
    cli: Cli, bare_twin: TwinClient, report: list[str], event: str, param: str
) -> None:
    """Scripts written for an older version: the gate names the very parameter that Stripe took away or now wants."""
    bare_twin.expects_refusals = True
    report.append(f"trigger {event} (outdated: {param})")
    # The twin has no cards of the kind that came before payment methods.
    answer = cli.run(bare_twin, "trigger", event, "--remove=customer:source")
    assert answer.returncode != 0
    assert f'"param": "{param}"' in answer.stdout + answer.stderr
    assert len([call for call in bare_twin.calls() if "refused" in call]) == 1


def test_pares_own_script_runs_to_its_end(cli: Cli, bare_twin: TwinClient, report: list[str]) -> None:
    """Everything that Pare does with Stripe, asked for by the CLI in the present form of the API."""
    report.append("fixtures stripe_cli_script.json")
    answer = cli.run(bare_twin, "fixtures", str(SCRIPT))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (subscription,) = bare_twin.truth("subscription")
    (item,) = subscription["items"]["data"]
    assert (subscription["status"], item["quantity"], subscription["schedule"]) == ("active", 5, None)
    assert subscription["cancel_at_period_end"] and len(bare_twin.truth("invoice")) == 2
    (schedule,) = bare_twin.truth("subscription_schedule")
    assert schedule["status"] == "released" and len(schedule["phases"]) == 2
    assert [session["status"] for session in bare_twin.truth("checkout.session")] == ["expired"]
    wanted = {"created", "updated", "released"}
    assert {f"subscription_schedule.{kind}" for kind in wanted} <= event_types(bare_twin)
