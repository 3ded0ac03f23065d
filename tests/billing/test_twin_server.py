"""The twin as a server: who may ask, what it refuses, idempotency, lists, mishaps of the API."""

import stripe

from tests.twin.client import TwinClient


def client_of(twin: TwinClient) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_twin", base_addresses={"api": twin.url, "files": twin.url, "connect": twin.url, "meter_events": twin.url}
    )


def test_the_sdk_makes_and_finds_an_endpoint(bare_twin: TwinClient) -> None:
    api = client_of(bare_twin)
    made = api.v1.webhook_endpoints.create({"url": "https://pare.example/hook", "enabled_events": ["invoice.paid"]})
    assert made.secret and made.secret.startswith("whsec_")
    assert [row.url for row in api.v1.webhook_endpoints.list().data] == ["https://pare.example/hook"]
