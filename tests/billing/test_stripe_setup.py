"""`manage.py stripe_setup`: an empty Stripe account becomes one that Pare can sell with, once and for all."""

from io import StringIO
from typing import Any

import pytest
import stripe
from django.core.management import CommandError, call_command

from billing import gateway, prices
from billing.gateway.client import API_VERSION
from billing.models import StripePrice
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

pytestmark = pytest.mark.django_db
ENDPOINT = "http://127.0.0.1:8000/webhooks/stripe"


def set_up(*arguments: str) -> list[str]:
    """Run the command; gives its lines."""
    output = StringIO()
    call_command("stripe_setup", *arguments, stdout=output)
    return output.getvalue().splitlines()


def shown() -> dict[str, int]:
    return dict(StripePrice.objects.values_list("lookup_key", "unit_amount_cents"))


def test_it_makes_all_that_selling_needs(bare_twin: TwinClient) -> None:
    lines = set_up()
    assert {row["id"]: row["name"] for row in bare_twin.truth("product")} == {
        "pare_pro": "Pare Pro",
        "pare_team": "Pare Team",
    }
    amounts = {row["lookup_key"]: (row["unit_amount"], row["currency"]) for row in bare_twin.truth("price")}
    assert amounts == {"pare_pro_monthly": (1900, "usd"), "pare_team_monthly": (2900, "usd")}
    [configuration] = bare_twin.truth("billing_portal.configuration")
    enabled = {name for name, feature in configuration["features"].items() if feature["enabled"]}
    assert enabled == {"customer_update", "invoice_history", "payment_method_update", "subscription_cancel"}
    [endpoint] = bare_twin.truth("webhook_endpoint")
    assert (endpoint["url"], endpoint["api_version"]) == (ENDPOINT, API_VERSION)
    assert set(endpoint["enabled_events"]) == set(gateway.EVENT_TYPES)
    assert "Set STRIPE_WEBHOOK_SECRET=whsec_only_for_tests" in lines
    assert shown() == {"pare_pro_monthly": 1900, "pare_team_monthly": 2900}


def test_a_second_run_changes_nothing(bare_twin: TwinClient) -> None:
    set_up("--team-yearly", "290")
    before = {table: bare_twin.truth(table) for table in ("product", "price", "webhook_endpoint")}
    lines = set_up("--team-yearly", "290")
    assert len(lines) == 7
    assert [line for line in lines if not line.endswith(": unchanged")] == []
    assert before == {table: bare_twin.truth(table) for table in before}
    assert len(bare_twin.truth("billing_portal.configuration")) == 1
    writes = [call for call in bare_twin.calls() if call["method"] != "GET" and call["passed"] > 1]
    # In the first run: one for each plan.
    assert {call["template"] for call in writes} == {"/v1/products", "/v1/prices"}


def test_the_version_is_that_of_the_library() -> None:
    assert stripe.api_version == API_VERSION


def test_yearly_prices_only_when_asked_for(bare_twin: TwinClient) -> None:
    set_up("--pro-yearly", "190", "--team-yearly", "290.50")
    assert gateway.find_price("team", "year").unit_amount_cents == 29050
    assert gateway.find_price("pro", "year").interval == "year"
    assert [price.lookup_key for price in gateway.list_prices()] == [
        "pare_pro_monthly",
        "pare_pro_yearly",
        "pare_team_monthly",
        "pare_team_yearly",
    ]
    assert len(shown()) == 4


def test_a_run_without_yearly_prices_leaves_those_that_are_there(bare_twin: TwinClient) -> None:
    set_up("--team-yearly", "290")
    set_up()
    assert shown()["pare_team_yearly"] == 29000


def test_another_price_is_refused_with_a_sentence(bare_twin: TwinClient) -> None:
    set_up("--team-yearly", "290")
    with pytest.raises(CommandError, match="pare_team_yearly is 290.00 USD at Stripe and 300.00 USD here.*--replace"):
        set_up("--team-yearly", "300")
    assert gateway.find_price("team", "year").unit_amount_cents == 29000


