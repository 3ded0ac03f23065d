"""Making Stripe's side ready: products, prices, the portal's configuration, the webhook endpoint.

Every step looks first, so that a second run changes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from django.conf import settings

from billing.gateway.checkout import PORTAL_MARK, find_portal_configuration, forget_portal_configuration
from billing.gateway.client import API_VERSION, asking, is_loopback
from billing.gateway.errors import StripeMissing, StripeRefused
from billing.gateway.events import EVENT_TYPES
from billing.gateway.prices import list_prices
from billing.gateway.reading import PREFIX, lookup_key
from billing.gateway.types import Price, SetupReport
from billing.plans import BY_KEY, PLANS, Plan

if TYPE_CHECKING:
    import stripe
    from stripe.params.billing_portal import ConfigurationCreateParamsFeatures
    from stripe.params.billing_portal import ConfigurationUpdateParamsFeatures as UpdateFeatures

CURRENCY = "usd"
PAGE = 100
SAME = "unchanged"


def set_up(*, webhook_url: str, yearly: Mapping[str, int], replace: bool) -> SetupReport:
    """Bring Stripe's side to what our plans say. `webhook_url` "" leaves webhooks alone; `yearly` gives plans a price
    for a year, in cents. Raises StripeRefused `price_differs` for a price of another amount, unless `replace`.
    """
    lines = [_product(plan) for plan in PLANS if plan.monthly_usd]
    known = {price.lookup_key: price for price in list_prices()}
    lines += [_price(*wanted, known, replace) for wanted in _wanted_prices(yearly)]
    lines.append(_portal())
    secret = ""
    if webhook_url:
        line, secret = _webhook(webhook_url)
        lines.append(line)
    return SetupReport(tuple(lines), tuple(list_prices()), secret)


def _product(plan: Plan) -> str:
    id, name = f"{PREFIX}{plan.key}", f"Pare {plan.name}"
    metadata: dict[str, str] = {"pare_plan": plan.key}
    try:
        with asking() as client:
            found = client.v1.products.retrieve(id)
    except StripeMissing:
        with asking() as client:
            client.v1.products.create({"id": id, "name": name, "metadata": metadata})
        return f"Product {id}: made"
    if found.active and found.metadata.to_dict().get("pare_plan") == plan.key:
        return f"Product {id}: {SAME}"
    with asking() as client:
        client.v1.products.update(id, {"active": True, "metadata": metadata})
    return f"Product {id}: updated"


def _wanted_prices(yearly: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """Plan, interval and amount in cents of each price that should be there."""
    for plan in PLANS:
        if plan.monthly_usd:
            yield plan.key, "month", int(plan.monthly_usd * 100)
    for key, cents in yearly.items():
        yield BY_KEY[key].key, "year", cents


def _price(plan: str, interval: str, cents: int, known: Mapping[str, Price], replace: bool) -> str:
    name = lookup_key(plan, interval)
    price = known.get(name)
    wanted = _amount(cents, CURRENCY)
    if price and (price.unit_amount_cents, price.currency) == (cents, CURRENCY):
        return f"Price {name}, {wanted}: {SAME}"
    if price and not replace:
        has = _amount(price.unit_amount_cents, price.currency)
        raise StripeRefused(
            "price_differs",
            f"Price {name} is {has} at Stripe and {wanted} here. With --replace new subscriptions pay {wanted}; "
            f"those that run keep {has}.",
        )
    with asking() as client:
        client.v1.prices.create(
            {
                "product": f"{PREFIX}{plan}",
                "currency": CURRENCY,
                "unit_amount": cents,
                "recurring": {"interval": interval},
                "lookup_key": name,
                # Also from a price that someone has archived.
                "transfer_lookup_key": True,
                "tax_behavior": "exclusive",
                "metadata": {"pare_plan": plan},
            }
        )
    return f"Price {name}, {wanted}: {'replaced' if price else 'made'}"


def _amount(cents: int, currency: str) -> str:
    return f"{cents // 100}.{cents % 100:02} {currency.upper()}"


def _portal() -> str:
    """People change plans on our pages, where caps and seats are looked after; the rest they do in the portal."""
    features: ConfigurationCreateParamsFeatures = {
        "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "address", "tax_id"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
        "subscription_update": {"enabled": False},
    }
    with asking() as client:
        found = find_portal_configuration(client)
        if found is None:
            client.v1.billing_portal.configurations.create(
                {"features": features, "metadata": dict([PORTAL_MARK])}
            )
            forget_portal_configuration()
            return "Portal configuration: made"
        if _holds(found.features.to_dict(), features):
            return f"Portal configuration: {SAME}"
        client.v1.billing_portal.configurations.update(found.id, {"features": cast("UpdateFeatures", features)})
    return "Portal configuration: updated"


def _holds(has: Any, wanted: Any) -> bool:
    """Whether all of `wanted` is in `has`; lists are sets here."""
    if isinstance(wanted, Mapping):
        return isinstance(has, Mapping) and all(_holds(has.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(has, list) and sorted(has) == sorted(wanted)
    return bool(has == wanted)


def _webhook(url: str) -> tuple[str, str]:
    """A line for the report, and the signing secret if an endpoint was made: Stripe shows it only then."""
    if is_loopback(urlsplit(url).hostname or "") and not settings.STRIPE_API_BASE:
        return f"Webhook endpoint {url}: left out, for Stripe cannot reach this machine by that name", ""
    with asking() as client:
        listed = client.v1.webhook_endpoints.list({"limit": PAGE}).auto_paging_iter()
        ours = [endpoint for endpoint in listed if endpoint.url == url]
        current = [endpoint for endpoint in ours if endpoint.api_version == API_VERSION]
        if current:
            return _refreshed(client, current[0]), ""
        made = client.v1.webhook_endpoints.create(
            {
                "url": url,
                "enabled_events": [*EVENT_TYPES],
                "api_version": API_VERSION,
                "description": "Pare",
            }
        )
        # The version of an endpoint cannot be changed. The old one goes last, so that no event is missed.
        for endpoint in ours:
            client.v1.webhook_endpoints.delete(endpoint.id)
    what = "made anew, for its version was another" if ours else "made"
    return f"Webhook endpoint {url}: {what}", made.secret or ""


def _refreshed(client: "stripe.StripeClient", endpoint: "stripe.WebhookEndpoint") -> str:
    if endpoint.status == "enabled" and _holds(list(endpoint.enabled_events), [*EVENT_TYPES]):
        return f"Webhook endpoint {endpoint.url}: {SAME}"
    client.v1.webhook_endpoints.update(endpoint.id, {"enabled_events": [*EVENT_TYPES], "disabled": False})
    return f"Webhook endpoint {endpoint.url}: updated"