def test_replace_sells_at_the_new_price_and_still_knows_the_old_one(bare_twin: TwinClient) -> None:
    set_up("--team-yearly", "290")
    old = gateway.find_price("team", "year")
    assert "Price pare_team_yearly, 300.00 USD: replaced" in set_up("--team-yearly", "300", "--replace")
    new = gateway.find_price("team", "year")
    assert (new.unit_amount_cents, shown()["pare_team_yearly"]) == (30000, 30000)
    [kept] = [row for row in bare_twin.truth("price") if row["id"] == old.id]
    assert (kept["lookup_key"], kept["active"]) == (None, True), "subscriptions that run go on with it"


def test_what_someone_changed_by_hand_is_put_right(bare_twin: TwinClient) -> None:
    set_up()
    hand = sdk(bare_twin.url)
    [configuration] = bare_twin.truth("billing_portal.configuration")
    hand.v1.billing_portal.configurations.update(
        configuration["id"], {"features": {"payment_method_update": {"enabled": False}}}
    )
    [endpoint] = bare_twin.truth("webhook_endpoint")
    hand.v1.webhook_endpoints.update(endpoint["id"], {"enabled_events": ["invoice.paid"], "disabled": True})
    hand.v1.products.update("pare_pro", {"active": False})
    lines = set_up()
    assert [line for line in lines if line.endswith(": updated")] == [
        "Product pare_pro: updated",
        "Portal configuration: updated",
        f"Webhook endpoint {ENDPOINT}: updated",
    ]
    [configuration] = bare_twin.truth("billing_portal.configuration")
    assert configuration["features"]["payment_method_update"]["enabled"]
    [endpoint] = bare_twin.truth("webhook_endpoint")
    assert (endpoint["status"], set(endpoint["enabled_events"])) == ("enabled", set(gateway.EVENT_TYPES))


def test_an_archived_price_gives_its_name_to_a_new_one(bare_twin: TwinClient) -> None:
    set_up()
    archived = gateway.find_price("pro", "month")
    sdk(bare_twin.url).v1.prices.update(archived.id, {"active": False})
    assert "Price pare_pro_monthly, 19.00 USD: made" in set_up()
    assert gateway.find_price("pro", "month").id != archived.id


def test_an_endpoint_of_another_version_is_made_anew(bare_twin: TwinClient) -> None:
    hand = sdk(bare_twin.url)
    old = hand.v1.webhook_endpoints.create({"url": ENDPOINT, "enabled_events": ["*"]})
    other = hand.v1.webhook_endpoints.create({"url": "https://other.example/hook", "enabled_events": ["*"]})
    lines = set_up()
    assert f"Webhook endpoint {ENDPOINT}: made anew, for its version was another" in lines
    ids = {row["id"] for row in bare_twin.truth("webhook_endpoint")}
    assert other.id in ids and old.id not in ids and len(ids) == 2


def test_without_webhook_none_is_touched(bare_twin: TwinClient) -> None:
    lines = set_up("--no-webhook")
    assert bare_twin.truth("webhook_endpoint") == []
    assert not [line for line in lines if "ebhook" in line]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000"])
def test_on_a_laptop_no_endpoint_is_made_at_stripe_itself(settings: Any, host: str) -> None:
    """Stripe refuses an address that it cannot reach, and all the rest would be lost with it."""
    settings.STRIPE_API_BASE = ""
    line, secret = gateway.setup._webhook(f"http://{host}/webhooks/stripe")
    assert "left out" in line and secret == ""


def test_refreshing_follows_the_account(bare_twin: TwinClient) -> None:
    set_up("--team-yearly", "290")
    assert prices.refresh_prices() is False
    sold = gateway.find_price("team", "year")
    sdk(bare_twin.url).v1.prices.update(sold.id, {"active": False})
    assert prices.refresh_prices() is True
    assert "pare_team_yearly" not in shown()


def test_without_a_key_it_says_so(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(CommandError, match="STRIPE_SECRET_KEY is not set"):
        set_up()


def test_a_stripe_that_is_down_leaves_a_sentence(bare_twin: TwinClient) -> None:
    bare_twin.chaos(fail_500=3)
    with pytest.raises(CommandError, match="run this again later"):
        set_up()
    assert set_up()[0] == "Product pare_pro: made"


@pytest.mark.parametrize("amount", ["0", "-5", "1e30", "nan", "inf", "12.345", "abc", ""])
def test_what_is_no_price_is_refused(amount: str) -> None:
    with pytest.raises(CommandError, match="is no price"):
        set_up(f"--pro-yearly={amount}")
